"""Folders whose files are one state: a JSON summary holds the SHA-256 of each of them, and of itself.

`write` puts the new files aside, replaces the summary, which commits, and then renames them. A kill before
the summary's turn leaves the old state whole. One after it leaves the new: files that still stand aside,
under names made of their checksums, are found there by `read`, and put in their places by the next `write`.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linnet import files
from linnet.errors import ChecksumError, DataNotFoundError, FormatError, UsageError

RUN, SWEEP, TUNE = "run.json", "sweep.json", "tune.json"
"""The summaries of a run or solve, a sweep and a tune."""

CHECKPOINT = "checkpoint.safetensors"
"""Where training stands. It signs itself and may be ahead of the summary, which does not tell of it."""

RECORD = "record"
"""The summary's key for the checksums."""

_ZEROS = "0" * 64
_SIGNATURE = re.compile(rb'"sha256": "([0-9a-f]{64})"\s*}\s*}\s*\Z')


@dataclass(frozen=True)
class State:
    """What a folder's summary says.

    Args:
        folder: where it is.
        name: of the summary.
        values: what it says, the record apart.
        digests: the SHA-256 of each file of the state, by name.
    """

    folder: Path
    name: str
    values: dict[str, Any]
    digests: dict[str, str]

    def read(self, file: str) -> bytes:
        """The bytes of one of the state's files.

        Raises:
            DataNotFoundError: it is not there.
            ChecksumError: what stands in its place is damaged, or of another state.
        """
        place, digest = self.folder / file, self.digests.get(file)
        if digest is None:
            raise DataNotFoundError(f"{self.folder / self.name} tells of no {file}")
        # A writer may rename it in the meantime: what was still aside is then in its place.
        for path in (place, _aside(place, digest), place):
            with contextlib.suppress(FileNotFoundError):
                content = path.read_bytes()
                if hashlib.sha256(content).hexdigest() == digest:
                    return content
        if not place.is_file():
            raise DataNotFoundError(f"{place} is gone, of which {self.name} tells: take it from a backup")
        raise ChecksumError(
            f"{place} does not belong to {self.name}: it was damaged, or is of another state of the folder; "
            "take it from a backup, or make the folder again"
        )


def read(folder: Path | str, name: str = RUN) -> State:
    """The state of a folder.

    Args:
        folder: as `write` leaves it.
        name: of the summary.

    Raises:
        DataNotFoundError: there is no summary.
        ChecksumError: it was changed.
        FormatError: it is no summary, or of a linnet that kept no checksums.
    """
    path = Path(folder, name)
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataNotFoundError(f"there is no {path}") from error
    found = _SIGNATURE.search(content)
    if found is None:
        raise FormatError(_explain_refusal(path, content))
    unsigned = content[: found.start(1)] + _ZEROS.encode() + content[found.end(1) :]
    if hashlib.sha256(unsigned).hexdigest().encode() != found[1]:
        raise ChecksumError(f"{path}: the bytes differ from its SHA-256: it was changed or damaged")
    values = json.loads(content)
    digests = values.pop(RECORD)["files"]
    return State(path.parent, name, values, digests)


