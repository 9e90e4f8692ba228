"""Several runs side by side on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from linnet import files
from linnet.errors import ShapeError, UsageError
from linnet.evaluate.compare import Comparison, compare, compare_regressions
from linnet.evaluate.interval import UNDEFINED
from linnet.i18n import Language, check, say
from linnet.model.run import Run
from linnet.plot.curves import PANELS, overlay_figure
from linnet.record.paths import shared
from linnet.report import quality, views
from linnet.report.blocks import Block, Page, Picture, Pictures, Table, Text, render, value
from linnet.report.provenance import default_options, options_of
from linnet.report.subject import Rows, Subject, find_rows
from linnet.report.sweep import is_sweep
from linnet.report.views import to_themed_svg
from linnet.report.write import NAME

MOST = 12
"""Runs that one page can hold."""


def compare_runs(
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
        UsageError: fewer than two runs, or more than fit a page; or a file that linnet did not make is where
            the page is to be.
        DataNotFoundError, FormatError: a folder holds no whole run.
        OSError: the file cannot be written.
    """
    check(language)
    if not 2 <= len(folders) <= MOST:
        raise UsageError(f"a comparison takes 2 to {MOST} runs, not {len(folders)}")
    files.check_replaceable(out)
    several = _subjects([Path(folder) for folder in folders], language, data_dir)
    files.write(out, render(_page(several, language)))
    return Path(out)


def _subjects(folders: list[Path], language: Language, data_dir: Path | str | None) -> list[Subject]:
    """The runs, those on the same rows sharing them."""
    known: dict[tuple[str, ...], Rows] = {}
    found = []
    for folder, name in zip(folders, _name_folders(folders), strict=True):
        run = Run.load(folder / "best" if is_sweep(folder) else folder)
        key = (run.card.dataset, run.dataset_checksum, str(run.origin))
        if key not in known:
            known[key] = find_rows(run.card.dataset, run.origin, run.dataset_checksum, data_dir)
        found.append(Subject(run, known[key], language, name))
    return found


def _name_folders(folders: list[Path]) -> list[str]:
    """Names of the runs: those of their folders, with as many folders above as tell them apart."""
    parts = [folder.resolve().parts for folder in folders]
    depths = range(1, max(map(len, parts)))
    depth = next((d for d in depths if len({p[-d:] for p in parts}) == len(set(parts))), 1)
    return ["/".join(part[-depth:]) for part in parts]


def _page(several: list[Subject], language: Language) -> Page:
    first = several[0]
    makers = (
        ("figures", "report.title.figures", lambda of: _figures(several)),
        ("noise", "report.title.noise", lambda of: _compare_each(several)),
        ("differs", "report.title.differences", lambda of: _differences(several)),
        ("curves", "report.title.curves", lambda of: _curves(several)),
        ("templates", "report.title.templates", lambda of: _templates(several)),
    )
    sections = tuple(first.section(key, title, make) for key, title, make in makers)
    title = say("report.comparison_title", language, n=len(several))
    return Page(title, " · ".join(of.name for of in several), language, sections)


def _figures(several: list[Subject]) -> list[Block]:
    """A table of the classifiers of the same classes each, and one of the regressions of the same target."""
    first = several[0]
    alike: dict[tuple[object, ...], list[Subject]] = {}
    for of in several:
        card = of.run.card
        alike.setdefault(card.classes or ("", card.target), []).append(of)
    blocks: list[Block] = []
    for group in alike.values():
        blocks += _table(group, first)
    notes = [
        first.note("report.judged_on_data", name=of.name, n=f"{len(of.judged):,}", part=of.part,
                  data=shared(of.run.card.dataset))
        for of in several if of.is_judged
    ]  # fmt: skip
    return [*blocks, *notes]


def _table(alike: list[Subject], first: Subject) -> list[Block]:
    """The figures of runs that predict the same, and the loss that each was trained by."""
    of, is_classes = alike[0], bool(alike[0].run.card.classes)
    is_of_counts = any(one.run.card.link == "log" for one in alike)
    figures = quality.ERRORS if is_of_counts else quality.ERRORS[:-1]
    bare = next((one for one in alike if not one.run.has_intercept), of)
    named = quality.names(of) if is_classes else {name: quality.name_error(bare, name) for name in figures}
    heads = ("", *named.values(), first.say("report.trained_by"), first.say("metric.seconds"))
    rows = tuple(
        (one.name, *(_shares(one, named) if is_classes else _errors(one, named)), quality.describe_loss(one),
         f"{one.run.seconds:.2f}")
        for one in alike
    )  # fmt: skip
    target = of.run.card.target
    said = [first.note("report.predicts", name=target)] if target and not is_classes else []
    return [*said, Table(heads, rows)]


def _shares(of: Subject, named: Mapping[str, str]) -> list[str]:
    """The figures of a classifier; of one without rows what its last epoch says of the same figures."""
    if of.is_judged:
        return [quality.interval(of.assessment.whole[name]) for name in named]
    last, card = of.run.history.last, of.run.card
    known = {"accuracy": last.get("test_accuracy")}
    if card.loss == "softmax" and card.calibration is None:  # another loss is no log loss
        known["log_loss"] = last.get("test_loss")
    return [UNDEFINED if (found := known.get(name)) is None else f"{found:.4g}" for name in named]


