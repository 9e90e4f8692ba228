"""Temperature and vector scaling: calibrations learnt on rows kept from training (Guo et al. 2017, 4.2)."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from linnet.core.calibration import KINDS, Calibration
from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.evaluate.forecast import Forecast, forecast
from linnet.evaluate.held_out import held_out
from linnet.train.run import Run

WIDEST = 1e4
"""Temperatures are sought in 1/WIDEST…WIDEST."""


def learn(kind: str, said: Forecast, source: str = "") -> Calibration:
    """The calibration with the least log loss on some rows; never one with more than they have without it.

    Args:
        kind: "temperature", one number, which leaves every decision as it is; or "vector", a scale and a
            shift for each class, which can also mend how often each class is said.
        said: of rows that the model was not trained on, without a calibration.
        source: which rows those are, for people.

    Raises:
        UsageError: another kind; or the rows have no best calibration, because the model makes no mistake on
            them or, for "vector", because a class has no row.
    """
    if kind not in KINDS:
        raise UsageError(f"a calibration is {' or '.join(KINDS)}, not {kind!r}")
    _check_bounded(kind, said)
    K = len(said.classes)
    start = Calibration("temperature", (1.0,) * K, (0.0,) * K)
    best = min([start, _temperature(said)], key=lambda c: log_loss(c, said))
    if kind == "vector":
        best = min([best, _vector(said, best)], key=lambda c: log_loss(c, said))
        if bool(_after(best, said).hits.all()):
            raise UsageError(
                f"a scale and a shift a class tell all {len(said):,} rows apart, so that none is best: take "
                "temperature, or keep more rows from training"
            )
    return Calibration(kind, best.scale, best.shift, len(said), source)


def _check_bounded(kind: str, said: Forecast) -> None:
    """Refuse rows whose log loss has no minimum: it falls as the logits or a class's shift grow for ever."""
    if bool(said.hits.all()):
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
    """By Brent's method: the loss is convex in 1/T, so it has one minimum in log T."""
    from scipy.optimize import fminbound

    K = len(said.classes)

    def at(log_t: float) -> Calibration:
        return Calibration("temperature", (math.exp(-log_t),) * K, (0.0,) * K)

    edge = math.log(WIDEST)
    found = fminbound(lambda log_t: log_loss(at(log_t), said), -edge, edge, xtol=1e-10)
    return at(np.asarray(found).item())


def _vector(said: Forecast, start: Calibration) -> Calibration:
    """By L-BFGS from the best temperature; the loss is convex in scale and shift together."""
    from scipy.optimize import minimize

    K = len(said.classes)
    truth = torch.eye(K, dtype=torch.float64)[said.labels]  # (N, K)

    def value_and_gradient(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        scale, shift = torch.from_numpy(parameters).view(2, K)
        log_p = torch.log_softmax(said.logits * scale + shift, 1)  # (N, K)
        residual: Tensor = (log_p.exp() - truth) / len(truth)
        gradient = torch.cat([(residual * said.logits).sum(0), residual.sum(0)])
        return float(-(truth * log_p).sum(1).mean()), gradient.numpy()

    found = minimize(value_and_gradient, [*start.scale, *start.shift], jac=True, method="L-BFGS-B")
    scale, shift = found.x.reshape(2, K).tolist()
    return Calibration("vector", tuple(scale), tuple(shift))
