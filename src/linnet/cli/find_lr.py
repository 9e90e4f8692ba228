"""`linnet find-lr`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

import linnet
from linnet.cli.console import load_rows, make_printer, print_result, report_missing_fonts
from linnet.cli.options import Data, DataDir, Json, Lang, Quiet, SampleWeight, Table
from linnet.cli.search import run_or_exit
from linnet.config import Recipe
from linnet.errors import UsageError
from linnet.folders import default_folder, new_folder


def find_lr(
    recipe: Annotated[Recipe | None, Parameter(name="*")] = None,
    table: Table = None,
    *,
    low: float = 1e-5,
    high: float = 100.0,
    count: int = 43,
    steps: int = 200,
    data: Data = "auto",
    data_dir: DataDir = None,
    sample_weight: SampleWeight = None,
    out: Path | None = None,
    lang: Lang = "en",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Find the learning rate to begin with: many rates in one pass, judged on rows kept from training.

    Each rate's model makes the same few steps on the same minibatches. Give the options that the training
    will have, such as its optimizer and batch size.

    Examples

        linnet find-lr

        linnet find-lr --optimizer adam --l2 1e-4 --out runs/rates

        linnet find-lr --data synthetic --low 1e-4 --high 1

    Parameters
    ----------
    recipe
        How the models will be trained.
    table
        How a table of your own is read.
    low
        The lowest rate.
    high
        The highest rate.
    count
        How many rates, evenly spread over their logarithms.
    steps
        Steps of each model.
    out
        The folder for the figure and the table; runs/rates-TIME when not given.
    """
    recipe = recipe or Recipe()
    if recipe.lr is not None:
        raise UsageError("--lr is what is looked for: say where with --low and --high")
    folder = new_folder(out or default_folder("rates"))
    folder.mkdir(parents=True, exist_ok=True)  # what cannot be written shows now
    splits = load_rows(
        data,
        data_dir,
        recipe.seed,
        make_printer(quiet),
        table=table,
        sample_weight=sample_weight,
        quiet=quiet,
    )
    curve = run_or_exit(
        "there is no suggestion yet",
        lambda: linnet.find_lr(splits, recipe, low=low, high=high, count=count, steps=steps),
    )
    with report_missing_fonts():
        curve.save(folder, lang)
    shown = curve.table.iloc[:: max(1, len(curve.table) // 14)]
    lines = [
        shown.to_string(index=False, float_format="%.4g", na_rep="diverged"),
        f"suggestion: --lr {curve.suggestion:g}; the curve is {folder / 'rates.svg'}",
        *([f"{curve.edge} (--low, --high)"] if curve.edge else []),
    ]
    print_result(
        lambda: {"folder": str(folder), **curve.summary()},
        lambda: [f"{curve.suggestion:g}"] if quiet else lines,
        json,
    )
