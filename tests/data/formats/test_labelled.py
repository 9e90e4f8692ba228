from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest

import linnet
from linnet.config.table import TableOptions
from linnet.data.formats.frames import read_frame
from linnet.errors import FormatError, LinnetError, MissingExtraError

ROWS = 40
LABELS = {"mood": {1: "poor", 2: "fair", 3: "excellent"}, "income": {99: "refused"}}
WRITE: dict[str, Callable[..., Any]] = {
    "dta": pyreadstat.write_dta, "sav": pyreadstat.write_sav, "por": pyreadstat.write_por,
    "zsav": lambda *given, **more: pyreadstat.write_sav(*given, compress=True, **more),
    "xpt": pyreadstat.write_xport,
}  # fmt: skip


def long(*suffixes: str) -> list[Any]:
    """Formats that are read by a process of its own each, which takes its time to start."""
    return [pytest.param(suffix, marks=pytest.mark.long) for suffix in suffixes]


def make_survey() -> pd.DataFrame:
    """Codes of three moods, an income, words, days, and years of life to predict; some are missing."""
    source = np.random.default_rng(1)
    frame = pd.DataFrame({
        "mood": source.integers(1, 4, ROWS) * 1.0, "income": source.integers(20, 60, ROWS) * 1.0,
        "town": source.choice(["north", "south"], ROWS),
        "day": [datetime.date(2024, 1 + int(k) % 12, 5) for k in source.integers(0, 300, ROWS)],
        "years": source.uniform(20, 90, ROWS).round(3),
    })  # fmt: skip
    frame.loc[3, "mood"], frame.loc[5, "income"], frame.loc[7, "income"] = np.nan, np.nan, 99
    return frame


def write(folder: Path, suffix: str, frame: pd.DataFrame | None = None, **more: Any) -> Path:
    path = folder / f"survey.{suffix}"
    WRITE[suffix](make_survey() if frame is None else frame, str(path), **more)
    return path


def read(path: Path, **options: Any) -> Any:
    return read_frame(path, str(path), TableOptions(**options)).frame


@pytest.mark.parametrize("suffix", ["dta", "sav", *long("por", "zsav", "xpt")])
def test_a_file_of_a_statistics_package_is_the_rows_of_its_csv(suffix: str, tmp_path: Path) -> None:
    make_survey().to_csv(tmp_path / "t.csv", index=False)
    expected = linnet.load(tmp_path / "t.csv", target="years").train
    name = "YEARS" if suffix == "por" else "years"  # whose names are in capitals
    found = linnet.load(write(tmp_path, suffix), target=name).train
    assert [column.lower() for column in found.columns] == list(expected.columns)
    assert np.allclose(found.X, expected.X, rtol=1e-12)
    assert np.allclose(found.y, expected.y, rtol=1e-12)


@pytest.mark.parametrize("suffix", ["dta", *long("sav", "zsav")])
def test_codes_that_all_have_labels_are_levels_in_the_order_of_the_codes(suffix: str, tmp_path: Path) -> None:
    path = write(tmp_path, suffix, variable_value_labels=LABELS)
    rows = linnet.load(path, target="years", hold_out=False).train
    assert rows.columns[:4] == ("mood=poor", "mood=fair", "mood=excellent", "mood=(missing)")
    assert rows.columns[4] == "income"


def test_codes_of_which_some_have_labels_stay_numbers_and_that_is_said(tmp_path: Path) -> None:
    path = write(tmp_path, "dta", variable_value_labels=LABELS)
    table = read_frame(path, "survey.dta", TableOptions())
    assert table.frame["income"].dtype == np.float64
    assert table.frame["income"][7] == 99
    assert table.notes[0].startswith("income has labels for 1 of its")
    assert "(99 'refused'): it is taken by its codes" in table.notes[0]
    assert "--category income" in table.notes[0]


