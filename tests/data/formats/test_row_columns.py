"""Weights, groups and times of a table's rows, from its columns to its parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import linnet
from linnet.config.table import TableOptions
from linnet.data.formats.row_columns import read_row_columns
from linnet.errors import FormatError, LinnetError, UsageError
from linnet.schema.describe import describe
from tests.support.commands import call
from tests.support.reading import Seen


def visits(rows: int = 120) -> pd.DataFrame:
    """Several visits of each patient, on days that follow each other."""
    source = np.random.default_rng(2)
    patient = source.integers(0, 24, rows)
    day = pd.date_range("2024-01-01", periods=rows // 2).astype(str).to_numpy()
    return pd.DataFrame({
        "patient": [f"p{k}" for k in patient], "day": np.repeat(day, 2), "dose": source.normal(size=rows),
        "ward": source.choice(["a", "b", "c"], rows), "sick": source.choice(["no", "yes"], rows),
    })  # fmt: skip


def said(part: linnet.Dataset, language: Any = "en") -> list[str]:
    assert part.schema is not None
    return [line for line in describe(part.schema, language) if line.startswith("split") or "划分：" in line]


def test_no_patient_is_on_both_sides_and_none_is_a_feature() -> None:
    train, test = linnet.load(visits(), target="sick", groups="patient")
    assert test is not None
    assert not set(train.groups.tolist()) & set(test.groups.tolist())  # type: ignore[union-attr]
    assert not any("patient" in name for name in train.columns)
    (line,) = said(train)
    assert line.startswith("split by groups of patient: 9")
    assert said(test, "zh")[0].startswith("按 patient 分组划分")


def test_the_latest_days_are_tested_on_and_said() -> None:
    frame = visits().sample(frac=1, random_state=1)
    train, test = linnet.load(frame, target="sick", time="day", test_size=0.25)
    assert test is not None
    assert train.times.max() < test.times.min()  # type: ignore[union-attr]
    assert len(test) == 30
    assert said(train) == ["split by time: 90 rows to train on, and 30 from day = 2024-02-15 on to test on"]
    assert "day days" in train.columns
    without, _ = linnet.load(frame, target="sick", time="day", ignore="day")
    assert not any("day" in name for name in without.columns)


def test_a_class_that_comes_late_is_named() -> None:
    frame = visits().assign(sick=["no", "yes"] * 55 + ["late"] * 10)
    train, _ = linnet.load(frame, target="sick", time="day")
    assert train.schema is not None
    assert "no row to train on is of late" in describe(train.schema)


def test_the_share_and_no_split_are_as_asked() -> None:
    train, test = linnet.load(visits(), target="sick", test_size=0.5)
    assert test is not None
    assert len(train) == len(test) == 60
    whole, none = linnet.load(visits(), target="sick", split="none")
    assert none is None
    assert len(whole) == 120
    assert whole.schema is not None
    assert "no rows are kept to test on, as asked" in describe(whole.schema)


def test_the_positive_class_is_the_second_of_two() -> None:
    frame = visits()
    assert linnet.load(frame, target="sick").train.classes == ("no", "yes")
    train, _ = linnet.load(frame, target="sick", positive="no", split="none")
    assert train.classes == ("yes", "no")
    told = linnet.load(frame, target="sick", split="none").train.y
    assert train.y.tolist() == (1 - told).tolist()
    for wrong, target in (("maybe", "sick"), ("a", "ward"), ("no", "dose")):
        with pytest.raises(FormatError, match="positive is one of two classes"):
            linnet.load(frame, target=target, positive=wrong)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": "patient", "time": "day"}, "leave out --groups or --time"),
        ({"split": "groups"}, "--split groups needs the column: say --groups COLUMN"),
        ({"groups": "patient", "split": "random"}, "leave out --split random"),
        ({"split": "none", "test_size": 0.2}, "leave out --test-size"),
        ({"test_size": 1.5}, "test_size must lie between 0 and 1"),
        ({"split": "half"}, "split must be one of random groups time none"),
        ({"groups": "nurse"}, "there is no column 'nurse' to take as groups"),
        ({"time": "ward"}, "the times ward are neither dates nor numbers"),
        ({"groups": "sick"}, "the column sick cannot be the target and the groups"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_naming_the_flag(options: dict[str, Any], message: str) -> None:
    with pytest.raises(LinnetError, match=message):
        linnet.load(visits(), target="sick", **options)


def test_a_row_without_a_group_or_a_time_is_named() -> None:
    for column in ("patient", "day"):
        frame = visits()
        frame.loc[7, column] = None
        with pytest.raises(FormatError, match=f"{column} are missing in 1 row: .*8"):
            linnet.load(frame, target="sick", **{"groups" if column == "patient" else "time": column})  # type: ignore[arg-type]


def test_commands_split_by_groups_and_do_it_again_to_the_byte() -> None:
    visits().to_csv("visits.csv", index=False)
    how = ("--data", "visits.csv", "--target", "sick", "--ignore", "day", "--groups", "patient", "-q")
    assert call("train", *how, "--validation", 0.2, "--epochs", 2, "--positive", "no", "--out", "first") == 0
    assert linnet.replay("first").is_same
    assert any(
        "split by groups of patient" in text for text in Seen(Path("first", "report.html")).sections.values()
    )
    run = linnet.Run.load("first")
    assert run.card.classes == ("yes", "no")
    assert linnet.Evaluation.named(run, part="validation").rows.groups is not None
    assert call("sweep", *how, "--lr", "0.1,0.5", "--folds", 3, "--epochs", 1, "--out", "swept") == 0
    assert call("solve", *how, "--l2", 0.1, "--out", "solved") == 0
    assert linnet.replay("solved").is_same


def test_a_model_scores_rows_that_have_no_groups(tmp_path: Path) -> None:
    visits().to_csv("visits.csv", index=False)
    call(
        "solve",
        "--data",
        "visits.csv",
        "--target",
        "sick",
        "--groups",
        "patient",
        "--l2",
        0.1,
        "--out",
        "run",
        "-q",
    )
    visits().drop(columns="patient").to_csv("other.csv", index=False)
    assert linnet.Evaluation.named(linnet.Run.load("run"), "other.csv").rows.groups is None


def test_arrays_have_no_column_to_split_by() -> None:
    np.savez("rows.npz", X=np.zeros((9, 2)), y=np.arange(9.0))
    with pytest.raises(UsageError, match="groups is of a table"):
        linnet.load("rows.npz", groups="patient")


def test_dates_are_no_weights() -> None:
    options = TableOptions(sample_weight="day")
    with pytest.raises(FormatError, match="the weights day are dates"):
        read_row_columns(pd.DataFrame({"day": pd.date_range("2024-01-01", periods=3)}), options)
