"""`CrossValidated`: what estimators that choose their own l2 share; folds with rows of rare classes."""

from __future__ import annotations

import inspect
import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import _fit_context, is_classifier
from sklearn.metrics import check_scoring, get_scorer, get_scorer_names, log_loss, make_scorer
from sklearn.model_selection import LeaveOneOut, check_cv
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    _raise_for_params,
    _routing_enabled,
    process_routing,
)
from sklearn.utils.validation import _check_method_params

from linnet.errors import GridEdgeWarning, warn
from linnet.estimators.arrays import Space, as_numpy, pick_rows, row_weights
from linnet.estimators.base import LinearEstimator
from linnet.estimators.folds import (
    Split,
    check_weights,
    leave_out_unknown,
    leave_out_weightless,
    number_rows,
    penalties,
)
from linnet.estimators.problem import Problem

if TYPE_CHECKING:
    from torch import Tensor
    from typing_extensions import Self

    from linnet.core.bank import Bank


LOG_LOSS = "neg_log_loss"
"""scikit-learn's name of the score."""


def scorer_of(model: Any, scoring: Any) -> Any:
    """The scorer; log loss by its name knows all classes of the model, whichever a fold's rows are of.

    Args:
        model: a classifier that knows its classes, or a regressor.
        scoring: a scorer, or the name of one.
    """
    if scoring == LOG_LOSS and hasattr(model, "classes_"):
        labels = as_numpy(model.classes_)  # which may be on a device
        return make_scorer(log_loss, response_method="predict_proba", greater_is_better=False, labels=labels)
    return check_scoring(model, scoring=scoring)


LEARNED = ("n_features_in_", "feature_names_in_", "classes_", "_is_flat", "_dtype")
"""What a model is besides its parameters."""


