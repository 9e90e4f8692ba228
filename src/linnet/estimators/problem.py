"""`Problem` and `Method`: what an estimator minimises and how, posed without torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.estimators.arrays import tensor
from linnet.lazy import is_tensor, torch

if TYPE_CHECKING:
    from torch import Tensor

    from linnet.core.losses import Loss
    from linnet.solvers.prepare import Preparation
    from linnet.solvers.problem.objective import Objective

EPOCHS = 50
"""Of gradient descent where nothing was said."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows and their targets as they came, which become a data set where one is asked for.

    Args:
        X: rows, (N, D): an array of any library, a tensor, or scipy's CSR.
        y: targets, (N, K), floating; or the number of each row's class, (N,).
        weights: how much each row counts, (N,), float64; None where all count alike.
        classes: how many, where the targets are their numbers.
    """

    X: Any
    y: Any
    weights: Any = None
    classes: int = 0

    @classmethod
    def of(cls, data: Dataset) -> Rows:
        """The rows of a data set, which is `data` again."""
        rows = cls(data.X, data.y, data.weights, len(data.classes))
        rows.__dict__["data"] = data
        return rows

    @cached_property
    def data(self) -> Dataset:
        """A data set that shares their memory."""
        X = self.X if sparse.issparse(self.X) else tensor(self.X)
        device = X.device if is_tensor(X) else torch.device("cpu")
        weights = None if self.weights is None else tensor(self.weights).to(device)
        names = tuple(map(str, range(self.classes)))
        return Dataset(X, tensor(self.y).to(device), "rows", names, weights=weights)

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None] | None:
        """X, the targets and the weights as numpy has them; None where the rows are sparse or on a device."""
        if isinstance(self.X, np.ndarray):
            return self.X, self.y, self.weights
        data = self.data
        if data.is_sparse or data.X.device.type != "cpu" or data.scale != 1:
            return None
        return data.X.numpy(), data.y.numpy(), None if data.weights is None else data.weights.numpy()


@dataclass(frozen=True, eq=False)
class Problem:
    """The mean loss of rows and a penalty, to be minimised.

    Args:
        rows: dense or sparse.
        kind: the loss, by its name; of two classes "logistic", whose targets are (N, 1).
        l2: of the weights as they stand here; `own_l2` is what of it a person's l2 comes to.
        l1: likewise.
        intercept: whether there is a bias.
        standardize: whether the penalty is of the weights of columns of deviation 1.
        own_weights: of the rows without those of their classes, (N,), by which columns are standardised; None
            where all count alike.
    """

    rows: Rows
    kind: str
    l2: float = 0.0
    l1: float = 0.0
    intercept: bool = True
    standardize: bool = False
    own_weights: np.ndarray | None = None

    @cached_property
    def loss(self) -> Loss:
        """The loss."""
        from linnet.core.losses import by_name

        return by_name(self.kind)

    @property
    def penalty(self) -> Penalty:
        """Both penalties."""
        return Penalty(self.l2, self.l1)

    @property
    def data(self) -> Dataset:
        """The rows as a data set."""
        return self.rows.data

    def with_data(self, data: Dataset) -> Problem:
        """The problem of other rows, or of these in another form."""
        return replace(self, rows=Rows.of(data))

    def own_l2(self, l2: float) -> float:
        """The l2 of these weights that is ½ l2 ‖W‖² of softmax's W, (K, D), or of a regression's.

        Of two classes the weights here are w, by how much the second is ahead. Softmax says the same with the
        rows ±w/2, of which ‖W‖² is ½ ‖w‖² and ‖W‖₁ is ‖w‖₁: half the l2, and the same l1.
        """
        return l2 / 2 if self.kind == "logistic" else l2

    def with_penalty(self, l2: float, l1: float) -> Problem:
        """The problem with a penalty on softmax's or a regression's W."""
        return replace(self, l2=self.own_l2(l2), l1=l1)

    def take(self, index: np.ndarray) -> Problem:
        """The problem of some rows."""
        at = torch.from_numpy(index).to(self.data.y.device)
        own = None if self.own_weights is None else self.own_weights[index]
        return replace(self.with_data(self.data.rows(at)), own_weights=own)

    def prepare(self, trained: np.ndarray | None = None) -> tuple[Problem, Preparation]:
        """The problem of standardised columns, and what takes its models back to plain ones.

        Args:
            trained: the rows that means and deviations are of; all when None.
        """
        from linnet.solvers.prepare import Preparation

        those = self if trained is None else self.take(trained)
        own = None if those.own_weights is None else tensor(those.own_weights).to(those.data.y.device)
        rows = replace(those.data, weights=own)
        preparation = Preparation.of(rows, "none", self.standardize, intercept=self.intercept)
        return replace(self.with_data(preparation.apply(self.data)), standardize=False), preparation

    @cached_property
    def objective(self) -> Objective:
        """The objective, whose products are of float32 for rows of float32 or pixels, else of float64."""
        from linnet.solvers.problem.objective import Objective

        dtype = torch.float32 if self.data.X.dtype in (torch.float32, torch.uint8) else torch.float64
        return Objective.of(self.data, self.loss, self.penalty, intercept=self.intercept, dtype=dtype)


@dataclass(frozen=True)
class Method:
    """How to solve.

    Args:
        name: the solver, as the estimators call it.
        tol: the gain that may be left, as a share of the objective.
        max_iter: iterations, or epochs of "sgd"; the solver's own number where None.
        seed: of gradient descent.
        lr: its learning rate; a safe one where None.
        batch_size: its rows a minibatch.
    """

    name: str
    tol: float
    max_iter: int | None
    seed: int = 0
    lr: float | None = None
    batch_size: int = 256

    @property
    def epochs(self) -> int:
        """Of gradient descent."""
        return EPOCHS if self.max_iter is None else self.max_iter


@dataclass(frozen=True, eq=False)
class Answer:
    """A model that a method found.

    Args:
        theta: weights and biases, (K, D + 1), float64: an array of numpy's or a tensor.
        iterations: how many it took, at least 1 unless none were allowed.
        is_settled: whether it is the optimum; if not, another method goes on from there.
    """

    theta: Tensor | np.ndarray
    iterations: int
    is_settled: bool = True
