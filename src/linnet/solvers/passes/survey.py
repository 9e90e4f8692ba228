"""`Survey`: what one pass over rows tells of them, with a sample of them that is held in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.device import generator, read_ahead
from linnet.dist.processes import Processes
from linnet.errors import UsageError
from linnet.solvers.problem.double_double import power
from linnet.solvers.problem.spread import HUGE, TINY, Spread

NUMBERS, FEWEST, MOST = 2**23, 4000, 50_000
"""Of a sample; its rows at least, and at most."""

BLOCK = 2**18
"""Numbers that are looked at together."""


@dataclass(frozen=True, eq=False)
class Survey:
    """What is known of all rows that count, those of other processes too.

    Args:
        spreads: of their columns with a bias and without, as of `find_spread`.
        sample: some of them, in memory: the same in each process, however many there are.
    """

    spreads: dict[bool, Spread]
    sample: Dataset


class Surveyor:
    """Counts the rows of all processes, and looks at them once that is asked for.

    Args:
        dataset: this process's rows.
        processes: that share all of them.
        seed: of the sample.

    Raises:
        UsageError: no row counts in any process.
    """

    def __init__(self, dataset: Dataset, processes: Processes, seed: int = 0) -> None:
        self.dataset, self.processes, self.seed = dataset, processes, seed
        self.read = 0
        """Rows of this process that were read for its problem so far, each time counted."""
        weights = dataset.weights
        self._counted = None if weights is None else (weights > 0).nonzero()[:, 0]
        rows = len(dataset) if self._counted is None else len(self._counted)
        own = float(rows) if weights is None else float(weights.double().sum())
        every = processes.gather((rows, own))
        self.rows = sum(processes.gather(len(dataset)))
        self._bounds = [sum(count for count, _ in every[:rank]) for rank in range(len(every) + 1)]
        self.weight = sum(weight for _, weight in every)
        if not self._bounds[-1]:
            raise UsageError("there are no rows that count: the data set is empty, or every weight is 0")

    @cached_property
    def survey(self) -> Survey:
        """What the rows are like."""
        self.read += len(self.dataset)
        low, high = self._bounds[self.processes.rank : self.processes.rank + 2]
        drawn = _draw(self._bounds[-1], self.dataset.features, self.seed)
        places = drawn[(drawn >= low) & (drawn < high)] - low
        picker = _Picker(self.dataset, places if self._counted is None else self._counted[places])
        look = _look(self.dataset, self.processes, picker)
        if look.loses_squares:
            look = _look(self.dataset, self.processes, None, 1 / power(look.reach))
        spreads = {True: look.spread(), False: look.spread_about_zero()}
        return Survey(spreads, picker.sample(self.processes))


def _draw(total: int, features: int, seed: int) -> Tensor:
    """Row numbers of a sample, one of each run of rows, in order."""
    size = max(FEWEST, min(MOST, NUMBERS // (features + 1)))
    if total <= size:
        return torch.arange(total)
    draws = torch.rand(size, generator=generator(seed, "survey"), dtype=torch.float64)
    return ((torch.arange(size) + draws) * (total / size)).long().clamp_(max=total - 1)


@dataclass(eq=False)
class _Picker:
    """Keeps the rows of a sample as they go by.

    Args:
        dataset: the rows.
        places: of the sample's, in order.
    """

    dataset: Dataset
    places: Tensor
    kept: list[Tensor] = field(default_factory=list)

    def see(self, X: Tensor, low: int) -> None:
        """Keep those of a block that begins with a row."""
        bounds = torch.searchsorted(self.places, torch.tensor([low, low + len(X)])).tolist()
        here = self.places[slice(*bounds)] - low
        if len(here):
            self.kept.append(X[here])

    def sample(self, processes: Processes) -> Dataset:
        """The rows of all processes."""
        dataset = self.dataset
        X = torch.cat(self.kept) if self.kept else torch.empty(0, dataset.features, dtype=dataset.X.dtype)
        weights = None if dataset.weights is None else dataset.weights[self.places]
        X = torch.cat(processes.gather(X))
        y = torch.cat(processes.gather(dataset.y[self.places]))
        weights = None if weights is None else torch.cat(processes.gather(weights))
        return Dataset(X, y, dataset.name, dataset.classes, scale=dataset.scale, weights=weights)


@dataclass(frozen=True, eq=False)
class _Look:
    """Sums over columns about a row's numbers, in units of which `inverse` is one over each.

    Args:
        first: that row's numbers, (D,).
        inverse: (D,), or 1.
        weight: of the rows.
        mean: of what is off the first row, (D,).
        square: Σ w (off − mean)², (D,).
        reach: the largest of what is off, (D,), not in units.
    """

    first: Tensor
    inverse: Tensor
    weight: float
    mean: Tensor
    square: Tensor
    reach: Tensor

    def join(self, other: _Look) -> _Look:
        """Both (Chan, Golub and LeVeque 1983)."""
        weight = self.weight + other.weight
        share, moved = other.weight / weight, other.mean - self.mean
        square = self.square + other.square + self.weight * share * moved.square()
        reach = torch.maximum(self.reach, other.reach)
        return _Look(self.first, self.inverse, weight, self.mean + share * moved, square, reach)

    @property
    def loses_squares(self) -> bool:
        """Whether squares of some column end in 0 or infinity."""
        size = (self.square / self.weight).sqrt()
        return bool((~((size > TINY) & (size < HUGE)) & (self.reach > 0)).any())

    def spread(self) -> Spread:
        """About the means."""
        size = (self.square / self.weight).sqrt() / self.inverse
        return Spread(self.first + self.mean / self.inverse, size)

    def spread_about_zero(self) -> Spread:
        """About 0."""
        spread = self.spread()
        return Spread(torch.zeros_like(self.mean), torch.hypot(*spread))


def _look(
    dataset: Dataset, processes: Processes, picker: _Picker | None, inverse: Tensor | None = None
) -> _Look:
    """The sums over the rows of all processes."""
    unit = torch.ones(dataset.features, dtype=torch.float64) if inverse is None else inverse
    first, own = None, None
    for X, weights, low in _blocks(dataset):
        if picker is not None:
            picker.see(X, low)
        X = X.double() if weights is None else X[weights > 0].double()
        if not len(X):
            continue
        first = X[0].clone() if first is None else first
        part = _sum_up(X - first, first, unit, None if weights is None else weights[weights > 0])
        own = part if own is None else own.join(part)
    looks = [look for look in processes.gather(own) if look is not None]
    result, *others = looks
    for other in others:  # about another row
        moved = (other.first - result.first) * unit
        reach = other.reach + moved.abs() / unit
        result = result.join(_Look(result.first, unit, other.weight, other.mean + moved, other.square, reach))
    return result


def _sum_up(off: Tensor, first: Tensor, inverse: Tensor, weights: Tensor | None) -> _Look:
    """The sums over a block of rows, (B, D), less the first."""
    reach = off.abs().amax(0)
    off = off.mul_(inverse)
    shares = off.new_ones(len(off)) if weights is None else weights.double()
    weight = float(shares.sum())
    mean = shares @ off / weight
    return _Look(first, inverse, weight, mean, shares @ off.sub_(mean).square_(), reach)


def _blocks(dataset: Dataset) -> Iterator[tuple[Tensor, Tensor | None, int]]:
    """Rows as they are stored, (B, D), their weights, and the number of the first."""
    height = max(1, BLOCK // max(1, dataset.features))
    parts = [slice(low, min(low + height, len(dataset))) for low in range(0, len(dataset), height)]
    stored = (dataset.X[part] for part in parts)
    for X, part in zip(read_ahead(stored) if dataset.is_streamed else stored, parts, strict=True):
        yield X, None if dataset.weights is None else dataset.weights[part], part.start
