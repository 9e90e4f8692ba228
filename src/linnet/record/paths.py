"""Paths as a page shows them: names only, for pages are shared and places concern nobody else."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

from linnet.data.locate import is_own


def shared(text: str) -> str:
    """A path as a page shows it: by its name alone if it begins at the root or at home."""
    is_whole = (
        PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute() or text.startswith("~")
    )
    return (PureWindowsPath(text).name or text) if is_whole else text


def loadable(name: str) -> str:
    """A data set's name as a page shows it, such that it loads in the folder that holds the data."""
    short = shared(name)
    return short if short == name or is_own(short) else f"./{short}"
