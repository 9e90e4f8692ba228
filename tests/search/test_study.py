from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

import linnet
import linnet.search.tune
from linnet.config import Hyperparameters
from linnet.config.ranges import LogUniform, Uniform
from linnet.data.dataset import Splits
from linnet.data.split import split
from linnet.errors import MissingExtraError, UsageError
from tests.support.blobs import make_blobs

SPLITS = Splits(*split(make_blobs(240, seed=1), 1 / 3))


QUICK: dict[str, Any] = {"epochs": 2, "batch_size": 32, "show": False}


SPACE = {"lr": LogUniform(1e-4, 1.0), "optimizer": ["sgd", "nesterov"], "momentum": Uniform(0.5, 0.95)}


def test_the_same_seed_searches_the_same() -> None:
    first, second = (linnet.tune(SPLITS, SPACE, trials=6, batch=3, **QUICK) for _ in range(2))
    other = linnet.tune(SPLITS, SPACE, trials=6, batch=3, seed=2, **QUICK)
    params = [[trial.params for trial in result.study.trials] for result in (first, second, other)]
    assert params[0] == params[1] != params[2]


def test_the_sampler_learns_from_the_batches_before() -> None:
    """Far from the only good rates it soon comes back to them."""
    result = linnet.tune(SPLITS, {"lr": LogUniform(1e-9, 10.0)}, metric="loss", trials=40, batch=10, **QUICK)
    rates = [trial.params["lr"] for trial in result.study.trials]
    good = [rate > 1e-2 for rate in rates]
    assert sum(good[20:]) > sum(good[:20])
    assert result.study.direction == optuna.study.StudyDirection.MINIMIZE


def test_a_study_on_disk_goes_on() -> None:
    options = {"storage": "deep/study.log", "trials": 4, "batch": 2, **QUICK}
    first = linnet.tune(SPLITS, SPACE, **options)
    assert len(first.study.trials) == 4
    second = linnet.tune(SPLITS, SPACE, **options)
    assert (len(second.study.trials), len(second.table)) == (8, 4)
    rates = [trial.params["lr"] for trial in second.study.trials]
    assert len(set(rates)) == 8
    with pytest.raises(UsageError, match="made with another folds: use the same, or give another study"):
        linnet.tune(SPLITS, SPACE, folds=2, **options)
    with pytest.raises(UsageError, match="Give another study name"):
        linnet.tune(SPLITS, {**SPACE, "optimizer": ["sgd", "adam"]}, **options)
    assert len(linnet.tune(SPLITS, SPACE, folds=2, study="other", **options).study.trials) == 4


def test_a_batch_that_breaks_leaves_no_trial_running(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(linnet.search.tune, "run_sweep", broken)
        linnet.tune(SPLITS, SPACE, trials=4, batch=4, storage="study.log", **QUICK)
    after = linnet.tune(SPLITS, SPACE, trials=2, batch=2, storage=Path("study.log"), **QUICK)
    assert [trial.state for trial in after.study.trials].count(TrialState.FAIL) == 4


def test_it_says_a_line_a_batch_and_optuna_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    before = optuna.logging.get_verbosity()
    linnet.tune(SPLITS, SPACE, trials=4, batch=3, epochs=1)
    said = capfd.readouterr()
    lines = said.err.splitlines()
    assert [line.partition("  best")[0] for line in lines] == ["trial    3 of 4", "trial    4 of 4"]
    assert "validation accuracy 0." in lines[0]
    assert said.out == ""
    assert optuna.logging.get_verbosity() == before


def test_without_optuna_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "optuna"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'linnet\[tune\]'"):
        linnet.tune(SPLITS, SPACE, **QUICK)


def test_whole_numbers_are_searched_as_such() -> None:
    from linnet.search.study import Space

    space = Space.of({"seed": range(2, 4), "clip": [None, 1.0], "std": 0.1}, Hyperparameters())
    assert space.seeds == (2, 3)
    assert space.base.std == 0.1
    assert space.distributions == {"clip": optuna.distributions.CategoricalDistribution([None, 1.0])}