def write(
    folder: Path | str, summary: Mapping[str, Any], contents: Mapping[str, bytes | str], name: str = RUN
) -> None:
    """Replace a folder's state as a whole: a kill at any instant leaves the old one or the new.

    Args:
        folder: is made if it is not there.
        summary: plain JSON values.
        contents: of the files that belong to it, by name; text as UTF-8.
        name: of the summary.

    Raises:
        OSError: it cannot be written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tidy(folder)
    encoded = {file: c.encode() if isinstance(c, str) else c for file, c in contents.items()}
    digests = {file: hashlib.sha256(content).hexdigest() for file, content in encoded.items()}
    for file, content in encoded.items():
        files.write(_aside(folder / file, digests[file]), content)
    files.write(folder / name, _sign(summary, digests))
    _settle(folder, digests)


def amend(folder: Path | str, contents: Mapping[str, bytes | str], name: str = RUN) -> None:
    """Replace some files of a state, its others and its summary staying as they are.

    Raises:
        DataNotFoundError, ChecksumError, FormatError: the folder's state is not whole.
        OSError: it cannot be written.
    """
    state = read(folder, name)
    kept = {file: state.read(file) for file in state.digests if file not in contents}
    write(folder, state.values, {**kept, **contents}, name)


def tidy(folder: Path) -> None:
    """Finish a write that was killed after it had committed, and remove what other kills left behind."""
    for name in (RUN, SWEEP, TUNE):
        with contextlib.suppress(DataNotFoundError, FormatError):
            _settle(folder, read(folder, name).digests)
    files.sweep_temporaries(folder)
    for leftover in folder.glob(".*.new"):
        if files.is_temporary(leftover):
            with contextlib.suppress(OSError):
                leftover.unlink()


def new_folder(folder: Path) -> Path:
    """The folder, if it can take a new run.

    Raises:
        UsageError: it holds something already; nothing is ever overwritten.
    """
    if folder.exists() and not is_blank(folder):
        raise UsageError(f"{folder} is not empty: give another --out, or remove it first")
    return folder


def is_blank(folder: Path) -> bool:
    """Whether a folder is missing, or has nothing in it but what a kill while writing leaves."""
    return not folder.exists() or (folder.is_dir() and all(map(files.is_temporary, folder.iterdir())))


def default_folder(name: str, root: Path = Path("runs")) -> Path:
    """`runs/NAME-TIME`, with a number after it if that is taken."""
    stem = f"{Path(name).name}-{datetime.datetime.now():%Y%m%d-%H%M%S}"
    names = [stem, *(f"{stem}-{number}" for number in range(2, 1000))]
    return next(root / candidate for candidate in names if not (root / candidate).exists())


def check_is_run(folder: Path, *, or_search: bool = False) -> None:
    """Refuse a folder without a run.

    Args:
        folder: the folder.
        or_search: whether a sweep or a tune will do.

    Raises:
        DataNotFoundError: there is none in it.
    """
    if not any((folder / name).is_file() for name in ((RUN, SWEEP, TUNE) if or_search else (RUN,))):
        raise DataNotFoundError(
            f"no run in {folder}: expected a folder with run.json, as linnet train leaves"
        )


def latest_folder(root: Path = Path("runs")) -> Path | None:
    """The newest run under `root`; None when there is none."""
    found = sorted(root.glob(f"*/{RUN}"), key=lambda path: path.stat().st_mtime)
    return found[-1].parent if found else None


def _aside(place: Path, digest: str) -> Path:
    """Where a file waits for the summary that holds its checksum."""
    return place.with_name(f".{place.name}.{digest[:16]}.new")


def _settle(folder: Path, digests: Mapping[str, str]) -> None:
    """Put the files that stand aside in their places."""
    for file, digest in digests.items():
        if (aside := _aside(folder / file, digest)).is_file():
            os.replace(aside, folder / file)
    files.sync_folder(folder)


def _sign(summary: Mapping[str, Any], digests: Mapping[str, str]) -> bytes:
    """The summary with its record, whose last entry is the checksum of all, taken with zeros in its place."""
    values = {**summary, RECORD: {"files": dict(sorted(digests.items())), "sha256": _ZEROS}}
    unsigned = (json.dumps(values, indent=2, ensure_ascii=False) + "\n").encode()
    found = _SIGNATURE.search(unsigned)
    assert found is not None
    digest = hashlib.sha256(unsigned).hexdigest().encode()
    return unsigned[: found.start(1)] + digest + unsigned[found.end(1) :]


def _explain_refusal(path: Path, content: bytes) -> str:
    """Why a summary without a checksum is refused."""
    try:
        is_older = '"linnet": "' in content.decode() and isinstance(json.loads(content), dict)
    except ValueError:
        is_older = False
    if is_older:
        return (
            f"{path} is of an earlier linnet, which kept no checksums of a folder's files, or was changed: "
            "make the folder again with the same options"
        )
    return f"{path} is no summary of linnet's, or is damaged: take it from a backup"
