"""Whatever is sent to Try it, Numbers and Line, the answer is a figure or a reason."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from linnet.lab.app import make_app
from linnet.lab.settings import Settings
from linnet.lab.state import LabState
from tests.support.browser import PAGE
from tests.support.lab import model_of

GOOD: dict[str, dict[str, Any]] = {
    "/api/numbers": {"logits": [1.0, 2.0], "target": 1, "temperature": 2.0, "draws": 5, "sharpness": 1,
                     "seed": 0},
    "/api/line": {"points": [[0.0, 1.0], [1.0, 2.0]], "loss": "huber", "huber": 1, "lr": 0.1, "batch_size": 2,
                  "epochs": 2, "seed": 0},
    "/api/line/points": {"w": 1, "b": 2, "rows": 3, "noise": 1, "seed": 0},
    "/api/try": {"row": 1, "pixels": None, "explain": 1, "against": 2, "alpha": 0.1, "method": "aps"},
    "/api/try/images": {"label": 1, "wrong": True, "start": 0, "count": 3},
    "/api/try/picture": {"file": "AAAA", "invert": None},
    "/api/try/model": {},
}  # fmt: skip

numbers = st.one_of(
    st.floats(), st.integers(), st.sampled_from([0, -1, 1e-300, 1e300, -1e5, 1e4, 2**63, math.nan, math.inf])
)
leaves = st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=8), st.sampled_from(["AAAA", "lac"]))
anything = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4), max_leaves=8)
rows = st.lists(st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=2), max_size=6)


@pytest.fixture(scope="module")
def digits() -> Iterator[tuple[TestClient, str]]:
    """A lab, and the id of its model."""
    known = LabState.is_there
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LabState, "is_there", lambda lab, name: name != "fashion_mnist" and known(lab, name))
        with TestClient(make_app(Settings()), base_url="http://127.0.0.1:8765", headers=PAGE) as client:
            yield client, model_of(client)


@settings(max_examples=200)
@given(st.sampled_from(sorted(GOOD)), st.data())
def test_a_field_of_anything(digits: tuple[TestClient, str], path: str, data: st.DataObject) -> None:
    client, model = digits
    body = {**GOOD[path], **({"model": model} if path.startswith("/api/try") else {})}
    name = data.draw(st.sampled_from([*body, "other"]))
    body[name] = data.draw(rows if name == "points" and data.draw(st.booleans()) else anything)
    check(client, path, json.dumps(body).encode())


@settings(max_examples=100)
@given(st.sampled_from(sorted(GOOD)), st.binary(max_size=60), st.integers(0, 40))
def test_a_body_that_is_cut_or_no_json(
    digits: tuple[TestClient, str], path: str, noise: bytes, cut: int
) -> None:
    check(digits[0], path, json.dumps(GOOD[path]).encode()[:cut] + noise)


@settings(max_examples=40)
@given(rows, st.sampled_from(["squared", "huber", "absolute"]), st.floats(1e-6, 100), st.integers(1, 300))
def test_lines_through_any_points(
    digits: tuple[TestClient, str], points: list[list[float]], loss: str, lr: float, epochs: int
) -> None:
    body = {"points": points, "loss": loss, "lr": lr, "epochs": epochs}
    check(digits[0], "/api/line", json.dumps(body).encode())


def check(client: TestClient, path: str, body: bytes) -> None:
    answer = client.post(path, content=body, headers={"content-type": "application/json"})
    if answer.status_code != 200:
        assert 400 <= answer.status_code < 500, (path, body)
        detail = answer.json()["detail"]
        assert isinstance(detail, str)
        assert detail
