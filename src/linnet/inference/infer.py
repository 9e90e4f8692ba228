"""`infer`: standard errors, intervals and tests of a solved linear, logistic or softmax regression."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from linnet.config.losses import LOSSES
from linnet.core.losses import Loss
from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.inference.covariance import (
    Covariance,
    CovarianceOptions,
    check_covariance,
    describe_method,
    estimate_covariance,
    groups_of,
)
from linnet.inference.design import (
    Basis,
    Problem,
    check_as_it_stands,
    check_dense,
    default_covariance,
    make_basis,
    read_weighting,
)
from linnet.inference.goodness import Goodness, goodness_by_likelihood, goodness_of_regression
from linnet.inference.likelihood import Classes, Counts, Likelihood, Normal
from linnet.inference.newton_polish import Fitted, polish
from linnet.inference.notes import Done, common_reason, find_reasons, write_notes
from linnet.inference.remarks import CONSTANT, SATURATED, check_squares
from linnet.inference.result import Inference, tabulate
from linnet.model.run import Run
from linnet.solvers.solution import Solution

KINDS = {name: entry.inference for name, entry in LOSSES.items() if entry.inference}
"""The kind of model of each loss that is a likelihood's."""

LARGEST = 2**13
"""Parameters of one model up to which their covariance, 0.5 GiB then, is formed."""

BIAS = "bias"


