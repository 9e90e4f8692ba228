from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

import linnet
from linnet.config.table import KINDS
from tests.support.commands import run_command, run_python
from tests.support.lab import frames_of
from tests.support.tables import make_mixed

MIXED = make_mixed().to_csv(index=False).encode()
TIE = b"x,y,z,price\n" + b"".join(b"%d,%d,%d,%d.5\n" % (n, n % 5, n % 7, n * 3 % 11) for n in range(40))


def upload(client: TestClient, name: str, content: bytes) -> dict[str, Any]:
    answer = client.post("/api/data", files=[("files", (name, content))])
    assert answer.status_code == 200, answer.text
    return answer.json()


def panel(client: TestClient, known: dict[str, Any], language: str = "en") -> dict[str, Any]:
    return client.post("/api/data/table", json={"dataset": known["name"], "language": language}).json()


def read(client: TestClient, known: dict[str, Any], **table: Any) -> dict[str, Any]:
    answer = client.post("/api/data/read", json={"dataset": known["name"], "table": table})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_was_read_of_a_table_is_shown_in_both_languages(client: TestClient) -> None:
    known = upload(client, "rings.csv", MIXED)
    assert (known["is_table"], known["task"], known["rows"]) == (True, "regression", 96)
    shown = panel(client, known)
    assert shown["lines"][0].startswith("predicting price (the last column")
    assert panel(client, known, "zh")["lines"][0].startswith("预测 price")
    kinds = {column["name"]: column["kind"] for column in shown["columns"]}
    assert kinds == dict(carat="number", cut="category", new="truth", sold="date", price="target")
    assert (shown["target"], shown["task"], shown["problem"]) == ("price", "regression", "")
    assert tuple(shown["kinds"]) == KINDS
    carat = shown["columns"][0]
    assert carat["missing"] == make_mixed()["carat"].isna().mean()
    assert sum(carat["figure"]["counts"]) == make_mixed()["carat"].notna().sum()


def test_a_tie_is_asked_about_and_not_refused(client: TestClient) -> None:
    known = upload(client, "points.csv", TIE)
    shown = panel(client, known)
    assert (known["rows"], shown["target"]) == (0, None)
    assert "what is to be predicted? x, y, z, price could be" in shown["problem"]
    assert [column["name"] for column in shown["columns"]] == ["x", "y", "z", "price"]
    refused = client.post("/api/train", json={"dataset": known["name"]})
    assert (refused.status_code, "--target" in refused.text) == (422, True)
    chosen = read(client, known, target="price")
    assert chosen["rows"] == 32
    assert [one["title"] for one in client.get("/api/data").json()].count("points.csv") == 1


def test_a_table_is_read_again_by_what_is_said_of_it_and_so_do_the_lines_of_code(
    client: TestClient, tmp_path: Any
) -> None:
    known = upload(client, "rings.csv", MIXED)
    said = {"target": "cut", "ignore": ["sold"], "category": ["new"]}
    again = read(client, known, **said)
    (tmp_path / "rings.csv").write_bytes(MIXED)
    train, _ = linnet.load(tmp_path / "rings.csv", **said)
    assert (again["task"], tuple(again["columns"])) == ("classification", train.columns)
    assert panel(client, again)["table"] == said
    body = {"dataset": again["name"], "epochs": 2, "standardize": True}
    end, code = frames_of(client, body)[-1], client.post("/api/train/code", json=body).json()
    assert "--target cut --ignore sold --category new" in code["command"]
    assert f"'test_loss': {end['figures']['test_loss']}" in run_python(code["python"])
    run_command(code["command"])
    client.post("/api/data/table", json={"dataset": known["name"]}).raise_for_status()  # as it was before


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"number": ["cut"]}, "cut cannot be taken as number, as --number asks"),
        ({"target": "nobody"}, "there is no column 'nobody' to take as target"),
        ({"ignore": ["price"], "target": "price"}, "price cannot be ignored and used"),
    ],
)
def test_what_cannot_be_read_so_is_said_and_the_columns_stay(
    client: TestClient, said: dict[str, Any], words: str
) -> None:
    shown = panel(client, read(client, upload(client, "rings.csv", MIXED), **said))
    assert words in shown["problem"]
    assert [column["name"] for column in shown["columns"]] == list(make_mixed().columns)
    assert shown["table"] == said


@pytest.mark.parametrize(
    "said",
    [{"schema": "/etc/passwd"}, {"test": "/etc/passwd"}, {"task": "guess"}, {"nothing": 1}, {"ignore": 3},
     {"target": {}}, {"ignore": ["a"], "date": ["a"]}],
)  # fmt: skip
def test_what_cannot_be_said_is_refused(client: TestClient, said: dict[str, Any]) -> None:
    known = upload(client, "rings.csv", MIXED)
    answer = client.post("/api/data/read", json={"dataset": known["name"], "table": said})
    assert answer.status_code == 422, answer.text
    assert isinstance(answer.json()["detail"], str)


def test_a_line_that_may_name_the_columns_is_asked_about(client: TestClient) -> None:
    rows = b"".join(b"%d,%d,w%d\n" % (n, n * n, n) for n in range(20))
    known = upload(client, "spectra.csv", b"400,402,sample\n" + rows)
    shown = panel(client, known)
    assert "--header or --no-header" in shown["problem"]
    assert shown["columns"][0]["name"] == "400"
    again = read(client, known, header=True, target="402")
    assert (panel(client, again)["problem"], again["columns"]) == ("", ["400"])


@pytest.mark.parametrize("task", ["regression", "counts"])
def test_numbers_and_counts_are_trained_on_with_their_own_figures(client: TestClient, task: str) -> None:
    source = np.random.default_rng(1)
    x = source.normal(size=(400, 2))
    y = source.poisson(np.exp(0.5 * x[:, 0] + 1)) if task == "counts" else 3 * x[:, 0] - x[:, 1] + 2
    rows = "".join(f"{a},{b},{c}\n" for (a, b), c in zip(x.tolist(), y.tolist(), strict=True))
    known = read(client, upload(client, "t.csv", f"a,b,y\n{rows}".encode()), task=task)
    assert known["task"] == task
    frames = frames_of(client, {"dataset": known["name"], "epochs": 30, "batch_size": 32, "lr": 0.05})
    assert (frames[0]["task"], frames[0]["target"], frames[0]["classes"]) == (task, "y", [])
    live = frames[-1]["live"]
    assert live["r2"] > (0.99 if task == "regression" else 0.2)
    assert live["rmse"] < (0.1 if task == "regression" else 2)
    assert frames[-1]["figures"]["test_loss"] == pytest.approx(live["loss"], rel=1e-5)
    assert "accuracy" not in live


def test_numbers_are_swept_by_their_loss_and_not_by_an_accuracy(client: TestClient) -> None:
    known = upload(client, "rings.csv", MIXED)
    body = {"dataset": known["name"], "lr": [0.01, 0.1], "epochs": 3, "standardize": True}
    refused = client.post("/api/sweep", json=body)
    assert (refused.status_code, "accuracy for classes only" in refused.text) == (422, True)
    end = frames_of(client, {**body, "metric": "loss"}, "/api/sweep")[-1]
    losses = [row["validation_loss"] for row in end["table"]]
    assert losses == sorted(losses)
    assert (
        "--metric loss" in client.post("/api/sweep/code", json={**body, "metric": "loss"}).json()["command"]
    )
