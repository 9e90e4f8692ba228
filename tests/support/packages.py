"""Packages of a folder, and code that imports them as if in a process of its own."""

from __future__ import annotations

import contextlib
import io
import sys
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest


class Done(NamedTuple):
    """What code that ran has written; `returncode` is 1 where it raised."""

    stdout: str
    stderr: str
    returncode: int


def run(code: str, *folders: Path) -> Done:
    """Python code with folders that packages are imported from.

    What it imports of the book's names and of torchvision is forgotten afterwards, and so are import hooks;
    torch, which takes seconds to import, is this process's.
    """
    out, err = io.StringIO(), io.StringIO()
    failed = 0
    with fresh_imports(folders), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            exec(compile(code, "<code>", "exec"), {"__name__": "__main__"})
        except Exception:
            traceback.print_exc()
            failed = 1
    return Done(out.getvalue(), err.getvalue(), failed)


@contextlib.contextmanager
def fresh_imports(folders: tuple[Path, ...]) -> Iterator[None]:
    """No import hook, no package that stands in for another, and every warning an error."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("error")
        patch.setattr(sys, "path", [*map(str, folders), *sys.path])
        patch.setattr(sys, "meta_path", [f for f in sys.meta_path if "linnet" not in type(f).__module__])
        forget_stand_ins()
        try:
            yield
        finally:
            forget_stand_ins()


def forget_stand_ins() -> None:
    """Have the packages that are stood in for imported anew."""
    for name in list(sys.modules):
        if name.partition(".")[0] in ("d2l", "d2lzh", "d2lzh_pytorch", "torchvision"):
            del sys.modules[name]


def package(folder: Path, name: str, content: str, **modules: str) -> Path:
    """A package in a folder, which is given back."""
    place = folder / name
    place.mkdir(parents=True)
    (place / "__init__.py").write_text(content, encoding="utf-8")
    for module, text in modules.items():
        (place / f"{module}.py").write_text(text, encoding="utf-8")
    return folder
