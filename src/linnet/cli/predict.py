"""`linnet predict`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from linnet.cli.console import make_printer, open_run, print_result
from linnet.cli.options import Json, Quiet
from linnet.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from linnet.data.pictures.prepared import Prepared
    from linnet.model.predictor import Predictor

TOP = 3
"""Classes that are given of a picture."""

Guess = list[tuple[str, float]]


def predict(
    run: Path,
    rows: Annotated[list[str], Parameter(negative="")],
    /,
    *,
    out: Path | None = None,
    keep: Annotated[list[str] | None, Parameter(negative="")] = None,
    errors: Literal["raise", "skip", "quarantine"] = "raise",
    encoding: str | None = None,
    header: bool | None = None,
    sheet: str | None = None,
    index_base: Literal[0, 1] | None = None,
    top: int = TOP,
    invert: bool | None = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Answer the rows of tables, LIBSVM text or arrays, or say what is on pictures.

    Of a table, raw rows as they come: columns in any order, others are let be. Answers are the likeliest
    class with the probability of each, or the number that is predicted; a level that training did not see, or
    a missing value, is answered as training would have it, and counted. After linnet evaluate RUN --sets 0.1
    --keep each answer has its prediction set, or a number its interval.

    Pictures are greyscaled, padded to the right shape, resized, and inverted when their border is light
    (Fashion-MNIST shows light clothes on black). A model that was trained with --color takes them in colour,
    and inverts none unless told to. Orientation tags are obeyed. Of a picture on which nothing is left by
    that, no class is said.

    Examples

        linnet predict runs/first shirt.png coat.jpg

        linnet predict runs/first drawing.npy --top 1 --json

        linnet predict runs/first ./pictures --out answers.csv

        linnet predict runs/houses new.csv --out scored.csv --keep id

        linnet predict runs/houses 'logs/part-*.parquet' --out scored.parquet

        linnet predict runs/news new.svm --out scored.csv

        linnet predict runs/houses - < new.csv > scored.csv

    Parameters
    ----------
    run
        The run's folder.
    rows
        A table (CSV, Parquet, JSON lines, Excel …), of a model of numbers LIBSVM text or arrays (.npy, .npz,
        .h5); a folder, a zip or a pattern of these, or several; or an address of Parquet files
        (s3://bucket/*.parquet); or - for CSV from the standard input. Of
        several the column file says which a row stands in. Of a model of pictures PNG, JPEG, WebP, TIFF, BMP,
        GIF or .npy files, a folder or a zip of them, or arrays of many.
    out
        A .csv, .parquet or .jsonl file for the answers to rows; CSV on the standard output when not given.
    keep
        Columns of the table to give back beside the answers.
    errors
        What to do with rows that cannot be read: raise names the first, skip leaves them out, quarantine
        writes them to OUT.rejected.csv, or their places where they are no rows of a table.
    encoding
        Of a table in text; as it was said when the model was trained, or told from the file, when not given.
    header
        Whether a table's first line names the columns; likewise.
    sheet
        Of a workbook; likewise.
    index_base
        Of LIBSVM text, from which number indices count, 0 or 1; as in training when not given.
    top
        How many classes of a picture to show.
    invert
        Invert pictures always or never; decided by the border when not given, and never in
        colour.
    """
    from linnet.data.addresses import is_address
    from linnet.model.answers import said_of
    from linnet.model.predictor import MODEL, Predictor
    from linnet.model.sources import STANDARD, are_pictures, spread_patterns
    from linnet.runs.predict import predict_file

    if not (run / MODEL).is_file():
        open_run(run)  # which says what is there instead
    model = Predictor.open(run)
    if model.card.schema is None and not (encoding is header is sheet is None and not keep):
        raise UsageError(
            f"--keep, --encoding, --header and --sheet are of tables, and {run} was not trained on one"
        )
    given = [one if is_address(one) else Path(one) for one in spread_patterns(rows)]
    if out is None and errors == "raise" and are_pictures(model, given):
        _say_pictures(model, [Path(one) for one in given], top, invert, json)
        return
    if json or top != TOP or (invert is not None and not are_pictures(model, given)):
        raise UsageError(
            "--json, --top and --invert are of pictures that are shown: of a table give --out answers.jsonl"
        )
    options = said_of(run, encoding=encoding, header=header, sheet=sheet, index_base=index_base)
    found = predict_file(
        model, given, out or STANDARD, keep=keep or [], errors=errors, options=options, invert=invert
    )
    make_printer(quiet)("; ".join(found.lines()) + (f"; the answers are in {out}" if out else ""))


def _say_pictures(model: Predictor, paths: list[Path], top: int, invert: bool | None, json: bool) -> None:
    import numpy as np

    from linnet.data.pictures.prepare import as_stored
    from linnet.data.streams.pictures import make_pictures

    if top < 1:
        raise UsageError(f"--top must be at least 1, not {top}")
    assert model.card.image_shape is not None
    found = list(make_pictures(paths, model.card.image_shape, invert))
    made = [one.picture for one in found if one.picture is not None]  # all of them, or it is an error
    pixels = np.stack([as_stored(one.pixels, model.card.scale) for one in made])
    names = [one.file for one in found]
    _show(names, made, _guesses(model, pixels, top), json, is_regression=not model.card.classes)


def _guesses(model: Predictor, pixels: NDArray[np.float64], top: int) -> list[Guess]:
    """The likeliest classes of rows (B, D) with their probabilities, or the numbers that are predicted."""
    answers, names = model.answers(pixels), model.card.output_names(model.outputs)
    if not model.card.classes:
        return [list(zip(names, row, strict=True)) for row in answers.tolist()]
    places = (-answers).argsort(axis=1, kind="stable")[:, :top]
    return [[(names[k], float(row[k])) for k in best] for row, best in zip(answers, places, strict=True)]


def _show(
    images: list[str], made: list[Prepared], guesses: list[Guess], json: bool, *, is_regression: bool
) -> None:
    shown = list(zip(images, made, guesses, strict=True))
    width, form = max(len(image) for image, _, _ in shown), ".6g" if is_regression else ".1%"
    answers = ["  ".join(f"{name} {value:{form}}" for name, value in guess) for guess in guesses]
    print_result(
        lambda: [_plain(*one, is_regression) for one in shown],
        lambda: [
            f"{image:<{width}}  {picture.nothing if picture.is_blank else answer}"
            for (image, picture, _), answer in zip(shown, answers, strict=True)
        ],
        json,
    )


def _plain(image: str, picture: Prepared, guess: Guess, is_regression: bool) -> dict[str, Any]:
    """An answer as JSON has it; of a blank picture without a class, but with the reason."""
    done = [str(step) for step in picture.steps]
    if is_regression:
        seen = {"nothing": picture.nothing} if picture.is_blank else {"values": dict(guess)}
        return {"image": image, **seen, "prepared": done}
    if picture.is_blank:
        return {"image": image, "top": [], "prepared": done, "nothing": picture.nothing}
    top = [{"class": name, "probability": p} for name, p in guess]
    return {"image": image, "top": top, "prepared": done}