@dataclass(kw_only=True, eq=False, repr=False)
class CrossValidated(LinearEstimator):
    """A linear model whose l2 is the one that does best on rows kept from training.

    Scores, penalties P and folds F are (P, F); the best is that of the largest mean; of equals it
    is the largest l2.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "l2s": ["array-like", Interval(Integral, 1, None, closed="left")],
        "cv": ["cv_object"],
        "scoring": [StrOptions(set(get_scorer_names())), callable, None],
        "fit_intercept": ["boolean"],
        "standardize": ["boolean"],
    }

    l2s: Any = 10
    cv: Any = None
    scoring: Any = None
    # Settings of an estimator of one l2 alone.
    l2: float = field(default=0.0, init=False)
    warm_start: bool = field(default=False, init=False)

    @abstractmethod
    def _models(self, problem: Problem, splits: Sequence[Split], l2s: Sequence[float]) -> Bank:
        """The models, fold by fold and in each penalty by penalty."""

    @abstractmethod
    def _judge(
        self, problem: Problem, splits: Sequence[Split], l2s: Sequence[float], weights: np.ndarray | None
    ) -> np.ndarray:
        """The score of each without a scorer, (P, F), float64."""

    def _judge_at_once(self, problem: Problem, l2s: Sequence[float]) -> np.ndarray | None:
        """The score of each without a scorer, (P, F), where no fold need be made for it."""
        return None

    @abstractmethod
    def _plain(self) -> LinearEstimator:
        """An estimator of one l2 that takes a model's parameters."""

    def get_metadata_routing(self) -> MetadataRouter:
        """What metadata goes where: `fit` passes some on to the splitter and the scorer."""
        router = MetadataRouter(owner=self).add_self_request(self)
        router.add(splitter=self.cv, method_mapping=MethodMapping().add(caller="fit", callee="split"))
        if self.scoring is not None:
            scorer = check_scoring(self, scoring=self.scoring)
            router.add(scorer=scorer, method_mapping=MethodMapping().add(caller="fit", callee="score"))
        return router

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Score all penalties on all folds, and fit the model of the best on all rows.

        Args:
            X: rows, (N, D): an array, a data frame, or scipy.sparse.
            y: labels, (N,), numbers or strings; or targets, (N,) or (N, K).
            sample_weight: how much each row counts, (N,).
            params: for the splitter and the scorer, where metadata routing is on.
        """
        _raise_for_params(params, self, "fit")
        l2s = penalties(self.l2s)
        X, y = self._check_inputs(X, y, reset=True)
        problem, space = self._pose(X, y, sample_weight, reset=True)
        split, judge = self._route(params, sample_weight)
        scores = self._judge_at_once(problem, l2s) if self.scoring is None else None
        if scores is None:
            weights = row_weights(sample_weight, X)
            splits = self._splits(X, y, split)
            splits = leave_out_weightless(splits, weights) if self._leaves_one_out else splits
            check_weights(splits, weights)
            if self.scoring is None:
                scores = self._judge(problem, splits, l2s, weights)
            else:
                scores = self._score(self._models(problem, splits, l2s), splits, X, y, judge)
        self.scores_ = space.array(scores.astype(self._dtype))
        return self._refit(problem, space, l2s, scores)

    def _splits(self, X: Any, y: Any, params: dict[str, Any]) -> list[Split]:
        """Which rows each fold trains on, and which judge it."""
        labels = as_numpy(y)
        rows = X if Space.of(X).is_numpy else np.empty((len(labels), 0))
        cv: Any = LeaveOneOut() if isinstance(self.cv, str) else self.cv
        splitter: Any = check_cv(cv, labels, classifier=is_classifier(self))
        found = number_rows(splitter.split(rows, labels, **params), len(labels))
        return leave_out_unknown(labels, found) if self.scoring == LOG_LOSS and is_classifier(self) else found

    @property
    def _leaves_one_out(self) -> bool:
        """Whether each row that counts judges the model of all others."""
        return isinstance(self.cv, str | LeaveOneOut)

    def _route(self, params: dict[str, Any], sample_weight: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the splitter and the scorer get of the metadata."""
        if _routing_enabled():
            given = params if sample_weight is None else {**params, "sample_weight": sample_weight}
            routed = process_routing(self, "fit", **given)
            return routed.splitter.split, {} if self.scoring is None else routed.scorer.score
        return {}, {"sample_weight": sample_weight} if self._weighs(sample_weight) else {}

    def _weighs(self, sample_weight: Any) -> bool:
        """Whether the scorer is one by name that takes weights, and there are some."""
        if sample_weight is None or not isinstance(self.scoring, str):
            return False
        return "sample_weight" in inspect.signature(get_scorer(self.scoring)._score_func).parameters

    def _score(
        self, bank: Bank, splits: Sequence[Split], X: Any, y: Any, params: dict[str, Any]
    ) -> np.ndarray:
        """What the scorer says of each model of the bank, (P, F); it is given numpy's arrays."""
        scorer: Any = scorer_of(self, self.scoring)
        count = bank.models // len(splits)
        scores = np.empty((count, len(splits)))
        for fold, (_, kept) in enumerate(splits):
            X_kept, y_kept = pick_rows(X, kept), as_numpy(pick_rows(y, kept))
            X_kept = X_kept if sparse.issparse(X_kept) else as_numpy(X_kept)
            given = _check_method_params(X, params=params, indices=kept)
            for place in range(count):
                model = self._with(bank.pick(fold * count + place).theta)
                scores[place, fold] = scorer(model, X_kept, y_kept, **given)
        return scores

    def _with(self, theta: Tensor) -> LinearEstimator:
        """A plain estimator with a model's parameters, numpy's."""
        model = self._plain()
        learned = {name: value for name, value in vars(self).items() if name in LEARNED}
        if "classes_" in learned:
            learned["classes_"] = as_numpy(learned["classes_"])
        vars(model).update(learned)
        return model._keep(theta, 1, Space.of(np.empty(0)))

    def _refit(self, problem: Problem, space: Space, l2s: Sequence[float], scores: np.ndarray) -> Self:
        """Fit the best l2 on all rows."""
        from linnet.core.grids import edge_of

        means: list[float] = scores.mean(1).tolist()
        finite = [mean for mean in means if math.isfinite(mean)]
        if not finite:
            raise ValueError("no l2 has a finite score: check the data, the folds and the scorer")
        self.best_score_ = max(finite)
        self.l2_ = max(l2 for l2, mean in zip(l2s, means, strict=True) if mean == self.best_score_)
        self.l2s_ = space.array(np.array(l2s, self._dtype))
        error = _standard_error(scores[list(l2s).index(self.l2_)])
        self.edge_ = str(edge_of("l2", l2s, [-mean for mean in means], self.l2_, error=error) or "")
        if self.edge_:
            warn(self.edge_, GridEdgeWarning)
        answer = self._minimise(problem.with_penalty(self.l2_, problem.l1))
        return self._keep(answer.theta, answer.iterations, space)


def _standard_error(scores: np.ndarray) -> float:
    """Of the mean over folds, (F,); NaN of a single one."""
    return float(scores.std(ddof=1) / math.sqrt(len(scores))) if len(scores) > 1 else math.nan
