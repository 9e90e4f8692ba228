"""How the levels of categories in a formula become columns, so that none is the sum of others.

Each category is coded by all of its levels or by one fewer, whichever the terms before leave room for, as R's
formulas and patsy have it (docs/data.md says more).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from linnet.errors import FormatError
from linnet.schema.products import Operand

TREATMENT, SUM = "treatment", "sum"


@dataclass(frozen=True)
class Levels:
    """A category in a formula.

    Args:
        name: as the formula has it: `C(cut)`.
        column: of the table.
        contrast: "treatment" compares levels to a base, "sum" to the mean of all.
        base: the level that the others are compared to; the first when empty.
    """

    name: str
    column: str
    contrast: str = TREATMENT
    base: str = ""

    def columns(self, levels: Sequence[str], is_full: bool) -> list[tuple[str, Operand]]:
        """The columns of its levels, each with its name.

        Args:
            levels: of the category, in order.
            is_full: whether each level has one; else there is one fewer.

        Raises:
            FormatError: the base is none of the levels.
        """
        of = {level: f"{self.column}={level}" for level in levels}
        if self.base and self.base not in of:
            raise FormatError(f"{self.name} has the base {self.base!r}, which {self.column} does not have")
        if is_full:
            return [(f"{self.name}[{level}]", Operand(of[level])) for level in levels]
        if self.contrast == SUM:
            last = of[levels[-1]]
            return [(f"{self.name}[S.{level}]", Operand(of[level], last)) for level in levels[:-1]]
        base = self.base or levels[0]
        return [(f"{self.name}[T.{level}]", Operand(of[level])) for level in levels if level != base]


Coding = dict[str, bool]
"""The categories of a part of a term by name, and whether each is coded by all of its levels."""


class Redundancy:
    """What the terms so far span, so that the next one is coded without a column that is a sum of theirs.

    Args:
        has_intercept: whether there is a bias.
    """

    def __init__(self, has_intercept: bool) -> None:
        self._spanned: dict[Hashable, set[frozenset[str]]] = {}
        if has_intercept:
            self._spanned[frozenset()] = {frozenset()}

    def code(self, numbers: Iterable[str], categories: Sequence[str]) -> list[Coding]:
        """The parts that a term is made of, and how each codes its categories.

        A category is 1 and its contrasts; a product of categories has a part for each of their subsets, and
        those that are spanned already are left out. Of what is left, a part and the same without a contrast
        are one with that category in full.

        Args:
            numbers: the names of its factors that are numbers; only terms of the same ones share a span.
            categories: the names of the others, in order.
        """
        spanned = self._spanned.setdefault(frozenset(numbers), set())
        parts: list[Coding] = []
        for size in range(len(categories) + 1):
            for some in combinations(categories, size):
                if frozenset(some) not in spanned:
                    spanned.add(frozenset(some))
                    parts.append(dict.fromkeys(some, False))
        while (pair := _find_pair(parts)) is not None:
            short, long, name = pair
            parts[long] = {**parts[long], name: True}
            del parts[short]
        return parts


def _find_pair(parts: Sequence[Coding]) -> tuple[int, int, str] | None:
    """The places of a part and of the same with one contrast more, and that category; None without such."""
    for short, first in enumerate(parts):
        for long, second in enumerate(parts):
            more = [name for name in second if name not in first]
            is_same = all(second.get(name) == is_full for name, is_full in first.items())
            if len(more) == 1 and len(second) == len(first) + 1 and is_same and not second[more[0]]:
                return short, long, more[0]
    return None
