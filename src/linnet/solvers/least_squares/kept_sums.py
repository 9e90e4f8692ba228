"""`KeptSums`: sums over the rows of files, kept beside a model so that those of new files are added."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from linnet import folders
from linnet.data.dataset import Dataset
from linnet.data.streamed import StreamedFeatures
from linnet.data.streams.arrow_rows import mark_of
from linnet.errors import DataError, DataNotFoundError, FormatError, UsageError
from linnet.model import model_file
from linnet.solvers.least_squares.moments import Moments
from linnet.solvers.least_squares.statistics import Statistics

SUMS = "sums.safetensors"
"""The file of a run's folder that has them."""

FORMAT = "linnet sums 1"


@dataclass(frozen=True)
class KnownFile:
    """A file whose rows are in the sums.

    Args:
        path: of it, absolute and without symbolic links.
        mark: its size and when it was changed, as of `mark_of`.
        rows: how many it has.
    """

    path: Path
    mark: tuple[int, int]
    rows: int


@dataclass(frozen=True, eq=False)
class KeptSums:
    """Sums over all rows of some files.

    Args:
        statistics: the sums.
        files: whose rows they are of.
        columns: the features, in order.
        targets: the classes, or what is predicted.
    """

    statistics: Statistics
    files: tuple[KnownFile, ...]
    columns: tuple[str, ...]
    targets: tuple[str, ...]

    @classmethod
    def of(cls, dataset: Dataset, statistics: Statistics) -> KeptSums | None:
        """The sums of a stream; None where they are not of all rows of its files, each counted once."""
        features = dataset.X
        if not isinstance(features, StreamedFeatures) or dataset.weights is not None:
            return None
        rows = features.rows
        if rows.kept is not None or not all(
            isinstance(file.path, Path) and file.path.is_file() for file in rows.files
        ):
            return None
        files = (KnownFile(file.path.resolve(), file.mark, sum(file.sections)) for file in rows.files)
        return cls(statistics, tuple(files), tuple(dataset.columns), dataset.classes or (dataset.target,))

    def check_unchanged(self) -> list[Path]:
        """The files that have gone, whose rows stay in the sums.

        Raises:
            DataError: one was changed, so that the sums are not of its rows.
        """
        gone = list[Path]()
        for file in self.files:
            if not file.path.is_file():
                gone.append(file.path)
            elif mark_of(file.path) != file.mark:
                raise DataError(
                    f"{file.path} was changed since its rows were summed: solve all files anew, without since"
                )
        return gone

    def find_new(self, paths: Sequence[Path]) -> tuple[Path, ...]:
        """The files among some that are not in the sums, by whatever path they are reached.

        Raises:
            UsageError: one is a file of the sums in another place, whose rows would count twice.
        """
        known = {file.path.resolve() for file in self.files}
        marks = {(file.path.name, file.mark): file.path for file in self.files}
        new = tuple(path for path in paths if path.resolve() not in known)
        for path in new:
            if (old := marks.get((path.name, mark_of(path)))) is not None:
                raise UsageError(
                    f"{path} has the name, size and time of {old}, whose rows are in the sums already: where "
                    "it was moved, bring it back, or solve all files anew, without since"
                )
        return new

    def check_alike(self, dataset: Dataset) -> None:
        """Refuse rows of other columns or targets.

        Raises:
            FormatError: saying which.
        """
        own = dataset.classes or (dataset.target,)
        for mine, theirs in ((self.columns, tuple(dataset.columns)), (self.targets, own)):
            if mine != theirs:
                wrong = next(
                    (one for one in (*theirs, *mine) if one not in mine or one not in theirs), theirs[0]
                )
                raise FormatError(
                    f"the rows of {dataset.name} differ in {wrong!r} from those that were summed: write the "
                    "new files as the old ones are, or solve all anew"
                )

    def added(self, dataset: Dataset, statistics: Statistics) -> KeptSums:
        """These sums and those of a stream of other files."""
        more = KeptSums.of(dataset, statistics)
        assert more is not None, "they were loaded as whole files"
        both = self.statistics + statistics
        return KeptSums(both, (*self.files, *more.files), self.columns, self.targets)

    def to_bytes(self) -> bytes:
        """They as a signed safetensors file."""
        s, told = self.statistics, self.statistics.sums
        tensors = {name: value for name, value in vars(told).items() if isinstance(value, torch.Tensor)}
        files = [{"path": str(one.path), "mark": list(one.mark), "rows": one.rows} for one in self.files]
        said = {
            "files": files, "columns": self.columns, "targets": self.targets, "scale": s.scale,
            "is_exact": s.is_exact, "rows": told.rows, "weight": told.weight,
        }  # fmt: skip
        metadata = {"format": FORMAT, "sums": json.dumps(said, ensure_ascii=False)}
        return model_file.dumps({**tensors, "centre": s.centre, "level": s.level}, metadata)

    @classmethod
    def read(cls, folder: Path | str) -> KeptSums:
        """Those of a run's folder.

        Raises:
            DataNotFoundError: it has none.
            FormatError, ChecksumError: they are damaged.
        """
        folder = Path(folder)
        folders.check_is_run(folder)
        if not (folder / SUMS).is_file():
            raise DataNotFoundError(
                f"{folder} keeps no sums, which solving least squares of whole streamed files leaves: linnet "
                "solve --data FILES --stream --no-hold-out"
            )
        tensors, metadata = model_file.loads(folders.read(folder).read(SUMS), folder / SUMS)
        try:
            said: dict[str, Any] = json.loads(metadata["sums"])
            sums = Moments(
                said["rows"], said["weight"], **{name: tensors[name] for name in ("x", "y", "xx", "xy", "yy")}
            )
            files = [KnownFile(Path(one["path"]), tuple(one["mark"]), one["rows"]) for one in said["files"]]
            statistics = Statistics(
                sums, tensors["centre"], tensors["level"], said["scale"], said["is_exact"]
            )
            return cls(statistics, tuple(files), tuple(said["columns"]), tuple(said["targets"]))
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(f"{folder / SUMS} is not what linnet writes: {error!r}") from error
