"""What is on the screen as Python and as a command line, each of which runs as it stands."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from linnet.data.dataset import Splits

PIECE = 88
"""Characters of a line of Python."""


class Code(BaseModel):
    """The two texts; `command` is empty where no command does the same."""

    python: str
    command: str


def call(name: str, places: Sequence[str], options: Mapping[str, Any]) -> str:
    """A call in Python, on one line or, where that is long, an argument a line."""
    parts = [*places, *(f"{key}={value!r}" for key, value in options.items())]
    short = f"{name}({', '.join(parts)})"
    return short if len(short) <= PIECE else f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + ")"


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


def flags(options: Mapping[str, Any]) -> str:
    """Options of a command line; True is a flag alone, several values have commas between them."""
    words = []
    for key, value in options.items():
        flag = "--" + key.replace("_", "-")
        words += [flag] if value is True else [flag, shlex.quote(_text(value))]
    return " ".join(words)


def _text(value: Any) -> str:
    return ",".join(map(_text, value)) if isinstance(value, list | tuple) else str(value)
