"""`linnet find-lr`."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from linnet.cli import search
from linnet.config import Recipe
from linnet.errors import UsageError


def find_lr(
    recipe: Annotated[Recipe | None, Parameter(name="*")] = None,
    *,
    low: float = 1e-5,
    high: float = 100.0,
    count: int = 43,
    steps: int = 200,
    data: str = "auto",
    data_dir: Path | None = None,
    out: Path | None = None,
    lang: Literal["en", "zh"] = "en",
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
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
    low
        The lowest rate.
    high
        The highest rate.
    count
        How many rates, evenly spread over their logarithms.
    steps
        Steps of each model.
    data
        auto, or a name that linnet data list shows; or a path of your own data: a CSV or .npz file, a zip of
        pictures, or a folder of pictures or of IDX files.
    data_dir
        The folder with the data set's files.
    out
        The folder for the figure and the table; runs/rates-TIME when not given.
    lang
        Of the figure.
    quiet
        Print nothing but the suggestion.
    json
        Print the suggestion as JSON.
    """
    from linnet.cli.fonts import told_of_fonts
    from linnet.cli.progress import download_progress
    from linnet.data.registry import load
    from linnet.folders import default_folder, new_folder
    from linnet.search.find_lr import find_lr as search_rates

    recipe = recipe or Recipe()
    if recipe.lr is not None:
        raise UsageError("--lr is what is looked for: say where with --low and --high")
    folder = new_folder(out or default_folder("rates"))
    folder.mkdir(parents=True, exist_ok=True)  # what cannot be written shows now
    with download_progress(quiet) as progress:
        splits = load(data, data_dir, seed=recipe.seed, say=search.sayer(quiet), progress=progress)
    curve = search.or_say(
        "there is no suggestion yet",
        lambda: search_rates(splits, recipe, low=low, high=high, count=count, steps=steps),
    )
    with told_of_fonts():
        curve.save(folder, lang)
    if json:
        print(json_format.dumps({"folder": str(folder), **curve.summary()}, ensure_ascii=False))
    elif quiet:
        print(f"{curve.suggestion:g}")
    else:
        shown = curve.table.iloc[:: max(1, len(curve.table) // 14)]
        print(shown.to_string(index=False, float_format="%.4g", na_rep="diverged"))
        print(f"suggestion: --lr {curve.suggestion:g}; the curve is {folder / 'rates.svg'}")
        if curve.edge:
            print(f"{curve.edge} (--low, --high)")
