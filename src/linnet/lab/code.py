"""What is on the screen as Python and as a command line, each of which runs as it stands."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from linnet.data.dataset import Splits
from linnet.record.lines import call, flags


class Code(BaseModel):
    """The two texts; `command` is empty where no command does the same."""

    python: str
    command: str


def table(name: str, values: Mapping[str, Sequence[Any]]) -> str:
    """A dictionary of lists in Python, a key a line."""
    return (
        f"{name} = {{\n"
        + "".join(f"    {key!r}: {list(several)!r},\n" for key, several in values.items())
        + "}"
    )


def source(splits: Splits, name: str) -> str:
    """What `linnet.load` takes: a data set's name, or the file that was uploaded."""
    return f"./{splits.train.name}" if name.startswith("upload-") else name


def load(dataset: str, data_dir: Path | None) -> str:
    """The call that loads a data set."""
    folder = [] if data_dir is None else [repr(str(data_dir))]
    return call("linnet.load", [repr(dataset), *folder], {})


def command(name: str, options: Mapping[str, Any]) -> str:
    """A linnet command with its options."""
    return shlex.join(["linnet", name, *flags(options)])
