"""`replay`: a run, a sweep or a solve done again from what its folder says, and compared byte by byte.

The figures of time are no part of it: `seconds` differ from run to run.
"""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linnet.config import Recipe, SweepRequest
from linnet.data.dataset import Dataset, Splits
from linnet.data.origin import Origin, read_record
from linnet.data.registry import load_again, sources
from linnet.device import versions
from linnet.dist.processes import alone
from linnet.errors import UsageError
from linnet.evaluate.score import score
from linnet.folders import SWEEP, TUNE, new_folder, read
from linnet.model.history import History, Record
from linnet.model.run import Run
from linnet.report.subject import is_loadable, relocate
from linnet.report.sweep import Swept
from linnet.runs.folder import BEST
from linnet.runs.solve import solve_problem
from linnet.runs.sweep import sweep_request
from linnet.train.fit import fit

TIMES = ("seconds",)
"""Figures of a history that are not compared."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Replay:
    """What came of doing it again.

    Args:
        folder: what was done again.
        compared: the files that were, or parts of them.
        differences: what differs, a sentence each; empty when all is the same.
        causes: what may be the cause: data, versions, threads, machine.
        largest: the largest difference of a weight or bias; NaN where the models are of other shapes.
    """

    folder: Path
    compared: tuple[str, ...]
    differences: tuple[str, ...]
    causes: tuple[str, ...]
    largest: float

    @property
    def is_same(self) -> bool:
        """Whether every byte that was compared agrees."""
        return not self.differences

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        largest = self.largest if self.largest == self.largest else None
        values = {**dataclasses.asdict(self), "folder": str(self.folder), "largest": largest}
        return {"same": self.is_same, **values}

    def __str__(self) -> str:
        what = ", ".join(self.compared)
        if self.is_same:
            return f"{self.folder}: the same to the byte ({what})"
        causes = self.causes or ("nothing that run.json records: the same data, versions and machine",)
        lines = [f"{self.folder}: not the same", *(f"  {said}" for said in self.differences)]
        return "\n".join([*lines, "what is not as it was:", *(f"  {said}" for said in causes)])


def replay(
    folder: Path | str,
    out: Path | str | None = None,
    *,
    data_dir: Path | str | None = None,
    say: Say = lambda text: None,
) -> Replay:
    """Do a run, a sweep or a solve again from what its folder says, and compare the bytes.

    Args:
        folder: as `linnet train`, `linnet sweep` or `linnet solve` leaves it, or `out=` of their functions.
        out: where to leave what comes of it, new or empty; nowhere when None.
        data_dir: where the data set's files are now; where they were when None.
        say: called with sentences on the way.

    Returns:
        Whether models and histories agree, or what differs.

    Raises:
        UsageError: it cannot be done again: its data were in memory, it was interrupted or stopped by a
            callback, it is a study, or a solver was given as an object.
        DataNotFoundError, FormatError, ChecksumError: there is nothing whole in the folder.

    Example:
        >>> linnet.replay("runs/first").is_same
    """
    folder = Path(folder)
    with _place(out) as place, alone():
        if (folder / TUNE).is_file():
            raise UsageError(
                f"{folder} is a study, whose settings depend on all that was tried before: "
                f"replay {folder / 'best'}"
            )
        if (folder / SWEEP).is_file():
            return _sweep(folder, place, data_dir, say)
        return _run(Run.load(folder), folder, place, data_dir, say)


@contextlib.contextmanager
def _place(out: Path | str | None) -> Iterator[Path]:
    if out is not None:
        yield new_folder(Path(out))
        return
    with tempfile.TemporaryDirectory(prefix="linnet-replay-") as folder:
        yield Path(folder)


def _run(run: Run, folder: Path, place: Path, data_dir: Path | str | None, say: Say) -> Replay:
    recorded = read(folder).values
    _check_whole(run, folder)
    splits = _data(run.card.dataset, run.origin, data_dir, say)
    is_best = folder.name == BEST and any((folder.parent / name).is_file() for name in (SWEEP, TUNE))
    again = _trained(run, splits, is_best) if run.fitted else _solved(run, splits.train, folder)
    again.save(place)
    differences, largest = _compared(run, again)
    causes = _causes(run.dataset_checksum, splits.train, recorded.get("versions", {}))
    return Replay(folder, ("model", "history without seconds"), tuple(differences), tuple(causes), largest)


def _check_whole(run: Run, folder: Path) -> None:
    """Refuse a run that ended by something that run.json does not hold."""
    if run.status == "interrupted":
        go_on = f": go on with it first, by linnet train --resume {folder}" if run.fitted else ""
        raise UsageError(f"{folder} was interrupted and cannot be replayed{go_on}")
    if run.fitted and run.status != "completed" and run.fitted.patience is None:
        raise UsageError(f"{folder} was {run.status}, which run.json cannot bring about again")


def _data(name: str, origin: Origin | None, data_dir: Path | str | None, say: Say) -> Splits:
    if origin is None or not is_loadable(name, origin):
        raise UsageError(
            f"the rows of {name!r} were in memory, so this cannot be replayed: only runs on "
            f"{', '.join(sources())} or on files given by their path can"
        )
    splits = load_again(relocate(origin, data_dir))
    say(f"{name}: {len(splits.train):,} rows")
    return splits


def _trained(run: Run, splits: Splits, is_best: bool) -> Run:
    """A training again, measured on the test rows when it was: the best of a search once, at its end."""
    assert run.fitted is not None, "it was trained"
    scored = [number for number, record in enumerate(run.history.records) if "test_loss" in record]
    is_once = bool(scored) and (is_best or (len(scored) == 1 and len(run.history) > 1))
    again, _ = fit(splits.train, Recipe.of(run.fitted), test=splits.test if scored and not is_once else None)
    if is_once and splits.test is not None:
        again.history.last.update(score(again, splits.test).record("test"))
    again.dataset_checksum = splits.train.checksum
    return again


def _solved(run: Run, train: Dataset, folder: Path) -> Run:
    request = run.solved
    if request is None or request.solver is None:
        raise UsageError(
            f"the solver or the loss of {folder} was given as an object, which run.json cannot name"
        )
    return solve_problem(train, request).value


def _sweep(folder: Path, place: Path, data_dir: Path | str | None, say: Say) -> Replay:
    state = read(folder, SWEEP)
    recorded = state.values
    swept = Swept(folder, "en")
    assert isinstance(swept.request, SweepRequest), "a study is refused before"
    checksum = str(recorded["dataset_checksum"])
    if recorded["status"] != "completed":
        raise UsageError(f"{folder} was interrupted: it cannot be replayed")
    splits = _data(str(recorded["dataset"]), read_record(recorded), data_dir, say)
    best = swept.best()
    is_scored = best is not None and "test_loss" in best.history.last
    rows = Splits(splits.train, splits.test if is_scored else None)
    sweep_request(rows, swept.request, show=False, out=place, report=False)
    compared, largest = ["table.csv", "curves.csv"], 0.0
    now = read(place, SWEEP)
    differences = [f"{file} differs" for file in compared if state.read(file) != now.read(file)]
    if best is None:
        differences.append(
            f"best: {folder / BEST} holds no model to compare: it was deleted, or its training interrupted"
        )
    else:
        again = Run.load(place / BEST)
        found, largest = _compared(best, again)
        differences += [f"best: {said}" for said in found]
        compared += ["best model", "best history without seconds"]
    causes = _causes(checksum, splits.train, recorded.get("versions", {}))
    return Replay(folder, tuple(compared), tuple(differences), tuple(causes), largest)


def _compared(run: Run, again: Run) -> tuple[list[str], float]:
    """What differs between two models and histories, and the weights' largest difference."""
    said: list[str] = []
    ours, theirs = run.bank.theta.cpu(), again.bank.theta.cpu()
    largest = 0.0
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        largest = float("nan")
        said.append(
            f"the model was {tuple(ours.shape)} {ours.dtype}, now {tuple(theirs.shape)} {theirs.dtype}"
        )
    else:
        largest = float((ours.double() - theirs.double()).abs().max())
        if run.calibrated(None).model_bytes() != again.calibrated(None).model_bytes():
            said.append(f"the model's bytes; the largest difference of a weight or bias is {largest:.3g}")
    said += _histories(run.history, again.history)
    return said, largest


def _histories(ours: History, theirs: History) -> list[str]:
    if len(ours) != len(theirs):
        return [f"the history has {len(ours)} records, now {len(theirs)}"]
    pairs = zip(ours.records, theirs.records, strict=True)
    differing = [(a, b) for a, b in pairs if _timeless(a) != _timeless(b)]
    if not differing:
        return []
    first, now = differing[0]
    names = [name for name, value in _timeless(first).items() if now.get(name) != value]
    names += [name for name in _timeless(now) if name not in first]
    values = ", ".join(f"{name} {first.get(name)} then, {now.get(name)} now" for name in names)
    return [
        f"{len(differing)} of {len(ours)} records of the history; the first, {first.get('epoch'):g}: {values}"
    ]


def _timeless(record: Record) -> Record:
    return {name: value for name, value in record.items() if name not in TIMES}


def _causes(checksum: str, train: Dataset, recorded: Mapping[str, str]) -> list[str]:
    """What is not as it was."""
    causes = []
    if checksum and checksum != train.checksum:
        causes.append(f"data: the checksum of the training rows was {checksum}, now {train.checksum}")
    for name, now in versions().items():
        if name in recorded and recorded[name] != now:
            causes.append(f"{name}: {recorded[name]} then, {now} now")
    return causes
