"""Folders changed as their owners would, and processes that die while they write."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from linnet import folders


def change(path: Path, **values: object) -> None:
    """Change what a summary says, its files staying as they are."""
    state = folders.read(path.parent, path.name)
    kept = {name: state.read(name) for name in state.digests}
    folders.write(path.parent, {**state.values, **values}, kept, path.name)


class Killed(BaseException):
    """The process is dead: whatever it does to a file from now on does not happen."""


def deaths(write: Callable[[], object], prepare: Callable[[], object]) -> Iterator[int]:
    """Let `write` run until its first operation on a file, until its second, and so on until it ends.

    Args:
        write: what dies.
        prepare: called before each.

    Yields:
        The operations that it did before it died.
    """
    done = 0
    while True:
        prepare()
        with pytest.MonkeyPatch.context() as patched:
            _die_after(done, patched)
            try:
                write()
                return
            except Killed:
                pass
        yield done
        done += 1


def _die_after(operations: int, patched: pytest.MonkeyPatch) -> None:
    left = operations

    def mortal(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return original(*arguments, **options)

        return call

    for name in ("replace", "fsync", "unlink"):
        patched.setattr(os, name, mortal(getattr(os, name)))
    patched.setattr(Path, "unlink", mortal(Path.unlink))
    opened = Path.open

    def open_(path: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        return (mortal(opened) if "x" in mode else opened)(path, mode, *arguments, **options)

    patched.setattr(Path, "open", open_)
