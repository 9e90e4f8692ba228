"""`run_job`: `linnet train`, which loads the data, trains and leaves the run's folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linnet.config import Job
from linnet.data.dataset import Splits
from linnet.data.registry import Progress, load, sources
from linnet.dist.launch import restarted
from linnet.dist.processes import alone, current
from linnet.folders import CHECKPOINT, RUN, default_folder, new_folder
from linnet.i18n import Language, check
from linnet.plot.beside import Drawer

if TYPE_CHECKING:
    from linnet.model.run import Run
    from linnet.train.callbacks import Callback


def run_job(
    job: Job,
    *,
    callbacks: Sequence[Callback] = (),
    say: Callable[[str], None] = lambda text: None,
    progress: Progress | None = None,
    resume: Path | None = None,
    track: Callable[[Path], Sequence[Callback]] = lambda folder: (),
    language: Language = "en",
    trained: Callable[[Run], None] = lambda run: None,
) -> Run:
    """Load the data, train, and leave the run's folder.

    Args:
        job: what is asked.
        callbacks: that show the run.
        say: called with sentences on the way.
        progress: called with bytes done and in all during a download.
        resume: a run's folder to go on from; the run goes there too. A folder that is missing or empty, as a
            kill at the very start leaves it, is begun anew.
        track: makes callbacks when the data have been read, of the folder: those that keep something in it.
        language: of the figures and the report that are left.
        trained: called with the run before its figures are drawn and its folder is left.

    Raises:
        LinnetError: anything wrong with the job or the data.
        OSError: the folder cannot be written.
    """
    check(language)
    processes, out = current(), job.out
    if resume is None:
        resume = processes.first(lambda: restarted(out))  # each might see another folder
    if out is not None and resume is None:
        processes.first(lambda: new_folder(out))  # refused before anything is loaded
    with Drawer() as drawer:
        if _is_at_hand(job) and processes.size == 1:
            drawer.start()  # while torch is imported
        splits = load(
            job.data, job.data_dir, seed=job.seed, say=say, progress=progress,
            sample_weight=job.sample_weight, **job.table,
        )  # fmt: skip
        if processes.is_first:
            drawer.start()
        return _train(job, splits, drawer, callbacks, say, resume, track, language, trained)


def _is_at_hand(job: Job) -> bool:
    """Whether the data have a name and are here, so that nothing of them is likely to be refused."""
    source = sources().get(job.data)
    return source is not None and source.is_there(job.data_dir)


def _train(
    job: Job, splits: Splits, drawer: Drawer, callbacks: Sequence[Callback], say: Callable[[str], None],
    resume: Path | None, track: Callable[[Path], Sequence[Callback]], language: Language,
    trained: Callable[[Run], None],
) -> Run:  # fmt: skip
    train, test = splits
    # What trains imports torch, which data that are refused never wait for.
    from linnet.runs.fit import last_checkpoint, train_in
    from linnet.runs.folder import leave_run
    from linnet.train.callbacks import Checkpoints
    from linnet.train.columns import describe_penalties

    validated = f"{len(train.validation):,} to validate on, " if train.validation else ""
    tested = f"{len(test) if test else 0:,} to test on"
    say(f"{train.name}: {len(train):,} rows to train on, {validated}{tested}")
    if said := describe_penalties(train, vars(job)):
        say(said)
    processes = current()
    checkpoint = None if resume is None else processes.first(lambda: last_checkpoint(resume))
    if resume is not None and checkpoint is None:
        say(f"there is nothing to go on from in {resume}: the run begins")
    folder = resume or processes.first(lambda: new_folder(job.out or default_folder(train.name)))
    if resume is not None and (note := _dropped_calibration(resume)):
        say(note)
    keeping = Checkpoints(folder / CHECKPOINT, job.checkpoint_epochs, job.checkpoint_minutes)
    run, ended = train_in(folder, train, test, job.recipe, [*callbacks, *track(folder)], keeping, checkpoint)
    trained(run)
    rows = splits if job.report else None
    if processes.is_first:
        with alone():
            leave_run(run, ended, folder, rows, is_catalog=True, language=language, drawer=drawer)
    return run


def _dropped_calibration(folder: Path) -> str:
    """What to say where a run that goes on has a calibration, which was learnt on other weights."""
    from linnet.model.predictor import Predictor

    if not (folder / RUN).is_file() or Predictor.open(folder).card.calibration is None:
        return ""
    return (
        f"the calibration kept in {folder} is of the weights so far, so it is dropped: learn it again when "
        "the run has ended, by linnet evaluate --calibrate"
    )
