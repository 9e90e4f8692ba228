"""An inference as text for people: what was fitted, the table, how well it fits, what to mind."""

from __future__ import annotations

import math
import textwrap

from linnet.solvers.inferred import Goodness, Inference, Test

WIDTH = 100
LONGEST = 24
"""Characters of a feature's name."""


def text(inference: Inference) -> str:
    """The whole summary."""
    lines = [inference.title, inference.method, ""]
    for fit in inference.goodness:
        for output in fit.outputs:
            lines += _block(inference, output)
        lines += [*_fit(fit), ""]
    for note in inference.notes:
        lines += textwrap.wrap(f"Note: {note}.", WIDTH, subsequent_indent="      ")
    return "\n".join(lines).rstrip()


def _block(inference: Inference, output: str) -> list[str]:
    """The table of one output."""
    name = output if inference.reference is None else f"{output} against {inference.reference}"
    letter = "t" if inference.kind == "regression" else "z"
    has_p = not inference.l2
    head = ["", "estimate", "std. error", *([letter, "p"] if has_p else []), "low", "high", ""]
    cells = [head]
    for row in inference.table.query("output == @output").to_dict("records"):
        tests = [_number(row["statistic"], 3), _p(row["p"])] if has_p else []
        figures = [_number(row["estimate"]), _number(row["standard_error"], 4), *tests]
        cells.append(
            [
                _short(str(row["feature"])),
                *figures,
                _number(row["low"]),
                _number(row["high"]),
                str(row["note"]),
            ]
        )
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    lines = ["  ".join([*_aligned(line, widths)]).rstrip() for line in cells]
    rule = "─" * max(map(len, lines))
    return [name, rule, lines[0], rule, *lines[1:], rule]


def _aligned(line: list[str], widths: list[int]) -> list[str]:
    first, *middle = (cell.rjust(width) for cell, width in zip(line, widths, strict=True))
    return [first.strip().ljust(widths[0]), *middle[:-1], line[-1]]


def _fit(fit: Goodness) -> list[str]:
    """How well a model fits, in a few lines."""
    lines = [
        f"{fit.rows:g} rows, {fit.parameters:.6g} parameters, {fit.degrees_of_freedom:.6g} degrees of freedom"
    ]
    if fit.r2 is not None and fit.adjusted_r2 is not None and fit.sigma2 is not None:
        lines.append(
            f"R² {fit.r2:.6g}, adjusted {fit.adjusted_r2:.6g}; residual standard deviation "
            f"{_number(math.sqrt(max(fit.sigma2, 0.0)) if fit.sigma2 == fit.sigma2 else math.nan)}"
        )
    if fit.f_test:
        lines.append(_test("F", fit.f_test))
    if fit.mcfadden_r2 is not None:
        lines.append(f"McFadden's R² {fit.mcfadden_r2:.6g}")
    lines.append(
        f"log-likelihood {_number(fit.log_likelihood, 8)}, without features "
        f"{_number(fit.null_log_likelihood, 8)}; AIC {_number(fit.aic)}, BIC {_number(fit.bic)}"
    )
    if fit.likelihood_ratio:
        lines.append(_test("likelihood ratio χ²", fit.likelihood_ratio))
    return lines


def _test(name: str, test: Test) -> str:
    freedom = ", ".join(f"{value:g}" for value in test.degrees_of_freedom)
    p = _p(test.p)
    return f"{name}({freedom}) = {_number(test.statistic)}, p {p if p[0] == '<' else f'= {p}'}"


def _number(value: float, digits: int = 6) -> str:
    return "—" if math.isnan(value) else f"{value:.{digits}g}"


def _p(value: float) -> str:
    if math.isnan(value):
        return "—"
    if value < 1e-300:
        return "< 1e-300"  # float64 has no number for most of these
    return f"{value:.4f}" if value >= 1e-4 else f"{value:.1e}"


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
