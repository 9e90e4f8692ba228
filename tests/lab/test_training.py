from __future__ import annotations

import base64
import json
import threading
import time
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

import linnet
from linnet.evaluate.score import score
from linnet.lab.training import TrainBody
from linnet.train.fit import fit
from tests.support.browser import PAGE
from tests.support.commands import run_command, run_python
from tests.support.lab import frames_of
from tests.support.patience import PATIENCE


def floats(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f4")


def octets(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), np.uint8)


SOME = {"dataset": "digits", "epochs": 3, "lr": 0.3, "optimizer": "momentum", "l2": 0.001, "seed": 4}


def test_the_frames_are_what_the_library_gives(client: TestClient) -> None:
    frames = frames_of(client, SOME)
    splits = linnet.load("digits")
    assert splits.test is not None
    recipe = linnet.Recipe(epochs=3, lr=0.3, optimizer="momentum", l2=0.001, seed=4)
    run, _ = fit(splits.train, recipe, test=splits.test)
    assert [frame["kind"] for frame in frames] == ["start", *["epoch"] * 3, "end"]
    for frame, record in zip(frames[1:4], run.history.records, strict=True):
        assert {**frame["figures"], "seconds": 0} == {**record, "seconds": 0}
    end = frames[-1]
    assert np.array_equal(floats(end["W"]), run.bank.W.numpy().ravel())
    assert np.array_equal(floats(end["b"]), run.bank.b.numpy())
    assert end["confusion"] == score(run, splits.test).confusion.tolist()
    probabilities = run.probabilities(splits.test.X)
    assert octets(end["guesses"]).tolist() == probabilities.argmax(1).tolist()
    assert octets(frames[0]["labels"]).tolist() == splits.test.y.tolist()
    shown = floats(end["chances"]).reshape(-1, 10)
    assert np.allclose(shown, probabilities[frames[0]["samples"]], atol=1e-6)


@pytest.mark.parametrize(
    "knobs",
    [
        {"standardize": True}, {"augment": "shift:1"}, {"dropout": 0.3}, {"optimizer": "adam", "lr": 0.01},
        {"l1": 0.001}, {"patience": 1, "epochs": 30}, {"std": 0.0, "batch_size": 7},
    ],
)  # fmt: skip
def test_every_knob_trains_and_its_last_weights_are_the_library_s(
    client: TestClient, knobs: dict[str, Any]
) -> None:
    frames = frames_of(client, {"dataset": "digits", "epochs": 2, **knobs})
    splits = linnet.load("digits")
    run, _ = fit(splits.train, linnet.Recipe(**{"epochs": 2, **knobs}), test=splits.test)
    assert np.array_equal(floats(frames[-1]["W"]), run.bank.W.numpy().ravel())
    assert frames[-1]["status"] == run.status
    if "patience" in knobs:
        best = min(run.history.records, key=lambda record: record["validation_loss"])
        assert frames[-1]["figures"]["epoch"] == best["epoch"]


def test_frames_within_an_epoch_show_the_model_as_it_would_be_used(
    client: TestClient, fashion_folder: Path
) -> None:
    frames = frames_of(client, {"dataset": "fashion_mnist", "epochs": 1, "standardize": True})
    first = frames[1]
    assert first["kind"] == "frame"
    assert 0 < first["figures"]["epoch"] < 1
    assert first["live"]["accuracy"] > 0.3  # not the weights of the start


def test_divergence_is_told(client: TestClient) -> None:
    frames = frames_of(
        client, {"dataset": "digits", "lr": 1000, "optimizer": "momentum", "epochs": 200, "l2": 50}
    )
    assert frames[-1]["kind"] == "diverged"
    assert "lower the learning rate" in frames[-1]["detail"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"lr": -1}, 422), ({"lr": "fast"}, 422), ({"epochs": 0}, 422), ({"epochs": 10**9}, 422),
        ({"nonsense": 1}, 422), ({"augment": "spin:3"}, 422), ({"optimizer": "lbfgs"}, 422),
        ({"dataset": "synthetic"}, 404), ({"dataset": "../etc"}, 422), ({"dataset": "upload-none"}, 404),
        ({"batch_size": 1.5}, 422), ({"dropout": 1}, 422), ({"patience": 0}, 422), ([], 422),
    ],
)  # fmt: skip
def test_bad_asks_are_refused_with_a_reason(client: TestClient, body: Any, status: int) -> None:
    answer = client.post("/api/train", json={"dataset": "digits", **body} if isinstance(body, dict) else body)
    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"lr": NaN}', b'{"lr": 1e999}', b"[" * 5000])
