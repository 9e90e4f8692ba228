from __future__ import annotations

from typing import Any

import pytest
import torch
from starlette.testclient import TestClient

import linnet
from linnet.core.losses import by_name
from linnet.core.step import Trace
from linnet.data.sources import synthetic
from linnet.demos.landscape import landscape, losses_at
from linnet.train.fit import fit
from tests.support.commands import run_python

POINTS = [[-2.0, -3.5], [-1.0, -0.6], [0.0, 1.2], [1.0, 2.7], [2.0, 5.3], [2.5, -6.0]]
AT = torch.tensor(POINTS, dtype=torch.float64)
DATA = linnet.Dataset(AT[:, :1], AT[:, 1:])


def ask(client: TestClient, **values: Any) -> dict[str, Any]:
    answer = client.post("/api/line", json={"points": POINTS, **values})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("loss", ["squared", "huber", "absolute"])
def test_lines_path_and_surface_are_the_library_s(client: TestClient, loss: str) -> None:
    found = ask(client, loss=loss, huber=0.5, lr=0.05, batch_size=2, epochs=7, seed=4)
    for name, line in found["fits"].items():
        solution = linnet.solve(DATA, by_name(name, 0.5))
        assert [line["w"], line["b"]] == pytest.approx(solution.value.bank.theta[0].tolist())
        assert line["loss"] == solution.stats.objective
        assert line["is_good"]
    trace = Trace()
    recipe = linnet.Recipe(
        loss=loss,
        huber=0.5,
        lr=0.05,
        batch_size=2,
        epochs=7,
        seed=4,
        dtype="float64",
        threads=1,
        raw_columns=True,
    )
    run, _ = fit(DATA, recipe, step=trace)
    path = torch.cat(trace.points)
    assert found["path"]["w"] == path[:, 0].tolist()
    assert found["path"]["b"] == path[:, 1].tolist()
    assert found["path"]["epochs"] == run.history["train_loss"]
    assert found["path"]["ended"] == ""
    assert found["path"]["losses"] == losses_at(DATA, by_name(loss, 0.5), path).tolist()
    assert found["path"]["losses"][3::3] == pytest.approx(found["path"]["epochs"])
    surface = found["surface"]
    w, b = (torch.tensor(surface[name], dtype=torch.float64) for name in "wb")
    again = landscape(DATA, by_name(loss, 0.5), w, b)
    assert surface["loss"] == again.loss.tolist()
    assert min(map(min, surface["loss"])) >= found["fits"][loss]["loss"] - 1e-9


def test_robust_lines_leave_the_outlier_aside(client: TestClient) -> None:
    fits = ask(client)["fits"]
    assert fits["absolute"]["w"] > 1.5
    assert fits["squared"]["w"] < 1


def test_too_large_a_rate_ends_in_advice_with_the_path_so_far(client: TestClient) -> None:
    found = ask(client, lr=5.0, batch_size=6, epochs=500)
    assert found["largest_rate"] < 5
    assert "lower the learning rate" in found["path"]["ended"]
    assert len(found["path"]["w"]) > 10
    assert max(map(abs, found["path"]["w"])) > 1e6
    assert found["path"]["losses"][-1] == "inf" or found["path"]["losses"][-1] > 1e6


def test_points_as_the_book_makes_them(client: TestClient) -> None:
    answer = client.post("/api/line/points", json={"w": 3, "b": -1, "rows": 7, "noise": 0.5, "seed": 2})
    made = synthetic.linear([3.0], -1.0, 7, 0.5, 2, torch.float64)
    assert answer.json()["points"] == torch.cat([made.X, made.y], 1).tolist()


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"points": [[0.0, 1.0]]}, "at least 2"),
        ({"points": [[0.0, 1.0], [0.0, 2.0]]}, "move one sideways"),
        ({"points": [[0.0, 1.0], [1e-4, 2.0]]}, "move one sideways"),
        ({"points": [[0.0, 1.0], [1.0]]}, "at least 2"),
        ({"points": [[0.0, 1.0], [1.0, 1e5]]}, "less than or equal"),
        ({"points": [[float(i), 0.0] for i in range(201)]}, "at most 200"),
        ({"loss": "cubic"}, "squared"),
        ({"lr": 0}, "greater than or equal"),
        (
            {"lr": 1e-5, "epochs": 500, "batch_size": 1, "points": [[float(i), 0.0] for i in range(50)]},
            "larger batches",
        ),
    ],
)
def test_what_cannot_be(client: TestClient, values: dict[str, Any], why: str) -> None:
    answer = client.post("/api/line", json={"points": POINTS, **values})
    assert answer.status_code == 422
    assert why in answer.json()["detail"]


def test_the_code_runs_as_it_stands(client: TestClient) -> None:
    found = ask(client, lr=0.05, batch_size=3, epochs=4, seed=1, loss="huber", huber=0.5)
    told = run_python(found["python"])
    for name, line in found["fits"].items():
        assert f"{name:8}  w {line['w']:.6f}  b {line['b']:.6f}  loss {line['loss']:.6f}" in told
    w, b = found["path"]["w"][-1], found["path"]["b"][-1]
    assert f"SGD after 8 steps  w {w:.6f}  b {b:.6f}" in told
