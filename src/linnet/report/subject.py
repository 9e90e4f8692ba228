"""`Subject`: a run, its rows where they can be got again, and what is known of it, each worked out once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from linnet.data import user_data
from linnet.data.dataset import Dataset, Splits
from linnet.data.origin import Origin
from linnet.data.registry import load_again, sources
from linnet.errors import LinnetError, UsageError
from linnet.evaluate.assess import Assessment, assess
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.interval import Interval
from linnet.evaluate.score import Score, regression_figures
from linnet.model.run import Run
from linnet.plot.words import Language
from linnet.record.paths import shared
from linnet.report.blocks import Block, Section, Text
from linnet.report.words import say


@dataclass(frozen=True, eq=False)
class Rows:
    """What is at hand.

    Args:
        train: the rows it was trained on, weights and all; None when they are not at hand.
        test: the rows it is judged by; None where there are none.
        reason: why the training rows are not at hand; empty when they are.
        values: of the blanks in the reason.
        seed: that the data set was loaded with, which matters to synthetic data.
        is_catalog: whether they are known to be as linnet loads them by name.
        is_absent: whether they are not at hand only because their files are not here.
    """

    train: Dataset | None
    test: Dataset | None
    reason: str = ""
    values: Mapping[str, str] | None = None
    seed: int = 0
    is_catalog: bool = False
    is_absent: bool = False


def is_loadable(name: str) -> bool:
    """Whether a data set's name says how to load it: one of linnet's, or a path."""
    return name in sources() or user_data.is_own(name)


def elsewhere(asked: Mapping[str, Any], data_dir: Path | str | None) -> dict[str, Any]:
    """What was asked, the data being in another folder now if one is given."""
    return {**asked} if data_dir is None else {**asked, "data_dir": str(data_dir)}


def at_hand(name: str, asked: Mapping[str, Any], checksum: str, origin: Origin | None = None) -> Rows:
    """The rows of a data set, if it can be loaded by its name and is still the same. Nothing is downloaded.

    Args:
        name: of the data set.
        asked: what the run records of it: data_dir, sample_weight, seed, hold_out.
        checksum: of its training rows.
        origin: of the rows, where they have one.
    """
    if not is_loadable(name):
        said = "The rows of {name} are not at hand: they were in memory when it was trained."
        return Rows(None, None, said, {"name": name})
    if name in sources() and not sources()[name].is_there(asked.get("data_dir")):
        said = "The rows of {name} are not at hand: its files are not here (linnet data fetch)."
        return Rows(None, None, said, {"name": name}, is_absent=True)
    if user_data.is_own(name) and user_data.find(name, asked.get("data_dir")) is None:
        said = "The rows of {name} are not at hand: they were in memory, or have moved (--data-dir)."
        return Rows(None, None, said, {"name": shared(name)})
    try:
        splits, seed = loaded(name, asked, origin)
    except (LinnetError, OSError) as error:
        said = "The rows of {name} are not at hand: {error}"
        return Rows(None, None, said, {"name": shared(name), "error": _without_paths(error, name, asked)})
    if checksum and splits.train.checksum != checksum:
        said = "The rows of {name} at hand, or their weights, are not those it was trained on."
        return Rows(None, None, said, {"name": shared(name)})
    return Rows(splits.train, splits.test, seed=seed, is_catalog=True)


def _without_paths(error: Exception, name: str, asked: Mapping[str, Any]) -> str:
    """The first line of a message, with names in place of paths."""
    line = str(error).splitlines()[0]
    for path in (name, asked.get("data_dir"), asked.get("sample_weight")):
        line = line.replace(path, shared(path)) if path else line
    return line


def loaded(name: str, asked: Mapping[str, Any], origin: Origin | None) -> tuple[Splits, int]:
    """A data set as a run had it, whether or not its rows are still the same; and the seed of its rows.

    Args:
        name: of the data set.
        asked: as in `at_hand`.
        origin: likewise.

    Raises:
        LinnetError, OSError: it cannot be had.
    """
    if origin is None or origin.source != name:  # rows that a name or path told before they had an origin
        origin = Origin(name, seed=int(asked.get("seed", 0)), hold_out=asked.get("hold_out") is not False)
    told = {key: asked[key] for key in ("data_dir", "sample_weight") if asked.get(key) is not None}
    origin = replace(origin, **told)
    return load_again(origin), origin.seed


@dataclass(eq=False)
class Subject:
    """What a page is about.

    Args:
        run: a finished run.
        rows: its rows.
        language: "en" or "zh".
        name: what to call it.
        with_label_errors: whether to look for labels that may be wrong, which trains a model a fold.
    """

    run: Run
    rows: Rows
    language: Language
    name: str = ""
    with_label_errors: bool = False

    def say(self, text: str, **values: object) -> str:
        """A text in the page's language."""
        return say(text, self.language, **values)

    @property
    def judged(self) -> Dataset:
        """The rows it is judged by: the test rows, or the training rows where there are none.

        Raises:
            UsageError: there are no rows at hand, or the run trained a module.
        """
        if self.run.is_module:
            said = "The run trained a module of yours, and this is worked out for linear models only."
            raise UsageError(self.say(said))
        rows = self.rows.test or self.rows.train
        if rows is None:
            raise UsageError(self.say(self.rows.reason, **(self.rows.values or {})))
        return rows

    @property
    def is_judged(self) -> bool:
        """Whether there are rows at hand to judge it by."""
        return not self.run.is_module and (self.rows.test or self.rows.train) is not None

    @property
    def part(self) -> str:
        """What the rows it is judged by are called."""
        if self.rows.test is not None:
            return self.say("test rows")
        return self.say("training rows, an optimistic view, for there are no test rows")

    @cached_property
    def evaluation(self) -> Evaluation:
        """What it says of them."""
        return Evaluation(self.run, self.judged)

    @cached_property
    def assessment(self) -> Assessment:
        """Its figures with intervals."""
        return assess(self.evaluation, intervals=True, ranking=False)

    @cached_property
    def figures(self) -> dict[str, Interval]:
        """The figures of a regression with intervals."""
        return regression_figures(self.evaluation)

    @cached_property
    def score(self) -> Score:
        """Its score."""
        return Score.of(self.evaluation)

    def section(self, key: str, title: str, make: Callable[[Subject], list[Block]]) -> Section:
        """A part of the page; where it lacks what it needs, a sentence that says why."""
        try:
            blocks = make(self)
        except UsageError as error:
            blocks = [Text(str(error), "missing")]
        return Section(key, self.say(title), tuple(blocks))
