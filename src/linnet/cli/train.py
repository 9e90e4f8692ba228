"""`linnet train`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

import linnet
from linnet.cli.console import load_progress, make_printer, print_json
from linnet.cli.options import Flag, Json, Lang, Quiet
from linnet.config import Job, as_dict, to_toml
from linnet.errors import INTERRUPTED_CODE

if TYPE_CHECKING:
    from linnet.train.callbacks import Callback


def train(
    job: Annotated[Job | None, Parameter(name="*")] = None,
    *,
    config: Path | None = None,
    resume: Path | None = None,
    track: str | None = None,
    lang: Lang = "en",
    print_config: Flag = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train a linear model and leave it in a run folder.

    Without options it is the book's recipe: softmax regression on Fashion-MNIST, minibatches of 256, SGD at
    0.1, 10 epochs. `--data synthetic` is the book's linear regression.

    Examples

        linnet train

        linnet train --lr 0.5 --epochs 20 --out runs/faster

        linnet train --data synthetic

        linnet train --data ./pictures --color

        linnet train --data visits.csv --loss poisson --lr 0.01

        linnet train --track tensorboard

        linnet train --print-config > mine.toml; linnet train --config mine.toml --seed 1

    Parameters
    ----------
    job
        The run's options.
    config
        A TOML or JSON file with any of these options as keys (batch_size = 64), or a run's run.json.
        A flag overrides the file.
    resume
        A run's folder to go on from, bit for bit, with its own options and more --epochs; after a kill, which
        leaves no run.json, say the same options again.
    track
        Log the figures to tensorboard, mlflow or wandb; several with commas between them. TensorBoard's go
        beside the run, into its folder.
    print_config
        Print the options as TOML and do nothing.
    """
    del config  # the application has read it
    job = job or Job()
    if print_config:
        print(to_toml(job), end="")
        return
    run = _run(job, quiet, json, resume, track, lang)
    if json:
        print_json(summary(run))
    elif not quiet:
        print(f"{run.seconds:.2f} s; the run is in {run.folder}")
    if run.status == "interrupted":
        sys.exit(INTERRUPTED_CODE)


def summary(run: linnet.Run) -> dict[str, object]:
    """What --json prints."""
    from linnet.evaluate.score import parameter_errors

    result: dict[str, object] = {
        "folder": str(run.folder),
        "status": run.status,
        "seconds": round(run.seconds, 3),
        "final": run.kept,
        "baseline": run.baseline,
        "history": run.history.records,
        "request": run.fitted and as_dict(run.fitted),
        "origin": run.origin and run.origin.to_json(),
    }
    if run.truth is not None:
        errors = parameter_errors(run.predictor, run.truth)
        result["errors"] = {"w": errors.w.tolist(), "b": errors.b}
    return result


def closing_lines(run: linnet.Run) -> list[str]:
    """The lines that say what a run came to."""
    from linnet.evaluate.score import parameter_errors
    from linnet.model.baseline import baseline_lines

    lines = []
    kept = run.kept
    if "test_accuracy" in kept:
        said = f"after {kept['epoch']:g} epoch{'s' * (kept['epoch'] != 1)}" + (
            "" if kept is run.history.last else ", whose weights are kept"
        )
        lines.append(f"test accuracy {kept['test_accuracy']:.4f} {said}")
    lines += baseline_lines(run.baseline, kept)
    if run.truth is not None:
        errors = parameter_errors(run.predictor, run.truth)
        lines.append("error of w: " + ", ".join(f"{e:+.6f}" for e in errors.w.tolist()))
        lines.append(f"error of b: {errors.b:+.6f}")
    return lines


def _run(job: Job, quiet: bool, json: bool, resume: Path | None, track: str | None, lang: Lang) -> linnet.Run:
    from linnet.runs.job import run_job

    out, trackers = sys.stderr if json else sys.stdout, _trackers(track)

    def watch(folder: Path) -> list[Callback]:
        from linnet.runs.display import display  # when the data have been read

        return [*([] if quiet else [display(out)]), *trackers(folder)]

    def close(run: linnet.Run) -> None:
        if not (quiet or json):
            print("\n".join(closing_lines(run)), flush=True)

    with load_progress(bool(job.stream), quiet) as progress:
        return run_job(
            job, say=make_printer(quiet, out), progress=progress, resume=resume, track=watch, language=lang,
            trained=close,
        )  # fmt: skip


def _trackers(names: str | None) -> Callable[[Path], Sequence[Callback]]:
    """What makes the trackers of a run's folder; those that cannot be had are refused."""
    if not names:
        return lambda folder: ()
    from linnet.tracking import by_names

    return by_names(names)
