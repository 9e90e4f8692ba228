"""`linnet sweep`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from linnet.cli.console import make_printer
from linnet.cli.search import Hyperparameters, SearchOptions, exit_interrupted, parse_values, run_or_exit
from linnet.dist.launch import restarted
from linnet.dist.processes import current
from linnet.errors import UsageError


def sweep(
    hyperparameters: Annotated[Hyperparameters | None, Parameter(name="*")] = None,
    options: Annotated[SearchOptions | None, Parameter(name="*")] = None,
    *,
    random: int | None = None,
    batch_size: str | None = None,
    resume: Path | None = None,
    checkpoint_minutes: float = 1.0,
) -> None:
    """Train many linear models in one pass over the data, and keep the best.

    A hyperparameter takes values with commas between them; with --random also a range whose logarithm is
    drawn evenly (--lr 0.001..1), or an even one (--momentum 0.5:0.99).

    Every combination of the values is a model, and all of them share each minibatch: 64 learning rates
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
    hyperparameters
        What is swept.
    options
        How.
    random
        Draw this many settings from the values and ranges instead of taking every combination.
    batch_size
        Rows a minibatch; several with commas between them must be multiples of the least.
    resume
        Go on with the sweep in this folder.
    checkpoint_minutes
        Between two checkpoints, from which --resume goes on.
    """
    from linnet.folders import CHECKPOINT, default_folder, new_folder

    options = options or SearchOptions()
    grid = options.space(hyperparameters)
    if batch_size is not None:
        grid["batch_size"] = parse_values("batch_size", batch_size)
    if resume is not None and options.out is not None:
        raise UsageError("--resume goes on in its own folder: leave out --out")
    processes, out = current(), options.out
    resume = resume or processes.first(lambda: restarted(out))  # each might see another folder
    folder = resume or processes.first(lambda: new_folder(options.out or default_folder("sweep")))
    if resume is not None and not (resume / CHECKPOINT).exists():
        make_printer(options.quiet)(f"there is nothing to go on from in {resume}: the sweep begins")
    request = options.request(grid=grid, random=random)
    splits = options.load(grid)
    from linnet.runs.sweep import sweep_request  # which loads torch: what is refused never waits for it

    again = f"linnet sweep --resume {folder} with the same options"
    result = run_or_exit(f"{again} goes on", lambda: sweep_request(
        splits, request, out=None if resume else folder, resume=resume, checkpoint_minutes=checkpoint_minutes,
        is_catalog=True, **options.watch,
    ))  # fmt: skip
    if result.is_interrupted:
        exit_interrupted(f" after {result.epochs_done} epochs: {again} goes on")
    if processes.is_first:
        options.close(result, folder, splits.test, f"{again} trains it again")
