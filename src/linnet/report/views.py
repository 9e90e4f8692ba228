"""Curves, class templates, top losses and doubtful labels as parts of a page, and pictures as data URIs."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linnet.config import Recipe
from linnet.data.dataset import Dataset
from linnet.data.pictures.shape import is_color
from linnet.errors import UsageError
from linnet.evaluate.label_errors import label_errors, out_of_fold
from linnet.i18n import show_figure
from linnet.plot.drawing import Drawing
from linnet.plot.save import render
from linnet.plot.shades import as_colors, as_diverging, as_shares
from linnet.report.blocks import Block, Gallery, Picture, Table, Text, Tile
from linnet.report.images import make_uri, theme
from linnet.report.subject import Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PATH = "table.csv"
"""The penalties of a path, in the folder of a solve."""


def to_themed_svg(figure: Figure) -> str:
    """A figure of lines on white as SVG: dark for readers who have it dark; see `theme`."""
    return theme(render(figure, ".svg"))


def to_svg(figure: Figure) -> str:
    """A figure as SVG as it is."""
    return make_uri("svg+xml", render(figure, ".svg"))


def to_png(image: NDArray[Any], scale: float) -> str:
    """Stored pixels as a PNG.

    Args:
        image: (height, width), in colour (height, width, 3).
        scale: what they are multiplied by to lie in 0…1, black to white; those that do not are stretched.
    """
    shares = as_shares(image, scale)
    return _encode_png((255 * shares).round().astype(np.uint8))


def to_colored_png(weights: NDArray[Any]) -> str:
    """The weights of a class, (height, width, 3), as a PNG of the colours that it is for; grey is zero."""
    shares = as_colors(weights, float(np.abs(weights).max()))
    return _encode_png((255 * shares).round().astype(np.uint8))


def to_diverging_png(weights: NDArray[Any], limit: float) -> str:
    """Weights, (height, width), as a PNG: red above zero, blue below, white at it.

    Args:
        weights: of a class.
        limit: the weight, in absolute value, of the full colour.
    """
    return _encode_png(as_diverging(weights, limit))


def _encode_png(pixels: np.ndarray) -> str:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG", optimize=True)
    return make_uri("png", buffer.getvalue())


SHOWN = 24
"""Rows of a gallery."""
EPOCHS = 12
"""Epochs that are listed; of more, some between the first and the last."""


def curves(of: Subject) -> list[Block]:
    """The figures over the epochs, or a solver's way to the optimum."""
    records = of.run.history.records
    if not records:
        return [of.missing("report.no_epoch")]
    if "objective" in records[0]:
        gap = of.run.optimum and of.run.optimum.gap
        drawing = Drawing("optimum:gap_figure", (records, gap, "", of.language))
        return [of.picture(drawing, "report.title.optimum", 560)]
    if not of.run.fitted:
        return [of.missing("report.no_path")]
    drawing = Drawing("curves:curves", (records, "", of.language))
    picture = of.picture(drawing, "report.title.curves", 560)
    known = dict.fromkeys(name for record in records for name in record)
    names = [name for name in known if name not in ("epoch", "seconds")]
    chosen = sorted({round(k * (len(records) - 1) / (EPOCHS - 1)) for k in range(EPOCHS)})
    rows = [
        (
            f"{records[k]['epoch']:g}",
            *(show_figure(n, records[k][n]) if n in records[k] else "" for n in names),
        )
        for k in chosen
    ]
    table = Table((of.say("metric.epoch"), *map(of.name_figure, names)), tuple(rows))
    if len(chosen) == len(records):
        return [picture, table]
    return [picture, table, of.note("report.more_epochs", shown=len(chosen), n=f"{len(records):,}")]


def has_path(of: Subject) -> bool:
    """Whether a penalty was chosen from several, which the folder has a table of."""
    folder, request = of.run.folder, of.run.solved
    return folder is not None and request is not None and bool(request.path) and (folder / PATH).is_file()


