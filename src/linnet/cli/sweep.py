"""`linnet sweep`."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from linnet.cli import search
from linnet.errors import UsageError


def sweep(
    *,
    lr: str | None = None,
    optimizer: str | None = None,
    momentum: str | None = None,
    l2: str | None = None,
    l1: str | None = None,
    weight_decay: str | None = None,
    clip: str | None = None,
    schedule: str | None = None,
    warmup: str | None = None,
    std: str | None = None,
    seeds: int = 1,
    folds: int | None = None,
    validation: float = 0.1,
    random: int | None = None,
    metric: str | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    loss: str | None = None,
    huber: float = 1.0,
    patience: int | None = None,
    halving: str | None = None,
    dataset: str = "auto",
    data_dir: Path | None = None,
    seed: int = 1,
    dtype: str = "float32",
    device: str = "auto",
    threads: int | str = "auto",
    out: Path | None = None,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Train many linear models in one pass over the data, and keep the best.

    Every combination of the knobs' values is a model, and all of them share each minibatch: 64 learning rates
    take about as long as 15 single runs would. The best is chosen on rows kept from training, trained
    again on all training rows, and scored once on the test set.

    Examples
        linnet sweep --lr 0.01,0.1,1 --l2 0,1e-4 --seeds 5 --folds 5

        linnet sweep --optimizer sgd,momentum,adam --lr 0.001,0.01,0.1 --schedule constant,cosine --epochs 20

        linnet sweep --lr 0.001..1 --l2 1e-6..1e-2 --random 60 --halving 2,4

    Parameters
    ----------
    lr
        Learning rates: values with commas between them; with --random also a range, 0.001..1, whose
        logarithm is drawn evenly, or 0.1:1, drawn evenly itself. So for every knob.
    optimizer
        sgd, momentum, nesterov, adam.
    momentum
        Momentum; Adam's first decay.
    l2
        The weight of half the squared norm of the weights in the objective.
    l1
        The weight of their absolute sum; gives exact zeros.
    weight_decay
        Decay apart from the gradient, as in AdamW.
    clip
        The largest norm of a model's gradient.
    schedule
        constant, step, cosine, linear, onecycle.
    warmup
        The share of the run in which the rate first rises.
    std
        Standard deviation of the initial weights.
    seeds
        Train each setting from this many starts.
    folds
        Cross-validation with so many folds, instead of one share of rows held out.
    validation
        The share of rows held out when there are no folds.
    random
        Draw this many settings from the values and ranges, instead of every combination.
    metric
        Choose by accuracy or loss.
    epochs
        Passes over the rows; 10 for classes, 3 for a regression.
    batch_size
        Rows a minibatch.
    loss
        softmax, squared, absolute or huber.
    huber
        Huber's threshold.
    patience
        Stop a model after so many epochs without a better validation loss, and keep its best weights.
    halving
        Epochs after which the worse half of the settings is dropped: 2,4.
    dataset
        auto, fashion_mnist, mnist, digits or synthetic.
    data_dir
        The folder with the data set's files.
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
    quiet
        Print nothing but errors.
    json
        Print the summary as JSON.
    """
    from linnet import sweeps
    from linnet.cli.progress import download_progress
    from linnet.data.catalog import load
    from linnet.runs import default_folder, new_folder

    if seeds < 1:
        raise UsageError(f"seeds must be at least 1, not {seeds}")
    asked = {
        "lr": lr, "optimizer": optimizer, "momentum": momentum, "l2": l2, "l1": l1, "weight_decay":
        weight_decay, "clip": clip, "schedule": schedule, "warmup": warmup, "std": std,
    }  # fmt: skip
    grid: dict[str, Any] = {
        name: search.values(name, text) for name, text in asked.items() if text is not None
    }
    if seeds > 1:
        grid["seed"] = range(seed, seed + seeds)
    folder = new_folder(out or default_folder("sweep"))
    with download_progress(quiet) as progress:
        train, test = load(dataset, data_dir, seed=seed, say=None if quiet else print, progress=progress)
    result = sweeps.sweep(
        train, grid, random=random, folds=folds, validation=validation, metric=metric, epochs=epochs,
        batch_size=batch_size, loss=loss, huber=huber, patience=patience,
        halving=search.rungs(halving),
        seed=seed, dtype=dtype, device=device, threads=threads, show=not quiet and not json,
    )  # fmt: skip
    best = result.refit(test)
    result.save(folder)
    best.save(folder / "best")
    if json:
        print(json_format.dumps(search.summary(result, best, folder), ensure_ascii=False))
    elif not quiet:
        print("\n".join(search.closing(result, best, folder)))