def test_kinds_that_are_asked_for_choose_between_codes_and_labels(tmp_path: Path) -> None:
    path = write(tmp_path, "dta", variable_value_labels=LABELS)
    found = read(path, category=("income",), number=("mood",))
    assert found["mood"].dtype == np.float64
    levels = list(found["income"].cat.categories)
    assert levels[-1] == "refused"
    assert levels[:-1] == sorted(levels[:-1], key=int)
    target = read(path, target="mood", task="regression")["mood"]
    assert target.max() == 3


def test_what_a_package_calls_missing_is_a_gap(tmp_path: Path) -> None:
    missing = {"income": [{"lo": 99, "hi": 99}], "town": ["north"]}
    found = read(write(tmp_path, "sav", missing_ranges=missing, variable_value_labels=LABELS))
    assert found["income"].isna().sum() == 2
    assert set(found["town"].dropna()) == {"south"}
    frame = make_survey().astype({"income": object})
    frame.loc[9, "income"] = "a"  # Stata's .a
    tagged = read(write(tmp_path, "dta", frame, missing_user_values={"income": ["a"]}))
    assert tagged["income"].isna().sum() == 2


def test_codes_of_one_label_are_one_level_and_that_is_said(tmp_path: Path) -> None:
    labels = {"mood": {1: "bad", 2: "bad", 3: "good"}}
    table = read_frame(write(tmp_path, "sav", variable_value_labels=labels), "t.sav", TableOptions())
    assert list(table.frame["mood"].cat.categories) == ["bad", "good"]
    assert table.notes == ("several codes of mood have the label 'bad', and are one level",)


def test_other_files_are_read_by_labels_where_the_model_has_levels(tmp_path: Path) -> None:
    path = write(tmp_path, "dta", variable_value_labels=LABELS)
    run = linnet.fit(linnet.load(path, target="years", number="mood"), epochs=1)
    labelled = make_survey().assign(mood=make_survey()["mood"].fillna(1))
    other = write(tmp_path, "sav", labelled, variable_value_labels=LABELS)
    expected = linnet.predict(run, labelled)["prediction"]
    assert np.allclose(linnet.predict(run, other)["prediction"], expected, rtol=1e-12)
    assert len(linnet.load(path, target="years", number="mood", test=other).test or ()) == ROWS


def test_levels_of_one_file_are_levels_where_another_has_a_code_without_a_label(tmp_path: Path) -> None:
    path = write(tmp_path, "dta", variable_value_labels=LABELS)
    frame = make_survey()
    frame.loc[0, "mood"] = 4
    other = write(tmp_path, "sav", frame, variable_value_labels=LABELS)
    test = linnet.load(path, target="years", test=other).test
    assert test is not None
    assert test.X[0, :4].tolist() == [0, 0, 0, 0]  # a level that training did not see
    assert test.X[:, :3].sum() == ROWS - 2


@pytest.mark.parametrize("suffix", ["sas7bdat", *long("dta", "sav", "zsav", "por", "xpt")])
def test_what_is_no_such_file_is_refused(suffix: str) -> None:
    with pytest.raises(FormatError, match=f"cannot be read as a .{suffix} file"):
        read_frame(b"no table", f"t.{suffix}", TableOptions())


def test_the_encoding_of_an_old_file_can_be_said(tmp_path: Path) -> None:
    frame = make_survey().assign(town="Köln")
    path = write(tmp_path, "dta", frame, version=10)
    assert read(path, encoding="utf-8")["town"][0] == "Köln"
    with pytest.raises(LinnetError, match="leave out --encoding"):
        read(write(tmp_path, "por"), encoding="utf-8")


def test_the_error_names_the_extra_where_pyreadstat_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise ImportError(name=name)

    monkeypatch.setattr("importlib.import_module", refuse)
    with pytest.raises(MissingExtraError, match=r"a .sav file needs .*linnet\[stata\]"):
        read_frame(b"", "t.sav", TableOptions())
