"""Notes to run, and what their cells printed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from linnet.notes.document import Outcome

BROKEN = (
    "```python\na = 1\n```\n\n```python\ndef f():\n    return 1 / 0\n\nf()\n```\n\n```python\nprint(a)\n```\n"
)


def write_notes(folder: Path, text: str, name: str = "a.md") -> Path:
    """Notes in a folder of their own, `notes`, below the folder given."""
    path = folder / "notes" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def print_outs(outcomes: Iterable[Outcome]) -> list[str]:
    """The texts that cells printed or showed."""
    return [
        output.get("text", output.get("data", {}).get("text/plain", "")).strip()
        for outcome in outcomes
        for output in outcome.outputs
    ]
