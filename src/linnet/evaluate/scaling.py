"""Temperature and vector scaling: calibrations learnt on rows kept from training (Guo et al. 2017, 4.2)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from linnet.core.calibration import KINDS, Calibration
from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.evaluate.forecast import Forecast, forecast
from linnet.evaluate.held_out import held_out
from linnet.model.run import Run

FARTHEST = 600.0
"""From the logits' own size, as a logarithm: e⁶⁰⁰ and beyond are no numbers to divide by."""

NEWTON = 25
"""Steps after which those of an optimum have ended."""

SETTLED = 1e-6
"""By how little the last step moves any logit."""

Objective = Callable[[np.ndarray], tuple[float, np.ndarray]]

INFINITE = "no finite temperature is best for these rows: the larger the better, as the model's logits say"


def learn(kind: str, said: Forecast, source: str = "") -> Calibration:
    """The calibration with the least log loss on some rows; never one with more than they have without it.

    Args:
        kind: "temperature", one number, which leaves every decision as it is; or "vector", a scale and a
            shift for each class, which can also mend how often each class is said.
        said: of rows that the model was not trained on, without a calibration.
        source: which rows those are, for people.

    Raises:
        UsageError: another kind; or the rows have no best calibration, because the model makes no mistake on
            them, or says no more of the right class than of others, or, for "vector", because a class has no
            row or can be told apart by a scale and a shift.
    """
    if kind not in KINDS:
        raise UsageError(f"a calibration is {' or '.join(KINDS)}, not {kind!r}")
    _check_bounded(kind, said)
    K = len(said.classes)
    start = Calibration("temperature", (1.0,) * K, (0.0,) * K)
    try:
        best = min([start, _temperature(said)], key=lambda c: log_loss(c, said))
    except UsageError:
        if kind != "vector":
            raise
        best = Calibration("vector", (0.0,) * K, (0.0,) * K)  # a scale may be negative
    if kind == "vector":
        best = min([start, best, _vector(said, best)], key=lambda c: log_loss(c, said))
    return Calibration(kind, best.scale, best.shift, len(said), source)


def _check_bounded(kind: str, said: Forecast) -> None:
    """Refuse rows whose log loss has no minimum: it falls as the logits or a class's shift grow for ever."""
    if bool((said.logits == said.logits[:, :1]).all()):
        raise UsageError(f"{INFINITE} the same of every class")
    own = said.logits.gather(1, said.labels[:, None])[:, 0]
    if bool((own >= said.logits.amax(1)).all()):
        raise UsageError(
            f"the model makes no mistake on the {len(said):,} rows to calibrate it on, so that no confidence "
            "is too high for them: keep more rows from training (--validation)"
        )
    there = said.labels.bincount(minlength=len(said.classes)) > 0
    if kind == "vector" and not bool(there.all()):
        missing = [name for name, is_there in zip(said.classes, there.tolist(), strict=True) if not is_there]
        raise UsageError(
            f"none of the {len(said):,} rows to calibrate on is of {', '.join(missing[:5])}"
            f"{' and others' * (len(missing) > 5)}, which vector scaling would never say again: take "
            "temperature, or keep more rows from training (--validation)"
        )


def calibrate(run: Run, train: Dataset, kind: str) -> Run:
    """The run with a calibration learnt on its validation rows, or on a share of its training rows.

    Args:
        run: a finished run; a calibration that it has is replaced.
        train: all training rows of its data set.
        kind: "temperature" or "vector".

    Raises:
        UsageError: another kind, a regression, other rows than it was trained on, or rows that have no best
            calibration (see `learn`).
    """
    rows, source, _ = held_out(run, train)
    return run.calibrated(learn(kind, forecast(run.calibrated(None), rows), source))


def log_loss(calibration: Calibration, said: Forecast) -> float:
    """The mean log loss of a forecast's rows after a calibration, in nats."""
    return float(_after(calibration, said).log_losses.mean())


def _after(calibration: Calibration, said: Forecast) -> Forecast:
    return Forecast(calibration.apply(said.logits), said.labels, said.classes)


