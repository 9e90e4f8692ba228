from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from linnet.core.functional import cross_entropy, gumbel_draws, naive_softmax, softmax
from linnet.device import generator
from tests.support.commands import run_python


def ask(client: TestClient, **values: Any) -> dict[str, Any]:
    answer = client.post("/api/numbers", json=values)
    assert answer.status_code == 200, answer.text
    return answer.json()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(st.floats(-3000, 3000), min_size=2, max_size=10), st.floats(0.05, 10))
def test_the_numbers_are_the_library_s(client: TestClient, logits: list[float], temperature: float) -> None:
    found = ask(client, logits=logits, temperature=temperature, target=1, draws=50, seed=7)
    assert [part["dtype"] for part in found["types"]] == ["float16", "float32", "float64"]
    cold = torch.tensor(logits, dtype=torch.float64) / temperature
    for part in found["types"]:
        o = cold.to(getattr(torch, part["dtype"]))
        assert [float(value) for value in part["stable"]["softmax"]] == pytest.approx(
            softmax(o).tolist(), abs=0, nan_ok=True
        )
        assert [float(value) for value in part["naive"]["softmax"]] == pytest.approx(
            naive_softmax(o).tolist(), abs=0, nan_ok=True
        )
        loss = cross_entropy(o[None], torch.tensor([1]))
        assert float(part["stable"]["cross_entropy"]) == pytest.approx(float(loss), abs=0, nan_ok=True)
    draws = gumbel_draws(cold, 50, generator(7, "numbers"))
    assert found["gumbel"]["counts"] == draws.counts.tolist()
    assert found["gumbel"]["distances"] == draws.distances.tolist()


def test_what_json_cannot_say_is_text() -> None:
    from linnet.lab.numbers import NumbersBody, answer

    half, single, _ = answer(NumbersBody(logits=[12.0, 0.0]))["types"]
    assert half["naive"]["softmax"] == ["nan", 0.0]
    assert half["naive"]["exponentials"][0] == "inf"
    assert half["naive"]["cause"] == "exp_overflow"
    assert half["naive"]["strikes"] == ["overflow", ""]
    assert half["limits"]["overflow_above"] == pytest.approx(11.09, abs=0.01)
    assert half["stable"]["cause"] == "small_lost"
    assert single["naive"]["cause"] == single["stable"]["cause"] == "fine"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"logits": [1.0]}, "at least 2"),
        ({"logits": [0.0] * 11}, "at most 10"),
        ({"logits": [0.0, 1e6]}, "less than or equal"),
        ({"logits": [0.0, "1"]}, "valid number"),
        ({"logits": [0.0, 1.0], "temperature": 0}, "greater than or equal"),
        ({"logits": [0.0, 1.0], "target": 2}, "class indices must lie in 0…1"),
        ({"logits": [0.0, 1.0], "draws": 10**6}, "less than or equal"),
        ({"logits": [0.0, 1.0], "other": 1}, "Extra inputs"),
        ({}, "required"),
    ],
)
def test_what_cannot_be(client: TestClient, values: dict[str, Any], why: str) -> None:
    answer = client.post("/api/numbers", json=values)
    assert answer.status_code == 422
    assert why in answer.json()["detail"]


def test_the_code_runs_as_it_stands(client: TestClient, tmp_path: Path) -> None:
    found = ask(client, logits=[1000.0, -1.5, 3.0], target=2, temperature=2.0, draws=100, seed=3)
    told = run_python(found["python"])
    assert str(found["gumbel"]["frequencies"]) in told
    assert "[nan, 0.0, 0.0]" in told
    assert found["command"] == f"python - <<'END'\n{found['python']}END\n"
