"""What people read: the summary, its plain values, and the example of the page about it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from linnet.core.penalties import Penalty
from linnet.inference.infer import infer as typed_infer
from linnet.inference.summary_text import digits_of
from tests.support.inferences import line
from tests.support.problems import LOGISTIC, SOFTMAX, table
from tests.support.solutions import solve_least_squares, solve_smooth

infer: Any = typed_infer  # pandas has no types
DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", ["inference.md", "inference.zh-CN.md"])
def test_the_example_of_the_page_runs(page: str) -> None:
    found = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)
    values: dict[str, Any] = {}
    exec("\n".join(found), values)
    rows = values["found"].table.set_index("feature")
    assert rows["low"]["area"] < 2 < rows["high"]["area"]
    assert rows["p"]["area"] < 1e-6
    assert values["figure"].axes[0].get_title() == "houses"


def test_a_regression_in_words() -> None:
    dataset = line()
    found = infer(
        solve_least_squares(dataset), dataset, names=["a", "b", "c", "a very long name of a column"]
    )
    lines = str(found).splitlines()
    assert lines[:2] == [
        "Linear regression of line",
        "Standard errors from the Hessian; 95 % confidence intervals by Student's t",
    ]
    assert lines[5].split() == ["estimate", "std.", "error", "t", "p", "low", "high"]
    assert "a very long name of a c…" in str(found)
    assert f"R² {found.fit.r2:.6g}, adjusted {found.fit.adjusted_r2:.6g}" in str(found)
    assert "80 rows, 5 parameters, 75 degrees of freedom" in str(found)
    assert max(map(len, lines)) <= 110


def test_each_class_has_its_table() -> None:
    dataset = table(200)
    text = str(infer(solve_smooth(dataset, SOFTMAX), dataset, covariance="sandwich"))
    assert "class 1 against class 0" in text
    assert "class 2 against class 0" in text
    assert "from the sandwich; 95 % confidence intervals by the normal distribution" in text
    several = str(infer(solve_smooth(dataset, LOGISTIC), dataset))
    assert several.count("McFadden's R²") == 3


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_plain_values_are_json(l2: float) -> None:
    dataset = table(200)
    found = infer(solve_smooth(dataset, SOFTMAX, Penalty(l2)), dataset)
    summary = json.loads(json.dumps(found.summary(), allow_nan=False))
    assert summary["kind"] == "softmax"
    assert len(summary["table"]) == 12
    assert summary["table"][1]["estimate"] == found.table["estimate"][1]
    assert (summary["goodness"][0]["likelihood_ratio"] is None) == (l2 > 0)
    assert (summary["table"][0]["p"] is None) == (l2 > 0)


def test_of_many_models_each_is_in_the_plain_values() -> None:
    dataset = table(200)
    summary = infer(solve_smooth(dataset, LOGISTIC), dataset).summary()
    assert [fit["outputs"] for fit in summary["goodness"]] == [["class 0"], ["class 1"], ["class 2"]]


@pytest.mark.parametrize(
    ("estimate", "error", "digits"),
    [(1e9, 0.2, 12), (2.998, 0.007, 6), (-1e9, 0.2, 12), (1e20, 1e-3, 15), (0.0, 1.0, 6), (None, None, 6)],
)
def test_an_estimate_has_digits_down_to_its_error(
    estimate: float | None, error: float | None, digits: int
) -> None:
    assert digits_of(estimate, error) == digits
