"""`Remark`: a sentence whose blanks are filled in later, so that it can be said in other languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Remark:
    """A sentence for people.

    Args:
        text: in English, with {blanks}.
        values: of the blanks.
    """

    text: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text.format(**self.values)

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"text": self.text, "values": dict(self.values)}
