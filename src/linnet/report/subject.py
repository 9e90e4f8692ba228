"""`Subject`: a run with its rows, where they can be loaded again, and its evaluation, each computed once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from linnet.data.dataset import Dataset
from linnet.data.locate import find
from linnet.data.origin import Origin
from linnet.data.registry import load_again, sources
from linnet.errors import LinnetError, UsageError
from linnet.evaluate.assess import Assessment, assess
from linnet.evaluate.confidence.reliability import BINS, reliability
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.interval import Interval
from linnet.evaluate.score import Score, regression_figures
from linnet.i18n import Language, name_figure, say, translate
from linnet.model.run import Run
from linnet.plot.beside import Drawer
from linnet.plot.drawing import Drawing
from linnet.record.paths import shared
from linnet.report.blocks import Block, Picture, Section, Text
from linnet.report.images import begin, own_width


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a run, as far as they can be loaded again.

    Args:
        train: the rows it was trained on, weights and all; None when they are not at hand.
        test: the rows it is judged by; None where there are none.
        reason: why the training rows are not at hand; empty when they are.
        values: of the blanks in the reason.
        is_catalog: whether they are known to be as linnet loads them by name.
        is_absent: whether they are not at hand only because their files are not here.
    """

    train: Dataset | None
    test: Dataset | None
    reason: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    is_catalog: bool = False
    is_absent: bool = False


def is_loadable(name: str, origin: Origin | None) -> bool:
    """True if a data set can be loaded again: it is one of linnet's or a file, and not rows in memory."""
    return origin is not None and origin.source == name


def find_rows(name: str, origin: Origin | None, checksum: str, data_dir: Path | str | None = None) -> Rows:
    """The rows of a data set, if it can be loaded again and is still the same. Nothing is downloaded.

    Args:
        name: of the data set.
        origin: of the rows, where they have one.
        checksum: of its training rows.
        data_dir: where its files are now; where they were when None.
    """
    if origin is None or not is_loadable(name, origin):
        return Rows(None, None, "report.rows.in_memory", {"name": name})
    origin = relocate(origin, data_dir)
    if name in sources() and not sources()[name].is_there(origin.data_dir):
        return Rows(None, None, "report.rows.absent", {"name": name}, is_absent=True)
    if name not in sources() and find(name, origin.data_dir) is None:
        return Rows(None, None, "report.rows.moved", {"name": shared(name)})
    try:
        splits = load_again(origin)
    except (LinnetError, OSError) as error:
        return Rows(
            None, None, "report.rows.failed", {"name": shared(name), "error": _without_paths(error, origin)}
        )
    if checksum and splits.train.checksum != checksum:
        return Rows(None, None, "report.rows.changed", {"name": shared(name)})
    return Rows(splits.train, splits.test, is_catalog=True)


def relocate(origin: Origin, data_dir: Path | str | None) -> Origin:
    """The origin of rows whose files are in another folder now, if one is given."""
    return origin if data_dir is None else replace(origin, data_dir=str(data_dir))


def _without_paths(error: Exception, origin: Origin) -> str:
    """The first line of a message, with names in place of paths."""
    line = str(error).splitlines()[0]
    for path in (origin.source, origin.data_dir, origin.sample_weight, origin.table.get("test")):
        line = line.replace(path, shared(path)) if path else line
    return line


class Localized:
    """The language of a page, with its texts and its sections."""

    language: Language

    def say(self, key: str, **values: object) -> str:
        """A text of the catalogue in the page's language."""
        return say(key, self.language, **values)

    def name_figure(self, name: str) -> str:
        """The name of a figure of the history in the page's language."""
        return name_figure(name, self.language)

    def translate(self, text: str, group: str) -> str:
        """A text that a result or a file holds in English, in the page's language."""
        return translate(text, group, self.language)

    def note(self, key: str, **values: object) -> Text:
        """A text of the catalogue, said more quietly."""
        return Text(self.say(key, **values), "note")

    def missing(self, key: str, **values: object) -> Text:
        """The reason why a part is left out."""
        return Text(self.say(key, **values), "missing")

    def section(self, key: str, title: str, make: Callable[[Any], Sequence[Block]]) -> Section:
        """A part of the page; where it lacks what it needs, a sentence that says why."""
        try:
            blocks = make(self)
        except UsageError as error:
            blocks = [Text(str(error), "missing")]
        return Section(key, self.say(title), tuple(blocks))


