"""Of a long stream loss and counts are of all rows, and what needs all scores at once of some."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import linnet
from linnet.evaluate import sampling
from linnet.evaluate.score import Score
from tests.support.streamed import make_table, write


def test_a_long_stream_is_counted_whole_and_sampled_for_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(write(make_table(9000), tmp_path / "rows.parquet", group=1000))
    rows = linnet.load(path, target="label", stream=True, split="none").train
    run = linnet.fit(rows, epochs=1, lr=0.001, show=False)
    expected = Score.of(linnet.Evaluation(run, linnet.load(path, target="label", split="none").train))
    monkeypatch.setattr(sampling, "MOST", 3 * 500)
    with pytest.warns(UserWarning, match="9,000 rows.* other figures of 500 that were drawn at random"):
        evaluation = linnet.Evaluation(run, rows)
    found = Score.of(evaluation)
    assert found.rows == 9000
    assert found.loss == pytest.approx(expected.loss, rel=1e-12)
    assert np.array_equal(found.confusion, expected.confusion)
    assert evaluation.scores.shape == (500, 3)
    with pytest.warns(UserWarning, match="drawn at random"):
        late = Score.of(linnet.Evaluation(run, lambda: rows))  # of which no row was read before
    assert late.loss == found.loss
    with pytest.warns(UserWarning, match="drawn at random"):
        other = evaluation.with_run(run)
    assert len(other.whole) == 9000
    assert np.array_equal(other.targets, evaluation.targets)
    assert linnet.assess(evaluation).whole["accuracy"].value == np.mean(evaluation.hits)


def test_the_loss_of_a_long_regression_is_of_all_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = make_table(5000)
    table = table.set_column(1, "value", [np.random.default_rng(0).normal(size=5000)])
    path = str(write(table, tmp_path / "rows.arrow"))
    rows = linnet.load(path, target="value", task="regression", stream=True, split="none").train
    run = linnet.fit(rows, epochs=1, lr=0.001, show=False)
    expected = Score.of(linnet.Evaluation(run, rows))
    monkeypatch.setattr(sampling, "MOST", 700)
    with pytest.warns(UserWarning, match="other figures of 700"):
        found = Score.of(linnet.Evaluation(run, rows))
    assert found.loss == pytest.approx(expected.loss, rel=1e-12)
    assert found.r2 == pytest.approx(expected.r2, abs=0.2)
