"""`Subject`: a run, its rows, and what is known of it, each worked out once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.evaluate.assess import Assessment, assess
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.interval import Interval
from linnet.evaluate.score import Score, regression_figures
from linnet.model.run import Run
from linnet.plot.words import Language
from linnet.report.blocks import Block, Section, Text
from linnet.report.rows import Rows
from linnet.report.words import say


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
        return self.say("training rows, which flatter, for there are no test rows")

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
