"""Requests are written to JSON and read again as they were."""

from __future__ import annotations

import json

import numpy as np
import pytest

from linnet.config import FitRequest, Hyperparameters, Recipe, SolveRequest, SweepRequest, TuneRequest
from linnet.config.ranges import LogUniform, Uniform
from linnet.config.requests import Request, from_json, to_json
from linnet.errors import FormatError

REQUESTS: list[Request] = [
    Recipe(lr=0.5, class_weight="1:1:2", patience=3).resolved(is_classification=True),
    SolveRequest(loss="huber", huber=0.5, l1=0.1, path=7),
    SolveRequest(loss="squared", solver=None, summary=True, covariance="hc3", level=0.9),
    SweepRequest(grid={"lr": [0.1, 1.0], "momentum": Uniform(0.5, 0.9)}, random=4, halving=(1, 2)),
    SweepRequest(settings=(Hyperparameters(lr=0.3, l2=1e-3), Hyperparameters(optimizer="adam"))),
    TuneRequest(
        space={"lr": LogUniform(1e-3, 10), "optimizer": ["sgd", "adam"]}, sweep=SweepRequest(folds=3)
    ),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.verb)
def test_a_request_comes_back_from_its_json(request_: Request) -> None:
    assert from_json(json.loads(json.dumps(to_json(request_)))) == request_


def test_numbers_of_numpy_and_ranges_become_plain() -> None:
    request = SweepRequest(grid={"lr": np.array([0.5, 1.0]), "seed": range(2), "l2": np.float64(0.25)})
    assert to_json(request)["grid"] == {"lr": [0.5, 1.0], "seed": [0, 1], "l2": [0.25]}


def test_what_is_not_said_is_not_kept() -> None:
    assert "clip" not in to_json(REQUESTS[0])
    assert "tol" not in to_json(SolveRequest(loss="squared"))


@pytest.mark.parametrize(
    "damaged",
    [
        {}, {"verb": "bake"}, {"verb": "fit"}, {"verb": "solve", "loss": "squared", "speed": 3},
        {"verb": "sweep", "grid": {"lr": {"log_uniform": [0.1]}}}, {"verb": "sweep", "grid": 3},
        {"verb": "sweep", "settings": [{"lr": -1}]}, {"verb": "tune", "space": {}, "sweep": {}}, [], 3,
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_request_is_refused_in_a_sentence(damaged: dict[str, object]) -> None:
    with pytest.raises(FormatError, match="the request of this folder cannot be read"):
        from_json(damaged)


def test_a_request_of_a_training_has_its_settings() -> None:
    request = REQUESTS[0]
    assert isinstance(request, FitRequest)
    assert (request.hyperparameters.lr, request.hyperparameters.class_weight) == (0.5, "1:1:2")
    assert Recipe.of(request).resolved(is_classification=True) == request
    assert Recipe.of(request, patience=None).patience is None
