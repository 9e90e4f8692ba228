"""`linnet tune`."""

from __future__ import annotations

import json as json_format
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from linnet.cli import search
from linnet.errors import INTERRUPTED_CODE, UsageError


def tune(
    knobs: Annotated[search.Knobs | None, Parameter(name="*")] = None,
    *,
    trials: int = 100,
    batch: int = 20,
    storage: str | None = None,
    study: str | None = None,
    seeds: int = 1,
    folds: int | None = None,
    bags: int | None = None,
    validation: float = 0.1,
    metric: str | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    loss: str | None = None,
    huber: float = 1.0,
    patience: int | None = None,
    halving: str | None = None,
    data: str = "auto",
    data_dir: Path | None = None,
    seed: int = 1,
    dtype: str = "float32",
    device: str = "auto",
    threads: int | str = "auto",
    out: Path | None = None,
    lang: Literal["en", "zh"] = "en",
    report: bool = True,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Search for good settings with Optuna, a batch of models in each pass over the data.

    A knob takes a range whose logarithm is searched (--lr 0.001..1), an even range (--momentum 0.5:0.99),
    several values (--optimizer sgd,adam), or one. The best setting is chosen on rows kept from training,
    trained again on all training rows, and scored once on the test set.

    Examples
        linnet tune --lr 0.001..1 --l2 1e-6..1e-2 --optimizer sgd,adam --trials 100 --batch 20

        linnet tune --lr 0.01..1 --momentum 0.5:0.99 --optimizer nesterov --folds 5

        linnet tune --lr 0.001..1 --l2 1e-6..1e-2 --storage study.log

    Parameters
    ----------
    knobs
        What is searched.
    trials
        Settings to try.
    batch
        Of which so many are trained at once.
    storage
        A file that keeps the study: the same command again goes on with it.
    study
        The study's name in that file; the data set's when not given.
    seeds
        Train each setting from this many starts.
    folds
        Cross-validation with so many folds, instead of one share of rows held out.
    bags
        Bootstraps: train each setting on so many, judged by the rows that are out of each.
    validation
        The share of rows held out when there are neither folds nor bags.
    metric
        Choose by accuracy or loss.
    epochs
        Passes over the rows; 10 for classes, 3 for a regression.
    batch_size
        Rows a minibatch.
    loss
        softmax, logistic (each class against the rest), squared, absolute or huber.
    huber
        Huber's threshold.
    patience
        Stop a model after so many epochs without a better validation loss, and keep its best weights.
    halving
        Epochs after which the worse half of a batch is dropped: 2,4.
    data
        auto, or a name that linnet data list shows; or a path of your own data: a CSV or .npz file, a zip of
        pictures, or a folder of pictures or of IDX files.
    data_dir
        The folder with the data set's files.
    seed
        Of the order of the rows, the folds, the search, and the first start.
    dtype
        float32 or float64.
    device
        auto, cpu, cuda or mps.
    threads
        auto or a number.
    out
        The folder for the table, the figure and the best model (best/); runs/tune-TIME when not given.
    lang
        Of the figure.
    report
        Leave report.html in the folder: the choice and how sure it is, and figures.
    quiet
        Print nothing but errors.
    json
        Print the summary as JSON.
    """
    from linnet.cli.fonts import told_of_fonts
    from linnet.cli.progress import download_progress
    from linnet.data.dataset import Splits
    from linnet.data.registry import load
    from linnet.folders import default_folder, new_folder
    from linnet.record.requests import SweepRequest, TuneRequest
    from linnet.runs.folder import Source
    from linnet.runs.tune import tune_request

    if seeds < 1:
        raise UsageError(f"seeds must be at least 1, not {seeds}")
    space = search.space(knobs)
    if not space:
        raise UsageError("say what to search, such as --lr 0.001..1 --optimizer sgd,adam")
    if seeds > 1:
        space["seed"] = range(seed, seed + seeds)
    halves = search.rungs(halving)
    folder = new_folder(out or default_folder("tune"))
    folder.mkdir(parents=True, exist_ok=True)  # what cannot be written shows now
    with download_progress(quiet) as progress:
        train, test = load(data, data_dir, seed=seed, say=search.sayer(quiet), progress=progress)
    request = TuneRequest(
        space=space, trials=trials, batch=batch, study=study,
        sweep=SweepRequest(
            folds=folds, bags=bags, validation=validation, metric=metric, epochs=epochs,
            batch_size=batch_size, loss=loss, huber=huber, patience=patience, halving=tuple(halves),
            seed=seed, dtype=dtype, device=device, threads=threads,
        ),
    )  # fmt: skip
    with told_of_fonts():
        result = search.or_say("no batch was done", lambda: tune_request(
            Splits(train, test), request, storage=storage, show=not quiet and not json, out=folder,
            report=report, language=lang, source=Source(data_dir, seed=seed),
        ))  # fmt: skip
    if result.is_interrupted:
        print(
            f"interrupted after {len(result.configurations)} settings, which are in {folder}", file=sys.stderr
        )
        sys.exit(INTERRUPTED_CODE)
    best = search.best_in(folder, f"the settings are in {folder}")
    if json:
        said = search.summary(result.swept, best, folder)
        said["trials"] = len(result.study.get_trials(deepcopy=False))
        print(json_format.dumps(said, ensure_ascii=False))
    elif not quiet:
        print("\n".join(search.closing(result.swept, best, folder, test)))
