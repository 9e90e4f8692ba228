"""`linnet sweep`."""

from __future__ import annotations

import json as json_format
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from linnet.cli import search
from linnet.errors import INTERRUPTED_CODE, UsageError


def sweep(
    knobs: Annotated[search.Knobs | None, Parameter(name="*")] = None,
    *,
    seeds: int = 1,
    folds: int | None = None,
    bags: int | None = None,
    validation: float = 0.1,
    random: int | None = None,
    metric: str | None = None,
    epochs: int | None = None,
    batch_size: str | None = None,
    loss: str | None = None,
    huber: float = 1.0,
    patience: int | None = None,
    halving: str | None = None,
    data: str = "auto",
    data_dir: Path | None = None,
    sample_weight: Path | None = None,
    seed: int = 1,
    dtype: str = "float32",
    device: str = "auto",
    threads: int | str = "auto",
    out: Path | None = None,
    resume: Path | None = None,
    checkpoint_minutes: float = 1.0,
    lang: Literal["en", "zh"] = "en",
    report: bool = True,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Train many linear models in one pass over the data, and keep the best.

    A knob takes values with commas between them; with --random also a range whose logarithm is drawn evenly
    (--lr 0.001..1), or an even one (--momentum 0.5:0.99).

    Every combination of the knobs' values is a model, and all of them share each minibatch: 64 learning rates
    take about as long as 15 single runs would. The best is chosen on rows kept from training, trained
    again on all training rows, and scored once on the test set.

    Ctrl-C ends the sweep after the current minibatch; --resume FOLDER with the same options goes on with it,
    also after a crash or a kill, to the same bytes. Exit code 130 when it was interrupted.

    Examples
        linnet sweep --lr 0.01,0.1,1 --l2 0,1e-4 --seeds 5 --folds 5

        linnet sweep --optimizer sgd,momentum,adam --lr 0.001,0.01,0.1 --schedule constant,cosine --epochs 20

        linnet sweep --lr 0.001..1 --l2 1e-6..1e-2 --random 60 --halving 2,4

        linnet sweep --augment none,shift,shift:2+rotate:10 --dropout 0,0.2 --batch-size 64,256 --seeds 3

        linnet sweep --lr 0.1,0.3 --bags 20

    Parameters
    ----------
    knobs
        What is swept.
    seeds
        Train each setting from this many starts.
    folds
        Cross-validation with so many folds, instead of one share of rows held out.
    bags
        Bootstraps: train each setting on so many, judged by the rows that are out of each; the ensemble of
        the best setting's models is scored too.
    validation
        The share of rows held out when there are neither folds nor bags.
    random
        Draw this many settings from the values and ranges, instead of every combination.
    metric
        Choose by accuracy or loss.
    epochs
        Passes over the rows; 10 for classes, 3 for a regression.
    batch_size
        Rows a minibatch; several values must be multiples of the least.
    loss
        softmax, logistic (each class against the rest), squared, absolute or huber.
    huber
        Huber's threshold.
    patience
        Stop a model after so many epochs without a better validation loss, and keep its best weights.
    halving
        Epochs after which the worse half of the settings is dropped: 2,4.
    data
        auto, or a name that linnet data list shows; or a path of your own data: a CSV or .npz file, a zip of
        pictures, or a folder of pictures or of IDX files.
    data_dir
        The folder with the data set's files.
    sample_weight
        A file with a weight for each training row: .npy, or text with a number a line.
    seed
        Of the order of the rows, the folds, random draws, and the first start.
    dtype
        float32 or float64.
    device
        auto, cpu, cuda or mps.
    threads
        auto or a number.
    out
        The folder for the table, the figure and the best model (best/); runs/sweep-TIME when not given.
    resume
        Go on with the sweep in this folder.
    checkpoint_minutes
        Between two checkpoints, from which --resume goes on.
    report
        Leave report.html in the folder: the choice and how sure it is, figures, and how to do it again.
    lang
        Of the figures and the report.
    quiet
        Print nothing but errors.
    json
        Print the summary as JSON.
    """
    from linnet.cli.progress import download_progress
    from linnet.data.dataset import Splits
    from linnet.data.registry import load
    from linnet.data.weights import weigh_by_file
    from linnet.folders import CHECKPOINT, default_folder
    from linnet.record.requests import SweepRequest
    from linnet.runs.folder import Source
    from linnet.runs.sweep import sweep_request

    if seeds < 1:
        raise UsageError(f"seeds must be at least 1, not {seeds}")
    grid = search.space(knobs)
    if batch_size is not None:
        grid["batch_size"] = search.values("batch_size", batch_size)
    if seeds > 1:
        grid["seed"] = range(seed, seed + seeds)
    if resume is not None and out is not None:
        raise UsageError("--resume goes on in its own folder: leave out --out")
    folder = resume or out or default_folder("sweep")
    say = search.sayer(quiet)
    if resume is not None and not (resume / CHECKPOINT).exists():
        say(f"there is nothing to go on from in {resume}: the sweep begins")
    with download_progress(quiet) as progress:
        train, test = load(data, data_dir, seed=seed, say=say, progress=progress)
    advice = f"linnet sweep --resume {folder} with the same options goes on"
    request = SweepRequest(
        grid=grid, random=random, folds=folds, bags=bags, validation=validation, metric=metric, epochs=epochs,
        loss=loss, huber=huber, patience=patience, halving=tuple(search.rungs(halving)), seed=seed,
        dtype=dtype, device=device, threads=threads,
    )  # fmt: skip
    if sample_weight is not None:
        train = weigh_by_file(train, sample_weight)
    result = search.or_say(advice, lambda: sweep_request(
        Splits(train, test), request, show=not quiet and not json, out=folder, resume=resume is not None,
        checkpoint_minutes=checkpoint_minutes, report=report, language=lang,
        source=Source(data_dir, sample_weight, seed),
    ))  # fmt: skip
    if result.is_interrupted:
        done = f"interrupted after {result.epochs_done} epochs"
        print(f"{done}: {advice}", file=sys.stderr)
        sys.exit(INTERRUPTED_CODE)
    best = search.best_in(folder, f"linnet sweep --resume {folder} with the same options trains it again")
    if json:
        print(json_format.dumps(search.summary(result, best, folder), ensure_ascii=False))
    elif not quiet:
        print("\n".join(search.closing(result, best, folder, test)))