def test_bodies_that_are_no_json_are_refused(client: TestClient, content: bytes) -> None:
    answer = client.post("/api/train", content=content, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)


def test_a_page_must_say_which_it_is(client: TestClient) -> None:
    del client.headers["X-Linnet-Page"]
    assert client.post("/api/train", json={"dataset": "digits"}).status_code == 422


def test_the_next_training_of_a_page_ends_its_last(lab_url: str) -> None:
    long = {"dataset": "digits", "epochs": 200, "batch_size": 1}
    has_begun = threading.Event()
    kinds: list[str] = []

    def first() -> None:
        with (
            httpx.Client(headers=PAGE, timeout=PATIENCE) as asking,
            asking.stream("POST", f"{lab_url}/api/train", json=long) as answer,
        ):
            for line in answer.iter_lines():
                kinds.append(json.loads(line)["kind"])
                has_begun.set()

    thread = threading.Thread(target=first)
    thread.start()
    assert has_begun.wait(PATIENCE)
    with httpx.Client(headers=PAGE, timeout=PATIENCE) as asking:
        last = asking.post(f"{lab_url}/api/train", json={"dataset": "digits", "epochs": 1}).text.splitlines()[
            -1
        ]
    thread.join()
    assert json.loads(last)["kind"] == "end"
    assert kinds[-1] == "aborted"  # of its 200 epochs, which take minutes
    assert kinds.count("epoch") < 100


def test_a_dropped_connection_ends_the_work(lab_url: str) -> None:
    long = {"dataset": "digits", "epochs": 200, "batch_size": 1}
    pages = [{"X-Linnet-Page": f"page-number-{n}"} for n in range(12)]  # more than train at once
    for page in pages:
        with (
            httpx.Client(headers=page, timeout=PATIENCE) as asking,
            asking.stream("POST", f"{lab_url}/api/train", json=long) as answer,
        ):
            next(answer.iter_lines())  # then go away
    with httpx.Client(headers=PAGE, timeout=PATIENCE) as asking:
        began = time.process_time()  # the lab is a thread of this process
        text = asking.post(f"{lab_url}/api/train", json={"dataset": "digits", "epochs": 1}).text
    assert json.loads(text.splitlines()[-1])["kind"] == "end"
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    "body",
    [
        {"dataset": "digits", "epochs": 1},
        {**SOME, "augment": "shift:1+flip:0.5", "patience": 2, "standardize": True},
    ],
)
def test_the_code_runs_as_it_stands_and_comes_to_the_same(
    client: TestClient, tmp_path: Path, body: dict[str, Any]
) -> None:
    end = frames_of(client, body)[-1]
    code = client.post("/api/train/code", json=body).json()
    last = run_python(code["python"]).strip().splitlines()[-1]
    told = run_command(code["command"] + " --json")
    assert json.loads(told)["final"]["test_loss"] == end["figures"]["test_loss"]
    if body.get("patience") is None:
        assert f"'test_loss': {end['figures']['test_loss']}" in last


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
NAMES = [*TrainBody.model_fields, "rows", "part"]


@pytest.mark.parametrize(
    "path", ["/api/train", "/api/train/code", "/api/sweep", "/api/sweep/code", "/api/data/rows"]
)
def test_whatever_is_sent_is_answered_with_a_reason_in_time(client: TestClient, path: str) -> None:
    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @given(
        JSON | st.dictionaries(st.sampled_from(NAMES), JSON, min_size=1, max_size=4) | st.binary(max_size=50)
    )
    def send(body: Any) -> None:
        content = (
            body
            if isinstance(body, bytes)
            else json.dumps(
                {"dataset": "digits", "epochs": 1, **body} if isinstance(body, dict) else body
            ).encode()
        )
        began = time.perf_counter()
        answer = client.post(path, content=content, headers={"content-type": "application/json"})
        assert time.perf_counter() - began < 5  # under load; alone it takes some milliseconds
        if answer.status_code != 200:
            assert answer.status_code in (400, 404, 409, 422)
            assert isinstance(answer.json()["detail"], str)

    send()
