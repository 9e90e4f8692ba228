"""The benchmark of learners on one file judges all by one function, with columns and classes that agree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import log_loss

Module = Callable[[str], Any]


def test_log_loss_is_that_of_scikit_learn(module: Module) -> None:
    source = np.random.default_rng(0)
    P, y = source.dirichlet(np.ones(100), 500), source.integers(0, 100, 500)
    assert module("peers_stream").log_loss(P, y) == pytest.approx(log_loss(y, P, labels=range(100)))


def test_a_class_that_was_never_seen_costs_what_the_floor_does(module: Module) -> None:
    P = module("stream_learners").in_columns(np.ones((2, 1)), [3])
    assert module("peers_stream").log_loss(P, np.array([3, 4])) == pytest.approx(-np.log(1e-15) / 2)


def test_scores_are_no_probabilities(module: Module) -> None:
    with pytest.raises(ValueError, match="no probabilities"):
        module("peers_stream").log_loss(np.ones((2, 100)), np.array([3, 4]))


def test_classes_count_from_one_in_vowpal_wabbits_text_and_come_back_in_their_columns(
    module: Module, tmp_path: Path
) -> None:
    learners, path = module("stream_learners"), tmp_path / "rows.txt"
    X = np.array([[0.5, -2], [1e-7, 3]], np.float32)
    learners.write_text(path, X, np.array([0, 99], np.int32))
    assert path.read_text() == "1 | 0:0.5 1:-2\n100 | 0:1e-07 1:3\n"
    path.write_text("1:0.25 2:0.75\n1:0.5 2:0.5\n")
    assert learners.parse(path).tolist() == [[0.25, 0.75], [0.5, 0.5]]


def test_a_prefix_is_the_first_rows_of_the_whole(module: Module, tmp_path: Path) -> None:
    peers, learners = module("peers_stream"), module("stream_learners")
    drawn, whole = peers.make_rows(), tmp_path / "whole.arrow"
    parts = [drawn.draw(count) for count in (30, 20)]
    peers.write(whole, iter(parts))
    (first, y), (second, _) = learners.read(peers.prefix(whole, 40))
    assert np.array_equal(first, parts[0][0])
    assert np.array_equal(y, parts[0][1])
    assert np.array_equal(second, parts[1][0][:10])


@pytest.mark.parametrize(
    ("name", "settings"),
    [("linnet", {"lr": 30.0}), ("scikit-learn", {"learning_rate": "constant", "eta0": 0.01})],
)
def test_probabilities_stand_in_the_columns_of_their_classes(
    module: Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, settings: dict[str, Any]
) -> None:
    monkeypatch.setenv("LINNET_CACHE", str(tmp_path / "cache"))
    peers = module("peers_stream")
    monkeypatch.setattr(peers, "SPREAD", 1.0)  # so far apart that the right class is plain
    drawn, path = peers.make_rows(), tmp_path / "rows.arrow"
    peers.write(path, iter([drawn.draw(2000)]))
    learner = module("stream_learners").LEARNERS[name]()
    learner.open(path)
    learner.learn(**settings)
    X, y = drawn.draw(200)
    assert (learner.probabilities(X).argmax(1) == y).mean() > 0.9
    assert (drawn.probabilities(X).argmax(1) == y).all()


@pytest.mark.parametrize(("defaults", "is_met"), [(2.2, True), (2.0, False)])
def test_log_loss_is_held_against_the_better_of_chosen_settings_and_defaults(
    module: Module, defaults: float, *, is_met: bool
) -> None:
    peers = module("peers_stream")
    theirs = {"opening": 0.0, "learning": 10.0, "memory": 1.0, "log loss": 2.5}
    ours = {"opening": 1.0, "learning": 1.0, "memory": 1.0, "log loss": 2.1}
    contest = peers.Contest("scikit-learn", 1000, 100, 1, 10)
    lines = {
        line.name: line for line in peers.figures(contest, ours, theirs, theirs | {"log loss": defaults})
    }
    assert lines["1,000 rows: log loss of linnet"].met is is_met
    assert lines["1,000 rows: linnet / scikit-learn"].measured == 10
    assert lines["1,000 rows: linnet with linnet.load / scikit-learn"].measured == 5
    assert lines["1,000 rows: scikit-learn, its defaults"].measured == 100
