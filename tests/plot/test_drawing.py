"""`Drawing`: a figure by what it is made of, and the key that it is known by."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest

from linnet.plot import drawing, style
from linnet.plot.drawing import Drawing, is_plain
from linnet.plot.save import render

RECORDS = [{"epoch": 1, "train_loss": 2.0}, {"epoch": 2, "train_loss": 1.5}]


@dataclasses.dataclass
class Pair:
    one: Any
    other: Any


def key(*arguments: object) -> str:
    return Drawing("curves:curves", arguments).key


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    for kept in (drawing._programs, drawing._source):
        kept.cache_clear()
    yield
    for kept in (drawing._programs, drawing._source):
        kept.cache_clear()


def test_a_drawing_draws_what_its_function_draws() -> None:
    figure = Drawing("curves:curves", (RECORDS, "a title", "en")).draw()
    assert figure.axes[0].get_title() == "a title"


def test_equal_values_have_one_key_wherever_they_lie_in_memory() -> None:
    values = np.arange(12.0).reshape(3, 4)
    assert key([dict(one) for one in RECORDS], values.T) == key(RECORDS, values.T.copy())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1.0, 1.0 + 2**-52),
        (None, "None"),
        (["ab", "c"], ["a", "bc"]),
        ([["a"], "b"], [["a", "b"]]),
        (np.array([1.0]), np.array([1.0], np.float32)),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (np.array([0.0]), np.array([-0.0])),
        ({"epoch": 1}, {"epoch": 2}),
        (Pair(1, 2), Pair(2, 1)),
    ],
)
def test_other_values_have_another_key(one: object, other: object) -> None:
    assert key(one) != key(other)


def test_another_function_or_style_of_the_user_is_another_key() -> None:
    plain = key(RECORDS)
    assert Drawing("optimum:gap_figure", (RECORDS,)).key != plain
    drawing._programs.cache_clear()
    Path("matplotlibrc").write_text("lines.linewidth: 5\n")
    assert key(RECORDS) != plain


def test_a_value_whose_properties_are_worked_out_otherwise_is_another_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "of_values.py"
    head = "import dataclasses\n@dataclasses.dataclass\nclass One:\n    x: int\n"
    text = head + "    y = property(lambda of: {})\n"
    file.write_text(text.format("of.x"))
    monkeypatch.syspath_prepend(tmp_path)
    one = importlib.import_module("of_values").One(1)
    before = key(one)
    assert key(one) == before
    file.write_text(text.format("-of.x"))
    drawing._source.cache_clear()
    assert key(one) != before


@pytest.mark.parametrize("of", [np.arange(5000).astype(object), pd.Series(range(5000)), {1, 2}])
def test_values_whose_text_is_cut_have_no_key(of: object) -> None:
    with pytest.raises(TypeError, match="plain values"):
        key(of)


def test_a_style_that_a_program_has_set_is_not_plain() -> None:
    assert is_plain()
    with matplotlib.rc_context({"lines.linewidth": 5}):
        assert not is_plain()
    assert is_plain()


@pytest.mark.skipif(style.cjk_font() is None, reason="needs a font with Chinese characters")
def test_a_font_with_chinese_characters_changes_no_figure() -> None:
    figure = Drawing("curves:curves", (RECORDS, "", "en"))
    before = render(figure.draw(), ".svg")
    with matplotlib.rc_context():
        style.use_cjk_font()
        assert is_plain()
        assert render(figure.draw(), ".svg") == before
        matplotlib.rcParams["font.family"] = ["serif", *matplotlib.rcParams["font.family"]]
        assert not is_plain()
