"""Code that a page gives, run as it stands: in this process, for a new one takes seconds to import torch."""

from __future__ import annotations

import contextlib
import io
import shlex

from linnet.cli import main


def run_python(code: str) -> str:
    """What a program prints."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        exec(compile(code, "<code of a page>", "exec"), {"__name__": "__main__"})
    return told.getvalue()


def run_command(command: str) -> str:
    """What a linnet command prints."""
    program, *arguments = shlex.split(command)
    assert program == "linnet"
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        assert call(*arguments) == 0
    return told.getvalue()


def call(*arguments: object) -> int:
    """Run a command line in this process; its exit code."""
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as end:
        return int(end.code or 0)
    return 0