def path(of: Subject) -> list[Block]:
    """The losses of the penalties that one was chosen from."""
    assert of.run.folder is not None
    assert of.run.solved is not None
    import pandas as pd

    from linnet.plot.optimum import path_losses_figure

    table = pd.read_csv(of.run.folder / PATH)
    figure = path_losses_figure(table, of.run.solved.path_penalty, of.language)
    return [Picture(to_themed_svg(figure), of.say("report.title.path"), 560)]


def templates(of: Subject) -> list[Block]:
    """The weights of each class, or of each number that is predicted, as an image."""
    shape, card = of.run.card.image_shape, of.run.card
    if of.run.is_module:
        raise UsageError(of.say("report.linear_only"))
    if shape is None:
        return [of.missing("report.no_templates")]
    W = of.run.predictor.W
    names = card.output_names(len(W))
    if is_color(shape):
        colored = [Tile(to_colored_png(w.reshape(shape)), (name,)) for name, w in zip(names, W, strict=True)]
        said = "report.color_class_templates" if card.classes else "report.color_templates"
        return [Gallery(tuple(colored), is_large=True), of.note(said)]
    limit = float(np.abs(W).max())
    tiles = [
        Tile(to_diverging_png(w.reshape(shape), limit), (name,)) for name, w in zip(names, W, strict=True)
    ]
    bar = to_diverging_png(np.linspace(-limit, limit, 64)[None], limit)
    said = of.note("report.class_template_colours" if card.classes else "report.template_colours")
    return [Gallery(tuple(tiles), (bar, f"−{limit:.3g}", f"+{limit:.3g}"), True), said]


def top_losses(of: Subject) -> list[Block]:
    """The rows of the highest log loss."""
    evaluation = of.evaluation
    worst = evaluation.worst(SHOWN)
    labels, predictions, chances = (
        values[worst].tolist()
        for values in (evaluation.targets, evaluation.predictions, evaluation.confidence)
    )
    names = of.run.card.classes
    said = [
        (
            of.say("report.row_number", n=n),
            names[i],
            of.say("report.said", guess=names[j], chance=f"{p:.0%}"),
        )
        for n, i, j, p in zip(worst.tolist(), labels, predictions, chances, strict=True)
    ]
    note = of.note("report.top_losses_note", part=of.part)
    return [_show_rows(of, evaluation.rows, worst, said), note]


def doubtful_labels(of: Subject) -> list[Block]:
    """Training rows whose labels may be wrong, by models that did not train on them."""
    if not of.with_label_errors:
        return [of.missing("report.label_errors_skipped")]
    train = of.rows.train
    request = of.run.fitted
    if train is None or request is None:
        raise UsageError(of.say("report.needs_recipe"))
    of.run.check_fits(train)
    found = label_errors(out_of_fold(train, Recipe.of(request, validation=None, patience=None)))
    rows, names = found.rows[:SHOWN], train.classes
    said = [
        (of.say("report.row_number", n=n), names[i], of.say("report.perhaps", guess=names[j]))
        for n, i, j in zip(rows.tolist(), found.labels.tolist(), found.suggested.tolist(), strict=False)
    ]
    note = Text(of.say("report.label_errors_note", n=f"{len(found.rows):,}"))
    return [note, _show_rows(of, train, rows, said)] if len(rows) else [note]


def _show_rows(
    of: Subject, rows: Dataset, numbers: NDArray[np.int64], said: list[tuple[str, str, str]]
) -> Block:
    """Rows as images, or as a table where they are none."""
    if rows.image_shape is None:
        return Table((of.say("report.row"), of.say("report.label"), of.say("report.model")), tuple(said))
    images = rows.arrays.dense(numbers).reshape(-1, *rows.image_shape)
    tiles = [
        Tile(to_png(image, rows.scale), (label, guess, row))
        for image, (row, label, guess) in zip(images, said, strict=True)
    ]
    return Gallery(tuple(tiles))
