"""Several runs side by side on one page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from linnet import files
from linnet.errors import ShapeError, UsageError
from linnet.evaluate.compare import Comparison
from linnet.evaluate.compare import compare as compared
from linnet.plot.overlay import overlay_figure
from linnet.plot.words import Language, check
from linnet.report import quality, views
from linnet.report.asked import NESTED, value
from linnet.report.blocks import Block, Page, Picture, Table, Text
from linnet.report.page import render
from linnet.report.paths import shared
from linnet.report.pictures import themed
from linnet.report.rows import Rows, at_hand, elsewhere
from linnet.report.subject import Subject
from linnet.report.sweep import is_sweep
from linnet.report.words import say
from linnet.report.write import NAME
from linnet.train.run import Run

MOST = 12
"""Runs that one page can hold."""


def compare(
    folders: Sequence[Path | str],
    out: Path | str = NAME,
    *,
    language: Language = "en",
    data_dir: Path | str | None = None,
) -> Path:
    """Write a page that compares runs: what differs in what was asked, figures, curves, templates.

    The first is what the others are compared with, on the same test rows where they are at hand.

    Args:
        folders: of the runs, at least two; of a sweep its best run is taken.
        out: the file.
        language: "en" or "zh".
        data_dir: where the data sets' files are now; where they were when None.

    Returns:
        Where it was written.

    Raises:
        UsageError: fewer than two runs, or more than fit a page.
        DataNotFoundError, FormatError: a folder holds no whole run.
        OSError: the file cannot be written.
    """
    check(language)
    if not 2 <= len(folders) <= MOST:
        raise UsageError(f"a comparison takes 2 to {MOST} runs, not {len(folders)}")
    several = _subjects([Path(folder) for folder in folders], language, data_dir)
    files.write(out, render(_page(several, language)))
    return Path(out)


def _subjects(folders: list[Path], language: Language, data_dir: Path | str | None) -> list[Subject]:
    """The runs, those on the same rows sharing them."""
    known: dict[tuple[str, ...], Rows] = {}
    found = []
    for folder, name in zip(folders, _names(folders), strict=True):
        run = Run.load(folder / "best" if is_sweep(folder) else folder)
        where = (str(run.asked.get(key)) for key in ("data_dir", "sample_weight", "seed"))
        key = (run.card.dataset, run.dataset_checksum, *where)
        if key not in known:
            known[key] = at_hand(run.card.dataset, elsewhere(run.asked, data_dir), run.dataset_checksum)
        found.append(Subject(run, known[key], language, name))
    return found


def _names(folders: list[Path]) -> list[str]:
    """What to call them: their own names, with as many folders above as tell them apart."""
    parts = [folder.resolve().parts for folder in folders]
    for depth in range(1, max(map(len, parts)) + 1):
        names = ["/".join(part[-depth:]) for part in parts]
        if len(set(names)) == len(set(parts)):
            break
    return names


def _page(several: list[Subject], language: Language) -> Page:
    first = several[0]
    makers = (
        ("figures", "Figures", lambda of: _figures(several)),
        ("noise", "Beyond noise?", lambda of: _noise(several)),
        ("differs", "What differs in what was asked", lambda of: _differences(several)),
        ("curves", "Learning curves", lambda of: _curves(several)),
        ("templates", "Templates", lambda of: _templates(several)),
    )
    sections = tuple(first.section(key, title, make) for key, title, make in makers)
    title = say("{n} runs compared", language, n=len(several))
    return Page(title, " · ".join(of.name for of in several), language, sections)


def _figures(several: list[Subject]) -> list[Block]:
    rows: list[tuple[str, ...]] = []
    for of in several:
        run = of.run
        if run.card.classes and (of.rows.test or of.rows.train):
            cells = [quality.interval(of.assessment.whole[name]) for name in quality.NAMES]
        else:
            last = run.history.last
            cells = [f"{last[n]:.4g}" if n in last else "–" for n in ("test_accuracy", "test_loss")] + [
                "–",
                "–",
            ]
        rows.append((of.name, *cells, f"{run.seconds:.2f}"))
    first = several[0]
    heads = ("", *(first.say(name) for name in quality.NAMES.values()), first.say("seconds"))
    notes = [
        first.say("{name}: on {n} {part} of {data}.", name=of.name, n=f"{len(of.judged):,}", part=of.part,
                  data=shared(of.run.card.dataset))
        for of in several if of.rows.test or of.rows.train
    ]  # fmt: skip
    return [Table(heads, tuple(rows)), *(Text(note, "note") for note in notes)]


def _noise(several: list[Subject]) -> list[Block]:
    """Each of the others against the first, on the same rows."""
    first, blocks = several[0], list[Block]()
    for of in several[1:]:
        try:
            found = compared(of.forecast, _same(first, of).forecast)
        except (UsageError, ShapeError) as error:
            said = "{name} cannot be compared with {first}: {error}"
            blocks.append(Text(of.say(said, name=of.name, first=first.name, error=error), "missing"))
            continue
        blocks.append(Text(of.say("{name} less {first}:", name=of.name, first=first.name)))
        blocks += _said(of, found)
    return blocks


def _same(first: Subject, other: Subject) -> Subject:
    """The first run, if it is judged by the rows that the other is."""
    if first.rows is not other.rows and first.judged.checksum != other.judged.checksum:
        raise UsageError(first.say("they are judged by other rows."))
    return first


def _said(of: Subject, found: Comparison) -> list[Block]:
    noise = {True: of.say("within noise"), False: of.say("beyond noise")}
    rows = (
        (of.say("accuracy"), quality.signed(found.accuracy), noise[found.is_noise]),
        (of.say("log loss"), quality.signed(found.log_loss), noise[found.is_loss_noise]),
        (of.say("Brier score"), quality.signed(found.brier), ""),
    )
    values = {"p": f"{found.p_mid:.2g}", "b": f"{found.only_first:,}", "c": f"{found.only_second:,}"}
    mcnemar = of.say("McNemar's test: p = {p}; right alone: {b} and {c} rows", **values)
    return [Table(("", of.say("difference"), of.say("verdict")), rows), Text(mcnemar, "note")]


def _differences(several: list[Subject]) -> list[Block]:
    asked = [of.run.asked for of in several]
    names = [name for name in dict.fromkeys(k for one in asked for k in one) if name not in NESTED]
    shown = {name: tuple(value(one[name]) if name in one else "–" for one in asked) for name in names}
    rows = tuple((name, *cells) for name, cells in shown.items() if len(set(cells)) > 1)
    first = several[0]
    if not rows:
        return [Text(first.say("Nothing: they were asked the same."))]
    return [Table((first.say("option"), *(of.name for of in several)), rows)]


def _curves(several: list[Subject]) -> list[Block]:
    names = [of.name for of in several]
    figure = overlay_figure([of.run.history.records for of in several], names, several[0].language)
    return [Picture(themed(figure), several[0].say("Learning curves"), 820)]


def _templates(several: list[Subject]) -> list[Block]:
    blocks: list[Block] = []
    for of in several:
        blocks += [Text(of.name), *views.templates(of)[:1]]
    return blocks
