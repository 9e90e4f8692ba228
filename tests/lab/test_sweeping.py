from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import linnet
from linnet.lab.sweeping import SweepBody
from tests.support.commands import run_command, run_python
from tests.support.lab import frames_of

ASK = {
    "dataset": "digits",
    "lr": [0.05, 0.5],
    "optimizer": ["sgd", "adam"],
    "epochs": 3,
    "folds": 3,
    "seeds": 2,
}


def test_a_sweep_s_frames_are_what_the_library_gives(client: TestClient) -> None:
    frames = frames_of(client, ASK, "/api/sweep")
    grid = {"lr": [0.05, 0.5], "optimizer": ["sgd", "adam"], "seed": [1, 2]}
    result = linnet.sweep(linnet.load("digits"), grid, epochs=3, folds=3, show=False)
    start, end = frames[0], frames[-1]
    assert (start["kind"], end["kind"], start["models"]) == ("start", "end", 24)
    settings = [start["settings"][place] for place in end["order"]]
    assert [(s["lr"], s["optimizer"]) for s in settings] == list(
        result.table[["lr", "optimizer"]].itertuples(index=False, name=None)
    )
    for name in ("validation_accuracy", "validation_loss", "train_loss", "validation_accuracy_se"):
        assert [row[name] for row in end["table"]] == result.table[name].tolist()
    assert end["margin"] == result.margin.as_dict()
    epochs = [frame for frame in frames if frame["kind"] == "epoch"]
    assert [frame["epoch"] for frame in epochs] == [1, 2, 3]
    last = [epochs[-1]["figures"]["validation_accuracy"][place] for place in end["order"]]
    assert last == pytest.approx(result.table["validation_accuracy"].tolist(), rel=1e-12)


def test_batch_sizes_are_told_as_people_think_of_them(client: TestClient) -> None:
    frames = frames_of(
        client, {"dataset": "digits", "lr": [0.1], "batch_size": [32, 64], "epochs": 1}, "/api/sweep"
    )
    assert {setting["batch_size"] for setting in frames[0]["settings"]} == {32, 64}


def test_models_that_diverge_are_told_as_none(client: TestClient) -> None:
    ask = {"dataset": "digits", "lr": [0.1, 1000], "optimizer": ["momentum"], "l2": [50], "epochs": 20}
    end = frames_of(client, ask, "/api/sweep")[-1]
    assert end["table"][-1]["validation_accuracy"] is None


@pytest.mark.parametrize(
    "body",
    [
        {"lr": []}, {"lr": [0.1] * 25}, {"lr": list(range(24)), "l2": list(range(24))},
        {"batch_size": [32, 48]}, {"folds": 1}, {"optimizer": ["lbfgs"]}, {"augment": ["spin"]},
        {"epochs": 101},
    ],
)  # fmt: skip
def test_bad_sweeps_are_refused(client: TestClient, body: dict[str, Any]) -> None:
    answer = client.post("/api/sweep", json={"dataset": "digits", **body})
    if answer.status_code == 200:  # what only the library knows comes as the last frame
        assert '"kind":"failed"' in answer.text
    else:
        assert answer.status_code == 422
        assert isinstance(answer.json()["detail"], str)


def test_the_number_of_models() -> None:
    assert SweepBody.model_validate(ASK).models == 24


def test_the_code_runs_as_it_stands(client: TestClient, tmp_path: Path) -> None:
    code = client.post("/api/sweep/code", json={**ASK, "standardize": True, "metric": "loss"}).json()
    assert "validation_accuracy" in run_python(code["python"])
    assert "test accuracy" in run_command(code["command"])