@dataclass(eq=False)
class Subject(Localized):
    """A run that a page is about.

    Args:
        run: a finished run.
        rows: its rows.
        language: "en" or "zh".
        name: what to call it.
        with_label_errors: whether to look for labels that may be wrong, which trains a model a fold.
        drawer: what draws its figures; this process unless it was started.
        known: figures of its earlier pages by their keys, which are not drawn again.
    """

    run: Run
    rows: Rows
    language: Language
    name: str = ""
    with_label_errors: bool = False
    drawer: Drawer = field(default_factory=Drawer)
    known: Mapping[str, str] = field(default_factory=dict)

    @property
    def train(self) -> Dataset:
        """The rows it was trained on.

        Raises:
            UsageError: they are not at hand.
        """
        if self.rows.train is None:
            raise UsageError(self.say(self.rows.reason, **self.rows.values))
        return self.rows.train

    @property
    def judged(self) -> Dataset:
        """The rows it is judged by: the test rows, or the training rows where there are none.

        Raises:
            UsageError: there are no rows at hand, or the run trained a module.
        """
        if self.run.is_module:
            raise UsageError(self.say("report.linear_only"))
        return self.rows.test or self.train

    @property
    def is_judged(self) -> bool:
        """True if there are rows at hand to judge it by."""
        return not self.run.is_module and (self.rows.test or self.rows.train) is not None

    @property
    def is_inferred(self) -> bool:
        """True if the solve was to infer its estimates' errors."""
        return self.run.solved is not None and self.run.solved.summary

    @property
    def part(self) -> str:
        """The name of the rows it is judged by."""
        if self.rows.test is not None:
            return self.say("report.test_rows")
        return self.say("report.optimistic_training_rows")

    @cached_property
    def evaluation(self) -> Evaluation:
        """Its evaluation on these rows."""
        return Evaluation(self.run, self.judged)

    @cached_property
    def assessment(self) -> Assessment:
        """Its figures with intervals."""
        return assess(self.evaluation, intervals=True, ranking=False)

    def picture(self, drawing: Drawing, caption: str, width: int | None = None) -> Picture:
        """A figure of lines, which is drawn beside this process where the drawer was started.

        Args:
            drawing: the figure.
            caption: the key of its text.
            width: in CSS pixels; the figure's own, for which it is waited, when None.
        """
        wait = begin(drawing, self.drawer, self.known)
        if width is not None:
            return Picture(wait, self.say(caption), width)
        image = wait()
        return Picture(lambda: image, self.say(caption), own_width(image.uri))

    @cached_property
    def reliability(self) -> Picture:
        """The reliability diagram, once it is asked for."""
        table = reliability(self.evaluation, BINS, "width")  # as in the assessment, which takes longer
        drawing = Drawing("classification:reliability_figure", (table, " ", self.language))
        return self.picture(drawing, "report.title.reliability", 430)

    def judge(self) -> None:
        """Have drawn what is made of the rows, and meanwhile work out what takes longest."""
        if self.is_judged and self.run.card.classes:
            with contextlib.suppress(UsageError):  # which its section says in its place
                _ = self.reliability
                _ = self.assessment

    @cached_property
    def figures(self) -> dict[str, Interval]:
        """The figures of a regression with intervals."""
        return regression_figures(self.evaluation)

    @cached_property
    def score(self) -> Score:
        """Its score."""
        return Score.of(self.evaluation)