def infer(
    solved: Solution | Run,
    dataset: Dataset,
    *,
    covariance: str | None = None,
    level: float = 0.95,
    names: Sequence[str] | None = None,
    reference: str | None = None,
    bags: int = 200,
    seed: int = 1,
    weight_kind: str | None = None,
) -> Inference:
    """Standard errors, confidence intervals and tests of a solved model.

    - "hessian": the inverse of the second derivative of the negative log-likelihood; σ² (XᵀX)⁻¹ for a
      regression. Right if the model is.
    - "sandwich": H⁻¹ (Σ_i s_i s_iᵀ) H⁻¹ with the rows' scores s_i. Holds for large N if the model is wrong
      (White 1980, 1982). For a regression it is "hc3" (MacKinnon and White 1985; advised by Long and Ervin
      2000), which may also be asked for by name, as "hc0" to "hc2"; for classes it is "hc0".
    - "cluster": the sandwich of the sums of scores over the data set's groups, whose rows may depend on each
      other, times G/(G − 1) · (N − 1)/(N − parameters); of a regression with G − 1 degrees of freedom.
    - "bootstrap": the covariance of the optima of `bags` Poisson bootstraps of the rows or groups.

    What row weights mean is for `weight_kind` to say. "frequency": 2 is the same row twice. "precision": a
    number's variance is σ²/w (weighted least squares); not of classes. "importance": a sampled row stands
    for w others (inverse probabilities), for the sandwich and the bootstrap alone. The scale of the last two
    does not matter.

    Where classes are told apart without error the likeliest weights are infinite. All other figures are those
    of the limit, in which the rows that are told apart decide nothing (Geyer 2009), whatever the reference.

    Regressions are judged by Student's t with rows − parameters degrees of freedom, classes by the normal
    distribution. Softmax feels only differences between classes, so its estimates are differences to a
    reference class; logistic (one against the rest) is a binary model for each class.

    Estimates under L2 are shrunk towards 0, so no interval around them covers the truth as often as it says
    and no test of 0 is right: there are no p-values. "hessian" then is the inverse Hessian with the
    penalty, the covariance of the posterior for a normal prior on the weights, and low and high bound a
    credible interval (Hastie, Tibshirani and Friedman 2009, 3.4.1; Wood 2017, 6.10). The other two are the
    spread of the shrunk estimates about their own mean (le Cessie and van Houwelingen 1992).

    Args:
        solved: at the optimum of these rows; small differences are taken out by Newton's method.
        dataset: the rows it was solved on.
        covariance: one of these; when None by groups, or importance weights' sandwich, or the Hessian's.
        level: of the intervals.
        names: of the features; the data set's own, else x0, x1, …, when None.
        reference: a class of a softmax model; the first when None.
        bags: bootstraps.
        seed: of the bootstraps.
        weight_kind: "frequency", "precision" or "importance"; when None, weights are frequencies for the
            Hessian and importances for the sandwich and the bootstrap.

    Raises:
        UsageError: there is an L1 penalty, another loss, too much data, a model that is not at the optimum,
            or an argument that cannot be.
        ShapeError: the data set is not one the model was made for.
    """
    run = solved.value if isinstance(solved, Solution) else solved
    run.check_fits(dataset)
    check_dense(dataset)
    kind, l2 = _check(run, dataset, level)
    chosen = default_covariance(covariance, weight_kind, dataset)
    check_covariance(chosen, kind, bags)
    labels = _labels(names or dataset.columns or None, dataset.features)
    place = _reference(reference, kind, dataset)
    weighting = read_weighting(
        dataset, weight_kind, chosen if dataset.groups is not None else covariance, kind
    )
    dataset = weighting.of(dataset)
    basis = make_basis(dataset, l2, run.has_intercept)
    options = CovarianceOptions(chosen, bags, seed)
    problem = Problem(dataset, basis, weighting, l2)
    models = [
        _Model(*parts, k, problem, kind) for k, parts in enumerate(_models(run, dataset, basis, kind, place))
    ]
    if (count := len(models[0].outputs) * basis.rank) > LARGEST:
        raise UsageError(
            f"{count} parameters are too many for their covariance matrix (at most {LARGEST}): infer on "
            "fewer features or classes"
        )
    done = [_infer_one(model, options) for model in models]
    notes = write_notes(done, problem, labels, place, chosen)
    columns, counted = _columns(labels, basis), min(each.found.bags for each in done)
    return Inference(
        tabulate(done, columns, level, l2), tuple(each.goodness for each in done), kind,
        _title(kind, run.card.dataset, l2),
        describe_method(chosen, kind, level, l2, counted, weighting.meaning),
        level, dataset.classes[place] if kind == "softmax" else None, l2, counted, weighting.kind, notes,
        tuple(each.covariance for each in done), tuple(columns),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Model:
    """One model to infer on: names of its J outputs, likelihood, parameters (J, D + 1), place, and rows."""

    outputs: tuple[str, ...]
    likelihood: Likelihood
    gamma: Tensor
    scores: Tensor
    place: int
    problem: Problem
    kind: str

    def ridge(self) -> Tensor:
        """The second derivative of the penalty over η, (J·r, J·r)."""
        return torch.kron(self._metric(), self.problem.basis.ridge(self.problem.l2))

    def pull(self) -> Tensor:
        """Its derivative at gamma, (J·r,)."""
        basis = self.problem.basis
        share = self.problem.l2 * basis.w.sum()
        return (share * self._metric() @ self.gamma[:, :-1] @ basis.T[:-1]).flatten()

    def _metric(self) -> Tensor:
        """What ‖W‖² is of differences γ to a reference, the classes summing to 0: Σ γ_j² − (Σ γ_j)²/K."""
        J = len(self.outputs)
        metric = torch.eye(J, dtype=torch.float64)
        return metric - 1 / (J + 1) if self.kind == "softmax" else metric


def _infer_one(model: _Model, options: CovarianceOptions) -> Done:
    """Infer on one model."""
    basis = model.problem.basis
    fitted = polish(model.likelihood, basis, model.gamma, model.scores, model.ridge(), model.pull())
    goodness = _goodness(model, fitted)
    unit = 1.0
    if goodness.sigma2 is not None:  # without degrees of freedom residuals are 0
        unit = math.sqrt(goodness.sigma2) if goodness.sigma2 > 0 else 0.0
    found = estimate_covariance(model.problem, fitted, options, unit)
    reasons = find_reasons(basis, fitted, found)
    general = common_reason(goodness, model.problem.l2)
    known = torch.ones(fitted.gamma.shape, dtype=torch.bool)
    for j, d in reasons:
        known[j, d] = False
    if general in (SATURATED, CONSTANT):
        known &= False
    gamma = fitted.gamma
    if fitted.limit is not None:
        gamma = torch.where(fitted.limit.ends == 0, gamma, fitted.limit.ends)
    if general == CONSTANT and basis.intercept:
        gamma = gamma.clone()
        gamma[:, :-1] = 0.0  # what the solver left there is rounding
    freedom = goodness.degrees_of_freedom if model.kind == "regression" else math.inf
    if options.covariance == "cluster" and model.kind == "regression":
        freedom = min(freedom, float(groups_of(model.problem).max()))  # one less than there are groups
    covariance = Covariance(found.V, basis.T, model.outputs, known)
    return Done(gamma, goodness, covariance, freedom, reasons, general, fitted.limit, found)


def _goodness(model: _Model, fitted: Fitted) -> Goodness:
    parameters = float(len(fitted.factor))
    if model.problem.l2:
        parameters = float(torch.cholesky_solve(fitted.information, fitted.factor).diagonal().sum())
    if not isinstance(model.likelihood, Normal):
        return goodness_by_likelihood(model.outputs, model.problem, fitted, parameters)
    return goodness_of_regression(model.outputs, model.problem, fitted, parameters, model.place)


def _models(
    run: Run, dataset: Dataset, basis: Basis, kind: str, place: int
) -> list[tuple[tuple[str, ...], Likelihood, Tensor, Tensor]]:
    """Outputs, likelihood, parameters and scores of each model."""
    theta = run.bank.theta.cpu().double()
    Y = Loss.encode(dataset.y.cpu(), dataset.outputs, torch.float64)[:, basis.kept]  # (K, N)
    X = dataset.X.cpu()[basis.kept].double() * dataset.scale
    scores = torch.addmm(theta[:, -1:], theta[:, :-1], X.T)  # (K, N)
    alone = (dataset.target or "y",) if len(Y) == 1 else ()
    names = dataset.classes or alone or tuple(f"y{k}" for k in range(len(Y)))
    if kind == "softmax":
        rest = [k for k in range(len(Y)) if k != place]
        outputs = tuple(names[k] for k in rest)
        return [(outputs, Classes(Y[rest]), theta[rest] - theta[place], scores[rest] - scores[place])]
    rates = partial(Counts, is_rate=dataset.has_exposure)
    likelihood = {"regression": Normal, "poisson": rates, "logistic": Classes}[kind]
    return [
        ((name,), likelihood(Y[k : k + 1]), theta[k : k + 1], scores[k : k + 1])
        for k, name in enumerate(names)
    ]


def _check(run: Run, dataset: Dataset, level: float) -> tuple[str, float]:
    """The kind of model and its l2."""
    request = run.request
    if request is not None and request.l1:
        raise UsageError(
            "there are no standard errors under an L1 penalty: the same rows chose which weights are "
            "0, so the estimates are not normal (Leeb and Pötscher 2005) and usual intervals miss too often. "
            "Solve again without l1 on the chosen columns with rows that did not choose them, or look at how "
            "predictions vary over bootstraps"
        )
    if run.solved is not None:
        check_as_it_stands(run.solved)
    if run.card.loss not in KINDS:
        raise UsageError(
            f"inference is for the losses {', '.join(KINDS)}, not {run.card.loss}, which is the "
            "likelihood of no model here"
        )
    optimum = run.optimum
    if KINDS[run.card.loss] == "poisson" and optimum is not None and not optimum.is_attained:
        raise UsageError(f"there is nothing to infer from a model without an optimum ({optimum.status})")
    if run.bank.models > 1:
        raise UsageError(f"inference is of one model, not of a bank of {run.bank.models}: pick one")
    if not 0 < level < 1:
        raise UsageError(f"level must lie between 0 and 1, not {level}")
    if run.card.loss == "logistic" and not bool(
        ((dataset.y >= 0) & (dataset.y <= 1)).all() | bool(dataset.classes)
    ):
        raise UsageError("the targets of a logistic regression must lie in 0…1")
    if KINDS[run.card.loss] == "regression" and len(dataset):
        check_squares(dataset)
    if run.card.loss == "softmax" and dataset.outputs < 2:
        raise UsageError("a softmax model of one class has nothing to infer")
    return KINDS[run.card.loss], 0.0 if request is None else request.l2


def _labels(names: Sequence[str] | None, features: int) -> list[str]:
    labels = [f"x{column}" for column in range(features)] if names is None else list(names)
    if len(labels) != features:
        raise UsageError(f"expected {features} names, one a feature, got {len(labels)}")
    return labels


def _columns(labels: list[str], basis: Basis) -> list[tuple[str, int]]:
    """Names and columns of θ in the order of the table: the bias first."""
    first = [(BIAS, len(labels))] if basis.intercept else []
    return [*first, *((label, column) for column, label in enumerate(labels))]


def _reference(reference: str | None, kind: str, dataset: Dataset) -> int:
    if reference is None:
        return 0
    if kind != "softmax":
        raise UsageError("only a softmax model has a reference class: leave reference out")
    if reference not in dataset.classes:
        raise UsageError(f"reference must be one of {', '.join(dataset.classes)}, not {reference!r}")
    return dataset.classes.index(reference)


def _title(kind: str, dataset: str, l2: float) -> str:
    what = {
        "regression": "Linear regression", "softmax": "Softmax regression",
        "logistic": "Logistic regression, one class against the rest", "poisson": "Poisson regression",
    }[kind]  # fmt: skip
    return f"{what} of {dataset}" + (f", shrunk by l2 = {l2:g}" if l2 else "")
