"""`linnet replay`."""

from __future__ import annotations

import sys
from pathlib import Path

import linnet
from linnet.cli.console import make_printer, print_result
from linnet.cli.options import DataDir, Json, Quiet

DIFFERS = 1


def replay(
    run: Path,
    *,
    out: Path | None = None,
    data_dir: DataDir = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Do a run, a sweep or a solve again from what its folder says, and say whether the bytes agree.

    Exit code 0 when model and history are the same to the byte (times apart), 1 when they are not, with what
    differs and what may be the cause, 2 when it cannot be done again.

    Examples

        linnet replay runs/first

        linnet replay runs/first --out runs/again

        linnet replay runs/sweep-20250101-120000 --json

    Parameters
    ----------
    run
        The folder of a run, a sweep or a solve.
    out
        Where to leave what comes of it, new or empty; it is removed when not given.
    """
    found = linnet.replay(run, out, data_dir=data_dir, say=make_printer(quiet or json))
    if json or not quiet:
        print_result(found.as_dict, lambda: [str(found)], json)
    if not found.is_same:
        sys.exit(DIFFERS)
