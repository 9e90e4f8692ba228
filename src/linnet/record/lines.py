"""Renders options as the flags of a shell command and as Python calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

PIECE = 88
"""Characters of a line of Python."""


def call(name: str, places: Sequence[str], options: Mapping[str, Any]) -> str:
    """A call in Python, on one line or, where that is long, an argument a line.

    Args:
        name: of the function.
        places: arguments as they stand in the program, by place or as `name=expression`.
        options: arguments by name, with their values.
    """
    parts = [*places, *(f"{key}={value!r}" for key, value in options.items())]
    short = f"{name}({', '.join(parts)})"
    if len(short) <= PIECE and "\n" not in short:
        return short
    return f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + ")"


def flags(options: Mapping[str, Any]) -> list[str]:
    """Options as words of a command line, to be joined by `shlex.join`; a yes or no is a flag alone."""
    found: list[str] = []
    for name, value in options.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            found.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            found += [f"--{flag}", typed(value)]
    return found


def table_flags(table: Mapping[str, Any]) -> list[str]:
    """What was said of a table as words of a command line, a flag for each of several columns."""
    several = [
        {name: one}
        for name, value in table.items()
        for one in (value if isinstance(value, list) else [value])
    ]
    return [word for one in several for word in flags(one)]


def typed(value: Any) -> str:
    """A value as it is typed: several with commas between them, a range as `linnet sweep` takes it."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, list | tuple):
        return ",".join(map(typed, value))
    if isinstance(value, dict):
        ((kind, (low, high)),) = value.items()
        return f"{low!r}..{high!r}" if kind == "log_uniform" else f"{low!r}:{high!r}"
    return value if isinstance(value, str) else repr(value)
