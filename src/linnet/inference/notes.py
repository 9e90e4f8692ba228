"""Notes on an inference, some of them warnings, and the reasons why its figures are undefined."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from linnet.errors import CollinearWarning, SeparationWarning, WeightWarning, warn
from linnet.inference.covariance import Covariance, EstimatedCovariance
from linnet.inference.goodness import Goodness
from linnet.inference.remarks import (
    COLLINEAR,
    CONSTANT,
    ENDLESS,
    EXACT,
    FALLS,
    ONE_CLASS,
    RISES,
    SATURATED,
    Remark,
    Undefined,
)

if TYPE_CHECKING:
    from torch import Tensor

    from linnet.inference.design import Basis, Problem, Weighting
    from linnet.inference.limit import Limit
    from linnet.inference.newton_polish import Fitted

NAMED = 5
"""Features, or rows, up to which each is named."""

WIDE = 1.5
"""How many times as much counts may vary before it is said."""


@dataclass(frozen=True, eq=False)
class Done:
    """One model with its errors.

    Args:
        gamma: parameters, (J, D + 1), infinite or NaN where they have no optimum.
        goodness: how well it fits.
        covariance: the covariance.
        freedom: of Student's t; infinite for the normal distribution.
        reasons: why parameters have no standard error, by output and column.
        general: why none has a test or an interval; None where they have.
        limit: what was set aside; None for nothing.
        found: how the covariance was got.
    """

    gamma: Tensor
    goodness: Goodness
    covariance: Covariance
    freedom: float
    reasons: Mapping[tuple[int, int], Undefined]
    general: Undefined | None
    limit: Limit | None
    found: EstimatedCovariance


def common_reason(fit: Goodness, l2: float) -> Undefined | None:
    """Why no parameter has a test; None where they have. A penalty determines what rows alone do not."""
    if fit.degrees_of_freedom < 0 and not l2:
        return SATURATED
    named = {each.name: each for each in (CONSTANT, SATURATED, EXACT)}
    return named.get(fit.why_not("log_likelihood")) if fit.sigma2 is not None else None


def find_reasons(
    basis: Basis, fitted: Fitted, found: EstimatedCovariance
) -> dict[tuple[int, int], Undefined]:
    """Why parameters have no standard error, by output and column; those of a later kind first."""
    reasons: dict[tuple[int, int], Undefined] = {}
    if found.unknown is not None:
        reasons |= dict.fromkeys(_places(found.unknown.expand_as(fitted.gamma)), found.why)
    if fitted.limit is not None:
        ends = fitted.limit.ends
        for end, why in ((ends.isnan(), ENDLESS), (ends == math.inf, RISES), (ends == -math.inf, FALLS)):
            reasons |= dict.fromkeys(_places(end), why)
    return reasons | dict.fromkeys(_places(basis.aliased.expand_as(fitted.gamma)), COLLINEAR)


def _places(of: Tensor) -> list[tuple[int, int]]:
    return [(j, d) for j, d in of.nonzero().tolist()]


def write_notes(
    done: Sequence[Done], of: Problem, labels: Sequence[str], place: int, covariance: str
) -> tuple[Remark, ...]:
    """Sentences on what the table cannot say by itself; the worst of them are warned of as well.

    Args:
        done: the models.
        of: their rows.
        labels: of the features.
        place: the reference class of a softmax model.
        covariance: as it was asked for.
    """
    found = [
        *(
            (doubt, WeightWarning)
            for doubt in _doubts(of.weighting, len(done[0].covariance.outputs) * of.basis.rank)
        ),
        *((one, CollinearWarning) for one in _collinear(of.basis, labels)),
        *((one, SeparationWarning) for one in _separation(done, of, labels, place)),
        *((one, SeparationWarning) for one in _lost(done)),
        *((one, None) for one in _drawn(done)),
        *((one, None) for one in _alone(done, of, labels, covariance)),
        *((one, None) for one in _general(done)),
        *((one, None) for one in _dispersion(done, covariance)),
        *((one, None) for one in _presumed(done, covariance)),
        *((Remark("inference.shrunken"), None) for _ in range(bool(of.l2))),
    ]
    for remark, warning in found:
        if warning is not None:
            warn(str(remark), warning)
    return tuple(remark for remark, _ in found)


def _doubts(weighting: Weighting, parameters: int) -> list[Remark]:
    """Why weights can hardly be what they are taken for; empty where nothing speaks against it."""
    if not weighting.is_counted:
        return []
    w = weighting.w
    rows, total, largest = int((w > 0).sum()), float(w.sum()), float(w.max())
    values = {"rows": f"{rows:,}", "total": f"{total:.6g}", "parameters": f"{parameters:,}"}
    if total <= parameters and total != rows:
        return [Remark("inference.too_few", values)]
    return [Remark("inference.none_whole", values)] if largest < 1 else []


def _dispersion(done: Sequence[Done], covariance: str) -> list[Remark]:
    """That counts vary more, or less, than the Hessian takes them to."""
    if covariance != "hessian":
        return []
    found = [each.goodness.dispersion for each in done]
    odd = [value for value in found if value is not None and (value > WIDE or value < 1 / WIDE)]
    return [Remark("inference.dispersed", {"dispersion": f"{value:.3g}"}) for value in odd]


def _presumed(done: Sequence[Done], covariance: str) -> list[Remark]:
    """That likelihoods beside robust errors, where they are defined, are still those of the model."""
    is_robust = covariance != "hessian"
    return (
        [Remark("inference.presumed")]
        if is_robust and not all(each.goodness.why_not("aic") for each in done)
        else []
    )


def _collinear(basis: Basis, labels: Sequence[str]) -> list[Remark]:
    from linnet.solvers.least_squares.least_squares import describe

    if not bool(basis.aliased.any()):
        return []
    groups = describe(basis.groups, list(labels)) or "columns are collinear"
    return [Remark("inference.many_alike", {"groups": groups})]


def _separation(done: Sequence[Done], of: Problem, labels: Sequence[str], place: int) -> list[Remark]:
    import torch

    limits = [(each, each.limit) for each in done if each.limit is not None]
    if not limits:
        return []
    names = of.dataset.classes
    if len(done) == 1 and len(names) > 1:
        order = [place, *(k for k in range(len(names)) if k != place)]
        flags = dict(zip(order, limits[0][1].apart.tolist(), strict=True))
        apart = [name for k, name in enumerate(names) if flags[k]]
    else:
        apart = [each.covariance.outputs[0] for each, _ in limits]
    endless = torch.stack([(limit.ends != 0).any(0) for _, limit in limits]).any(0)
    aside = torch.stack([limit.allowed.sum(0) == 1 for _, limit in limits]).any(0)
    values = {
        "classes": ", ".join(apart), "features": _join(_names(endless, labels)),
        "aside": f"{int(aside.sum()):,}", "rows": f"{len(aside):,}",
    }  # fmt: skip
    return [Remark("inference.apart", values)]


def _lost(done: Sequence[Done]) -> list[Remark]:
    lost = max(each.found.lost for each in done)
    return [Remark("inference.lost", {"lost": f"{lost:,}"})] if lost else []


def _drawn(done: Sequence[Done]) -> list[Remark]:
    """Of chance: a deviation from B normal draws has itself a relative one of about 1/√(2(B − 1))."""
    bags = min((each.found.bags for each in done if each.general is None), default=0)
    return [Remark("inference.drawn", {"share": f"{100 / (2 * (bags - 1)) ** 0.5:.0f}"})] if bags >= 2 else []


def _alone(done: Sequence[Done], of: Problem, labels: Sequence[str], covariance: str) -> list[Remark]:
    """Of rows that decide their own fit."""
    found = next((each.found for each in done if each.general is None), None)
    if found is None or found.alone is None or not bool(found.alone.any()):
        return []
    alone, unknown = found.alone, found.unknown
    said = {"sandwich": "HC3", "bootstrap": "the bootstrap"}.get(covariance, covariance.upper())
    values = {"rows": _join([str(int(row) + 1) for row in of.basis.kept[alone]]), "covariance": said}
    if unknown is None or not bool(unknown.any()):
        return [Remark("inference.unseen", values)]
    return [Remark("inference.alone", values | {"features": _join(_names(unknown.any(0), labels))})]


def _general(done: Sequence[Done]) -> list[Remark]:
    """Of responses that never change, exact fits, and no degrees of freedom."""
    remarks = []
    for each in done:
        why = each.general
        if why is None and each.goodness.why_not("mcfadden_r2"):
            why = ONE_CLASS
        if why is not None:
            remarks.append(
                Remark("inference.plain", {"output": ", ".join(each.goodness.outputs), "reason": str(why)})
            )
    return remarks


def _names(which: Tensor, labels: Sequence[str]) -> list[str]:
    """The names of parameters (D + 1,), the bias last."""
    return [[*labels, "bias"][d] for d in which.nonzero().flatten().tolist()]


def _join(names: Sequence[str]) -> str:
    """Names with commas, the first few of many."""
    more = f", … ({len(names):,})" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