def _temperature(said: Forecast) -> Calibration:
    """At the root of the derivative by 1/T, which rises: sought outwards from the logits' own size, no edge.

    Raises:
        UsageError: no temperature is best.
    """
    from scipy.optimize import brentq

    centred = said.logits - said.logits.amax(1, keepdim=True)  # (N, K)
    size = float(centred.abs().max())
    own = centred.gather(1, said.labels[:, None])[:, 0]  # (N,)
    unit, own = centred / size, own / size

    def slope(log_sharpness: float) -> float:
        """The derivative of the mean log loss by 1/T, T being in units of the logits' size."""
        p = torch.softmax(unit * math.exp(log_sharpness), 1)
        return float(((p * unit).sum(1) - own).mean())

    if float((unit.mean(1) - own).mean()) >= 0:  # the derivative at T = ∞
        raise UsageError(f"{INFINITE} no more of the right class than of the others")
    low = high = 0.0
    while slope(low) > 0 and low > -FARTHEST:
        low = 2 * low - 1
    while slope(high) < 0 and high < FARTHEST:
        high = 2 * high + 1
    if slope(low) > 0 or slope(high) < 0:
        raise UsageError(f"{INFINITE} next to nothing, to the last digit that numbers have")
    found = np.asarray(brentq(slope, low, high, xtol=1e-12)).item()
    K = len(said.classes)
    return Calibration("temperature", (math.exp(found - math.log(size)),) * K, (0.0,) * K)


def _vector(said: Forecast, start: Calibration) -> Calibration:
    """By L-BFGS from the best temperature, then by Newton's steps; the loss is convex in scale and shift.

    Raises:
        UsageError: it falls for ever: the steps do not end.
    """
    from scipy.optimize import minimize

    K, size = len(said.classes), float(said.logits.abs().max()) or 1.0
    z = said.logits / size  # (N, K)
    truth = torch.eye(K, dtype=torch.float64)[said.labels]  # (N, K)

    def value_and_gradient(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        scale, shift = torch.from_numpy(parameters).view(2, K)
        log_p = torch.log_softmax(z * scale + shift, 1)  # (N, K)
        residual: Tensor = (log_p.exp() - truth) / len(truth)
        gradient = torch.cat([(residual * z).sum(0), residual.sum(0)])
        return float(-(truth * log_p).sum(1).mean()), gradient.numpy()

    begin = [*(size * s for s in start.scale), *start.shift]
    found = minimize(value_and_gradient, begin, jac=True, method="L-BFGS-B", options={"ftol": 1e-12})
    best = _polished(found.x, z, value_and_gradient)
    if best is None:
        last = torch.from_numpy(found.x).view(2, K)
        is_all = bool(((z * last[0] + last[1]).argmax(1) == said.labels).all())
        which = (
            f"tell all {len(said):,} rows apart"
            if is_all
            else f"tell a class of the {len(said):,} rows apart"
        )
        raise UsageError(
            f"a scale and a shift a class {which}, and grow for ever, so that none is best: take "
            "temperature, or keep more rows from training"
        )
    scale, shift = best.reshape(2, K).tolist()
    return Calibration("vector", tuple(s / size for s in scale), tuple(shift))


def _polished(at: np.ndarray, z: Tensor, gradient_at: Objective) -> np.ndarray | None:
    """Where Newton's steps from near an optimum end; None where they go on, as they do when there is none.

    Towards an optimum at infinity the loss falls as e⁻ᵗ, and each step moves the logits by about 1.

    Args:
        at: scales and shifts, (2K,).
        z: logits, (N, K).
        gradient_at: the loss and its gradient.
    """
    for _ in range(NEWTON):
        value, gradient = gradient_at(at)
        step = -np.linalg.pinv(_hessian(at, z), rcond=1e-14, hermitian=True) @ gradient
        scale, shift = torch.from_numpy(step).view(2, -1)
        moved = z * scale + shift
        if float((moved - moved.mean(1, keepdim=True)).abs().max()) < SETTLED:
            return at
        while gradient_at(at + step)[0] > value + 1e-15 and np.abs(step).max() > 1e-12:
            step = step / 2
        at = at + step
    return None


def _hessian(at: np.ndarray, z: Tensor) -> np.ndarray:
    """Of the mean log loss by scales and shifts, (2K, 2K)."""
    scale, shift = torch.from_numpy(at).view(2, -1)
    p = torch.softmax(z * scale + shift, 1)  # (N, K)
    both = torch.cat([z * p, p], 1)  # (N, 2K)
    diagonal = [(z * z * p).mean(0).diag(), (z * p).mean(0).diag(), p.mean(0).diag()]
    outer = both.T @ both / len(z)
    square = torch.cat([torch.cat(diagonal[:2], 1), torch.cat([diagonal[1], diagonal[2]], 1)])
    return (square - outer).numpy()