def _errors(of: Subject, named: Mapping[str, str]) -> list[str]:
    found = quality.errors(of) if of.is_judged else {}
    return [found.get(name, UNDEFINED) for name in named]


def _compare_each(several: list[Subject]) -> list[Block]:
    """Each of the others against the first, on the same rows."""
    first, blocks = several[0], list[Block]()
    for of in several[1:]:
        try:
            beside = _match_rows(first, of)
            is_regression = not of.run.card.classes and not first.run.card.classes
            said = (
                _compare_errors(of, beside)
                if is_regression
                else _compare_scores(of, compare(of.evaluation, beside.evaluation))
            )
        except (UsageError, ShapeError) as error:
            blocks.append(of.missing("report.incomparable", name=of.name, first=first.name, error=error))
            continue
        blocks.append(Text(of.say("report.less", name=of.name, first=first.name)))
        blocks += said
    return blocks


def _match_rows(first: Subject, other: Subject) -> Subject:
    """The first run, if it is judged by the rows that the other is."""
    if first.rows is not other.rows and first.judged.checksum != other.judged.checksum:
        raise UsageError(first.say("report.other_rows"))
    return first


def _compare_errors(of: Subject, first: Subject) -> list[Block]:
    """A regression's errors less those of the first."""
    found = compare_regressions(of.evaluation, first.evaluation)
    rows = [
        (of.say(f"metric.{name}"), quality.interval(one, "+.4g"), _judge(of, one.holds_zero))
        for name, one in found.items()
    ]
    return [Table(("", of.say("report.difference"), of.say("report.verdict")), tuple(rows))]


def _judge(of: Subject, is_noise: bool | None) -> str:
    if is_noise is None:
        return of.say("report.noise_unknown")
    return of.say("report.within_noise") if is_noise else of.say("report.beyond_noise")


def _compare_scores(of: Subject, found: Comparison) -> list[Block]:
    rows = (
        (of.say("metric.accuracy"), quality.interval(found.accuracy, "+.4f"), _judge(of, found.is_noise)),
        (
            of.say("metric.log_loss"),
            quality.interval(found.log_loss, "+.4f"),
            _judge(of, found.is_loss_noise),
        ),
        (of.say("metric.brier"), quality.interval(found.brier, "+.4f"), _judge(of, found.brier.holds_zero)),
    )
    values = {"p": f"{found.p_mid:.2g}", "b": f"{found.only_first:,}", "c": f"{found.only_second:,}"}
    return [
        Table(("", of.say("report.difference"), of.say("report.verdict")), rows),
        of.note("report.mcnemar", **values),
    ]


def _differences(several: list[Subject]) -> list[Block]:
    """The options that differ; one that only some know is told unless it is the usual one there."""
    given = [options_of(of.run) for of in several]
    plain = [default_options(of.run) for of in several]
    names = list(dict.fromkeys(name for one in given for name in one))
    rows = []
    for name in names:
        known = [(one[name], d.get(name)) for one, d in zip(given, plain, strict=True) if name in one]
        is_told = len(known) == len(given) or any(found != default for found, default in known)
        cells = tuple(value(one[name]) if name in one else "–" for one in given)
        if is_told and len(set(cells)) > 1:
            rows.append((name, *cells))
    first = several[0]
    if not rows:
        return [Text(first.say("report.no_differences"))]
    return [Table((first.say("report.option"), *(of.name for of in several)), tuple(rows))]


def _curves(several: list[Subject]) -> list[Block]:
    """A picture a figure, so that a phone shows one under another."""
    first, names = several[0], [of.name for of in several]
    histories = [of.run.history.records for of in several]
    shared_by_two = [k for k in PANELS if sum(any(k in r for r in records) for records in histories) > 1]
    if not shared_by_two:
        return [first.missing("report.no_common_curve")]
    pictures, notes = list[Picture](), list[Block]()
    for key in shared_by_two:
        for loss, alike in _comparable(key, several).items():
            said = f"{first.say('report.title.curves')}: {first.name_figure(key)}"
            said += f" ({loss})" if loss else ""
            if len(alike) == 1 and loss:
                notes.append(first.note("report.drawn_alone", name=names[alike[0]], loss=loss))
                continue
            drawn = [
                [{"epoch": r["epoch"], key: r[key]} for r in records if key in r] if number in alike else []
                for number, records in enumerate(histories)
            ]
            pictures.append(
                Picture(to_themed_svg(overlay_figure(drawn, names, first.language, loss)), said, 440)
            )
    alone = [note for number, note in enumerate(notes) if note not in notes[:number]]
    return [*([Pictures(tuple(pictures))] if pictures else []), *alone]


def _comparable(key: str, several: list[Subject]) -> dict[str, list[int]]:
    """The numbers of the runs whose figure of a name is the same quantity, by the loss that it is of."""
    groups: dict[str, list[int]] = {}
    for number, of in enumerate(several):
        if any(key in record for record in of.run.history.records):
            groups.setdefault(quality.describe_loss(of) if key.endswith("_loss") else "", []).append(number)
    return groups if len(groups) > 1 else {"": next(iter(groups.values()), [])}


def _templates(several: list[Subject]) -> list[Block]:
    """The weights of each as images, of those that take images."""
    drawn = [of for of in several if of.run.is_module or of.run.card.image_shape]
    blocks: list[Block] = []
    for of in drawn:
        blocks += [Text(of.name), *views.templates(of)[:1]]
    return blocks or [several[0].missing("report.no_templates")]
