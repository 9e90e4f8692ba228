"""The parts of an inference as text: the table of estimates, goodness of fit, notes; numbers and p-values."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from linnet.inference.goodness import CENTRED, Goodness

WIDTH = 100
Figures = dict[str, tuple[str, int]]
"""Of each label the name of a figure and its digits."""

LONGEST = 24
"""Characters of a feature's name."""


def table_lines(rows: Sequence[Mapping[Hashable, Any]], letter: str | None) -> list[str]:
    """The table of one output.

    Args:
        rows: of an inference's table.
        letter: what its statistic is called; None where there are no tests.
    """
    tested = [letter, "p"] if letter else []
    cells = [["", "estimate", "std. error", *tested, "low", "high", ""]]
    for row in rows:
        digits = digits_of(row["estimate"], row["standard_error"])
        tests = [number(row["statistic"], 3), p_value(row["p"])] if letter else []
        figures = [number(row["estimate"], digits), number(row["standard_error"], 4), *tests]
        ends = [number(row["low"], digits), number(row["high"], digits)]
        cells.append([_short(str(row["feature"])), *figures, *ends, str(row["note"])])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    head, *lines = ("  ".join(_align(line, widths)).rstrip() for line in cells)
    rule = "─" * max(map(len, [head, *lines]))
    return [rule, head, rule, *lines, rule]


def note_lines(notes: Sequence[str]) -> list[str]:
    """Notes, each wrapped."""
    wrapped = (textwrap.wrap(f"Note: {note}.", WIDTH, subsequent_indent="      ") for note in notes)
    return [line for lines in wrapped for line in lines]


def _align(line: list[str], widths: list[int]) -> list[str]:
    first, *middle = (cell.rjust(width) for cell, width in zip(line, widths, strict=True))
    return [first.strip().ljust(widths[0]), *middle[:-1], line[-1]]


def fit_lines(fit: Goodness) -> list[str]:
    """How well a model fits, in a few lines."""
    free = f"{fit.degrees_of_freedom:.6g}" if fit.degrees_of_freedom > 0 else "no"
    lines = [f"{fit.rows:g} rows, {fit.parameters:.6g} parameters, {free} degrees of freedom"]
    if fit.r2 is not None:
        label = "R²" if fit.r2_kind == CENTRED else "R² (uncentred: about 0, not about the mean)"
        lines.append(_join(fit, {label: ("r2", 6), "adjusted": ("adjusted_r2", 6)}) + _deviation(fit))
        lines += _describe_test(fit, "F", "f_test")
    if fit.mcfadden_r2 is not None:
        lines.append(f"McFadden's R² {_figure(fit, 'mcfadden_r2')}")
    if fit.deviance is not None:
        lines.append(_join(fit, {"deviance": ("deviance", 6), "dispersion": ("dispersion", 4)}))
    likelihoods = {"log-likelihood": ("log_likelihood", 8), "without features": ("null_log_likelihood", 8)}
    criteria = {"AIC": ("aic", 6), "BIC": ("bic", 6)}
    if len({fit.why_not(name) for name, _ in (likelihoods | criteria).values()}) == 1:
        lines.append(_join(fit, likelihoods, "; ", criteria))
    else:
        lines += [_join(fit, likelihoods), _join(fit, criteria)]
    return [*lines, *_describe_test(fit, "likelihood ratio χ²", "likelihood_ratio")]


def _join(fit: Goodness, some: Figures, mark: str = "", rest: Figures | None = None) -> str:
    """Figures in a line, or, where none is defined for the same reason, that."""
    names = some | (rest or {})
    reasons = {fit.why_not(name) for name, _ in names.values()}
    if len(reasons) == 1 and "" not in reasons:
        return f"{', '.join(names)}: {reasons.pop()}"
    parts = [
        ", ".join(f"{label} {_figure(fit, name, digits)}" for label, (name, digits) in part.items())
        for part in (some, rest or {})
    ]
    return mark.join(part for part in parts if part)


def _deviation(fit: Goodness) -> str:
    if fit.sigma2 is None or fit.why_not("sigma2"):
        return ""
    return f"; residual standard deviation {number(math.sqrt(fit.sigma2))}"


def _figure(fit: Goodness, name: str, digits: int = 6) -> str:
    """A figure, or why it is not defined."""
    return fit.why_not(name) or number(getattr(fit, name), digits)


def _describe_test(fit: Goodness, label: str, name: str) -> list[str]:
    """A line of a test of all features, or why there is none."""
    test = getattr(fit, name)
    if test is None:
        return [f"{label}: {fit.why_not(name)}"] if fit.why_not(name) else []
    return [f"{label}{test_text(test._asdict())}"]


def test_text(test: Mapping[str, Any]) -> str:
    """A test's degrees of freedom, statistic and p-value."""
    freedom = ", ".join(f"{value:g}" for value in test["degrees_of_freedom"])
    p = p_value(test["p"])
    return f"({freedom}) = {number(test['statistic'])}, p {p if p[0] == '<' else f'= {p}'}"


def digits_of(estimate: float | None, error: float | None) -> int:
    """Digits to show an estimate with: six, or as many as let its standard error be seen, at most 15."""
    if not estimate or not error or not math.isfinite(estimate) or not math.isfinite(error):
        return 6
    return min(15, max(6, math.floor(math.log10(abs(estimate))) - math.floor(math.log10(error)) + 2))


def number(value: float | None, digits: int = 6) -> str:
    """A figure of some digits; a dash for None and NaN."""
    if value is None:
        return "—"
    if math.isinf(value):
        return "+∞" if value > 0 else "−∞"
    return "—" if math.isnan(value) else f"{value:.{digits}g}"


def p_value(value: float | None) -> str:
    """A p-value to four places, or two digits where it is small; a dash for None and NaN."""
    if value is None or math.isnan(value):
        return "—"
    if value < 1e-300:
        return "< 1e-300"  # float64 has no number for most of these
    return f"{value:.4f}" if value >= 1e-4 else f"{value:.1e}"


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
