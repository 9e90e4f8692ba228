"""`linnet plot`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import linnet
from linnet.cli.console import open_run, report_missing_fonts
from linnet.cli.options import DataDir, Lang, OtherData, Part, Randomised
from linnet.errors import UsageError


def plot(
    run: Path,
    kind: str,
    row: int | None = None,
    /,
    *,
    out: Path | None = None,
    lang: Lang = "en",
    part: Part = None,
    bins: int = 15,
    binning: Literal["width", "mass"] = "width",
    alpha: float = 0.1,
    randomised: Randomised = False,
    data: OtherData = None,
    data_dir: DataDir = None,
) -> None:
    """Draw a figure of a run.

    KIND is one of

    - curves: loss and accuracy over the epochs

    - templates: each class's weights as an image

    - differences: what tells each class from each other

    - confusion: rows of one class taken for another

    - reliability: how often a confidence is right, with the ECE

    - roc, pr: ROC and precision-recall, one class against the rest

    - coverage: accuracy against the share of rows answered, the model abstaining where it is unsure

    - sets: coverage and size of prediction sets, by what is asked for and by class

    - top-losses: the images it gets most wrong

    - label-errors: training images that may be labelled wrongly (trains a model a fold)

    - contributions ROW: what each pixel or column adds to each score of one row

    - residuals, quantiles: of a regression, by fitted value and against normal quantiles (Q-Q)

    - leverage: of a regression, which training rows stand apart and move the fit (Cook's distance)

    - intervals: of a regression, coverage and width of prediction intervals

    Examples

        linnet plot runs/first reliability

        linnet plot runs/first contributions 42 --out why.svg

        linnet plot runs/first confusion --lang zh --out confusion.png

        linnet plot runs/houses intervals --alpha 0.2

    Parameters
    ----------
    run
        The run's folder.
    kind
        Which figure.
    row
        The number of the row, from 0, for contributions.
    out
        The picture, .png or .svg; KIND.png when not given.
    bins
        Of reliability.
    binning
        Of reliability: bins of equal width, or of as many rows each.
    alpha
        Of sets and intervals: the share of rows whose set or interval may lack their target.
    """
    from linnet.data.locate import is_own
    from linnet.evaluate.rows import named_rows
    from linnet.files import check_replaceable
    from linnet.plot.kinds import KINDS, FigureOptions, draw
    from linnet.plot.save import save

    if kind not in KINDS:
        raise UsageError(f"unknown figure {kind!r}: expected {', '.join(KINDS)}")
    if kind == "contributions" and row is None:
        raise UsageError("contributions takes the number of a row, as in: linnet plot RUN contributions 42")
    if kind != "contributions" and row is not None:
        raise UsageError(f"{kind} takes no row: only contributions does, not {row}")
    path = out or Path(f"{kind}.png")
    check_replaceable(path, "give another --out")
    opened = open_run(run)

    def train() -> linnet.Dataset:
        """The rows that a figure learns on: for sets and the like the run's, else of the data drawn."""
        if kind in ("sets", "intervals", "leverage") or data is None:
            return named_rows(opened, None, part="train", data_dir=data_dir).rows
        return named_rows(opened, data, part=part if is_own(data) else "train", data_dir=data_dir).rows

    def rows() -> linnet.Dataset:
        return named_rows(opened, data, part=part, data_dir=data_dir).rows

    evaluation = linnet.Evaluation(opened, rows, train)
    options = FigureOptions(row or 0, bins, binning, lang, alpha, randomised)
    with report_missing_fonts():
        save(draw(kind, evaluation, options), path)
    print(path)
