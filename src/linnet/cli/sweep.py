"""`linnet sweep`."""

from __future__ import annotations

import json as json_format
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from linnet.errors import UsageError

if TYPE_CHECKING:
    from linnet.data.dataset import Dataset
    from linnet.sweeps import SweepResult
    from linnet.train.run import Run

SHOWN = 12
"""Rows of the table that are printed; table.csv has all."""

INTERRUPTED_CODE = 130

WORDS = ("optimizer", "schedule", "class_weight", "augment")
WHOLE = ("batch_size", "pool")
TRUTHS = {"yes": True, "no": False, "true": True, "false": False}


def sweep(
    *,
    lr: str | None = None,
    optimizer: str | None = None,
    momentum: str | None = None,
    average: str | None = None,
    l2: str | None = None,
    l1: str | None = None,
    weight_decay: str | None = None,
    clip: str | None = None,
    schedule: str | None = None,
    warmup: str | None = None,
    label_smoothing: str | None = None,
    class_weight: str | None = None,
    dropout: str | None = None,
    augment: str | None = None,
    pool: str | None = None,
    standardize: str | None = None,
    std: str | None = None,
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
    dataset: str = "auto",
    data_dir: Path | None = None,
    sample_weight: Path | None = None,
    seed: int = 1,
    dtype: str = "float32",
    device: str = "auto",
    threads: int | str = "auto",
    out: Path | None = None,
    resume: Path | None = None,
    checkpoint_minutes: float = 1.0,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Train many linear models in one pass over the data, and keep the best.

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
    lr
        Learning rates: values with commas between them; with --random also a range, 0.001..1, whose
        logarithm is drawn evenly. So for every knob.
    optimizer
        sgd, momentum, nesterov, adam.
    momentum
        Momentum; Adam's first decay.
    average
        The share of the run, at its end, over which the weights are averaged.
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
    label_smoothing
        The share of each label that is spread evenly over the classes.
    class_weight
        none, balanced, or a weight a class with colons between them: none,balanced,1:1:2.
    dropout
        The share of the features that is left out at random of each row at each step.
    augment
        How images are changed at random: none, or some of shift, flip, rotate, scale, cutout, noise with plus
        signs between them, each with its strength where the usual one will not do: shift:2+rotate:10.
    pool
        The side of the blocks of pixels whose mean is a feature.
    standardize
        yes, no: bring each feature to mean 0 and deviation 1 over the training rows.
    std
        Standard deviation of the initial weights.
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
    dataset
        auto, fashion_mnist, mnist, digits or synthetic.
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
    quiet
        Print nothing but errors.
    json
        Print the summary as JSON.
    """
    from linnet import sweeps
    from linnet.cli.progress import download_progress
    from linnet.data.catalog import load
    from linnet.data.weights import read_weights
    from linnet.runs import default_folder

    if seeds < 1:
        raise UsageError(f"seeds must be at least 1, not {seeds}")
    asked = {
        "lr": lr, "batch_size": batch_size, "optimizer": optimizer, "momentum": momentum, "average": average,
        "l2": l2, "l1": l1, "weight_decay": weight_decay, "clip": clip, "schedule": schedule, "warmup":
        warmup, "label_smoothing": label_smoothing, "class_weight": class_weight, "dropout": dropout,
        "augment": augment, "pool": pool, "standardize": standardize, "std": std,
    }  # fmt: skip
    grid: dict[str, Any] = {name: values(name, text) for name, text in asked.items() if text is not None}
    if seeds > 1:
        grid["seed"] = range(seed, seed + seeds)
    folder = resume or out or default_folder("sweep")
    with download_progress(quiet) as progress:
        train, test = load(dataset, data_dir, seed=seed, say=None if quiet else print, progress=progress)
    result = sweeps.sweep(
        train, grid, random=random, folds=folds, bags=bags, validation=validation, metric=metric,
        epochs=epochs, loss=loss, huber=huber, patience=patience,
        sample_weight=None if sample_weight is None else read_weights(sample_weight, len(train)),
        halving=[] if halving is None else [_whole("halving", rung) for rung in halving.split(",")],
        seed=seed, dtype=dtype, device=device, threads=threads, show=not quiet and not json, out=folder,
        resume=resume is not None, checkpoint_minutes=checkpoint_minutes,
    )  # fmt: skip
    if result.is_interrupted:
        done = f"interrupted after {result.epochs_done} epochs"
        print(f"{done}: linnet sweep --resume {folder} with the same options goes on", file=sys.stderr)
        sys.exit(INTERRUPTED_CODE)
    best = result.refit(test)
    best.save(folder / "best")
    if json:
        print(json_format.dumps(_summary(result, best, folder), ensure_ascii=False))
    elif not quiet:
        print("\n".join(_lines(result, best, folder, test)))


def values(name: str, text: str) -> list[Any] | Any:
    """A knob's values, as typed.

    Raises:
        UsageError: they are not of its kind.
    """
    from linnet.train.trials import LogUniform

    low, dots, high = text.partition("..")
    if dots:
        return LogUniform(_number(name, low), _number(name, high))
    parts = [part.strip() for part in text.split(",")]
    if name in WORDS:
        return parts
    if name in WHOLE:
        return [_whole(name, part) for part in parts]
    if name == "standardize":
        return [_truth(name, part) for part in parts]
    return [None if name == "clip" and part == "none" else _number(name, part) for part in parts]


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{_flag(name)} takes numbers with commas between them, not {text!r}") from None


def _whole(name: str, text: str) -> int:
    if not text.strip().isdigit():
        raise UsageError(f"{_flag(name)} takes whole numbers with commas between them, not {text!r}")
    return int(text)


def _truth(name: str, text: str) -> bool:
    if text not in TRUTHS:
        raise UsageError(f"{_flag(name)} takes yes, no, or both with a comma between them, not {text!r}")
    return TRUTHS[text]


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _summary(result: SweepResult, best: Run, folder: Path) -> dict[str, Any]:
    import dataclasses

    table = result.table.astype(object).where(result.table.notna(), None)
    return {
        "folder": str(folder),
        "models": len(result.trials),
        "seconds": round(result.seconds, 3),
        "best": dataclasses.asdict(result.best),
        "lead": result.lead.as_dict(),
        "final": best.history.last,
        "table": table.to_dict("records"),
    }


def _lines(result: SweepResult, best: Run, folder: Path, test: Dataset | None) -> list[str]:
    figures = [name for name in result.outcome.curves if name != "train_loss"]
    table = result.table[[*result.varied, "train_loss", *figures, f"{result.metric}_se", "models", "status"]]
    lines = [table.head(SHOWN).to_string(index=False, float_format="%.4g", na_rep="")]
    if len(table) > SHOWN:
        lines.append(f"… and {len(table) - SHOWN} more in table.csv")
    chosen = ", ".join(f"{name} {_short(result.shown(result.best, name))}" for name in result.varied)
    by = result.metric.replace("_", " ")
    lines.append(f"best by {by}: {chosen or 'the only setting'}; {result.lead}")
    if "test_accuracy" in best.history.last:
        lines.append(
            f"trained again on all training rows: test accuracy {best.history.last['test_accuracy']:.4f}"
        )
        members = len(result.configurations[0].members)
        if test is not None and members > 1:
            accuracy = result.ensemble().accuracy(test)
            lines.append(f"its {members} models together, their probabilities averaged: {accuracy:.4f}")
    lines.append(
        f"{len(result.trials)} models in {result.seconds:.1f} s; all is in {folder}, the best model in best"
    )
    return lines


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
