"""Temperature and vector scaling: calibrations learnt on rows kept from training (Guo et al. 2017, 4.2)."""

from __future__ import annotations

import math

import numpy as np

from linnet.core.calibration import KINDS, Calibration
from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.interval import Array
from linnet.evaluate.rows import calibration_split
from linnet.model.run import Run

FARTHEST = 600.0
"""From the logits' own size, as a logarithm: e⁶⁰⁰ and beyond are no numbers to divide by."""

NEWTON = 50
"""Steps after which an optimum is reached: eight were the most in 400 calibrations of drawn logits."""

SETTLED = 1e-6
"""By how little the last step moves any logit."""

INFINITE = "no finite temperature is best for these rows: the larger the better, as the model's logits say"


def learn(kind: str, evaluation: Evaluation, source: str = "") -> Calibration:
    """The calibration with the least log loss on some rows; never one with more than they have without it.

    Args:
        kind: "temperature", one number, which leaves every decision as it is; or "vector", a scale and a
            shift for each class, which can also mend how often each class is predicted.
        evaluation: of rows that the model was not trained on, without a calibration.
        source: which rows those are, for people.

    Raises:
        UsageError: another kind; or the rows have no best calibration, because the model makes no mistake on
            them, or gives the right class no more than of others, or, for "vector", because a class has no
            row or can be told apart by a scale and a shift.
    """
    if kind not in KINDS:
        raise UsageError(f"a calibration is {' or '.join(KINDS)}, not {kind!r}")
    _check_bounded(kind, evaluation)
    K = len(evaluation.classes)
    start = Calibration("temperature", (1.0,) * K, (0.0,) * K)
    try:
        best = min([start, _temperature(evaluation)], key=lambda c: log_loss(c, evaluation))
    except UsageError:
        if kind != "vector":
            raise
        best = Calibration("vector", (0.0,) * K, (0.0,) * K)  # a scale may be negative
    if kind == "vector":
        best = min([start, best, _vector(evaluation, best)], key=lambda c: log_loss(c, evaluation))
    return Calibration(kind, best.scale, best.shift, len(evaluation), source)


def _check_bounded(kind: str, evaluation: Evaluation) -> None:
    """Refuse rows whose log loss has no minimum: it falls as the logits or a class's shift grow for ever."""
    z = evaluation.logits
    if (z == z[:, :1]).all():
        raise UsageError(f"{INFINITE} the same of every class")
    if (evaluation.of_targets(z) >= z.max(1)).all():
        raise UsageError(
            f"the model makes no mistake on the {len(evaluation):,} rows to calibrate it on, so that no "
            "confidence is too high for them: keep more rows from training (--validation)"
        )
    counts = np.bincount(evaluation.targets, minlength=len(evaluation.classes))
    if kind == "vector" and not counts.all():
        missing = [name for name, count in zip(evaluation.classes, counts, strict=True) if not count]
        raise UsageError(
            f"none of the {len(evaluation):,} rows to calibrate on is of {', '.join(missing[:5])}"
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
    rows, source, _ = calibration_split(run, train)
    return run.calibrated(learn(kind, Evaluation(run.calibrated(None), rows), source))


def log_loss(calibration: Calibration, evaluation: Evaluation) -> float:
    """The mean log loss of an evaluation's rows after a calibration, in nats."""
    logits = evaluation.logits * calibration.scale + calibration.shift
    after = Evaluation.of_scores(logits, evaluation.targets, evaluation.classes)
    return float(after.log_losses.mean())


def _temperature(evaluation: Evaluation) -> Calibration:
    """At the root of the derivative by 1/T, which rises: sought outwards from the logits' own size, no edge.

    Raises:
        UsageError: no temperature is best.
    """
    from scipy.optimize import brentq
    from scipy.special import softmax

    centred = evaluation.logits - evaluation.logits.max(1, keepdims=True)  # (N, K)
    size = float(np.abs(centred).max())
    unit = centred / size
    own = evaluation.of_targets(unit)  # (N,)

    def slope(log_sharpness: float) -> float:
        """The derivative of the mean log loss by 1/T, T being in units of the logits' size."""
        p = softmax(unit * math.exp(log_sharpness), 1)
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
    K = len(evaluation.classes)
    return Calibration("temperature", (math.exp(found - math.log(size)),) * K, (0.0,) * K)


def _vector(evaluation: Evaluation, start: Calibration) -> Calibration:
    """By Newton's method from the best temperature; the loss is convex in scale and shift.

    Towards an optimum at infinity the loss falls as e⁻ᵗ, and each step moves the logits by about 1: the steps
    do not end.

    Raises:
        UsageError: they do not.
    """
    size = float(np.abs(evaluation.logits).max()) or 1.0
    z = evaluation.logits / size  # (N, K)
    at = np.array([[size * scale for scale in start.scale], start.shift])  # (2, K)
    for _ in range(NEWTON):
        log_p = _log_p(at, z)
        step, loss = _step(np.exp(log_p), z, evaluation), -evaluation.of_targets(log_p).mean()
        moved = z * step[0] + step[1]
        if np.abs(moved - moved.mean(1, keepdims=True)).max() < SETTLED:
            return Calibration("vector", tuple((at[0] / size).tolist()), tuple(at[1].tolist()))
        while (
            -evaluation.of_targets(_log_p(at + step, z)).mean() > loss + 1e-15 and np.abs(step).max() > 1e-12
        ):
            step = step / 2
        at = at + step
    is_all = (_log_p(at, z).argmax(1) == evaluation.targets).all()
    which = f"{'all' if is_all else 'a class of the'} {len(evaluation):,} rows apart"
    raise UsageError(
        f"a scale and a shift a class tell {which}, and grow for ever, so that none is best: take "
        "temperature, or keep more rows from training"
    )


def _log_p(at: Array, z: Array) -> Array:
    """Log-probabilities of logits z (N, K) after scales and shifts, (2, K)."""
    from scipy.special import log_softmax

    return log_softmax(z * at[0] + at[1], 1)


def _step(p: Array, z: Array, evaluation: Evaluation) -> Array:
    """Newton's step for scales and shifts, (2, K), where the probabilities are p, (N, K)."""
    residual = p - np.eye(p.shape[1])[evaluation.targets]
    gradient = np.concatenate([(residual * z).mean(0), residual.mean(0)])
    both = np.concatenate([z * p, p], 1)  # (N, 2K)
    corner, side, rest = (np.diag(values.mean(0)) for values in (z * z * p, z * p, p))
    hessian = np.block([[corner, side], [side, rest]]) - both.T @ both / len(z)
    return -(np.linalg.pinv(hessian, rcond=1e-14, hermitian=True) @ gradient).reshape(2, -1)
