"""`Origin`: where the rows of a data set came from, as a record from which they can be loaded again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from linnet.errors import FormatError


@dataclass(frozen=True)
class Origin:
    """Where the rows of a data set came from; `linnet.data.registry.load_again` reads them once more.

    Rows that are taken of a data set keep its origin: the checksum tells whether they are all of it.

    Args:
        source: the name of a registered data set, or a path.
        data_dir: the folder that the files were looked for in; None for the usual places.
        seed: that the rows were made with, where a seed makes them.
        hold_out: whether rows were kept to test on where the data name none.
        part: "train" or "test".
        sample_weight: the file that the weights were read from.
        table: what was said of a table, as `TableOptions.table` has it.
        checksum: of the rows, as `Dataset.checksum` has it; empty where it was not taken.
    """

    source: str
    data_dir: str | None = None
    seed: int = 0
    hold_out: bool = True
    part: str = "train"
    sample_weight: str | None = None
    checksum: str = ""
    table: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_held_out(self) -> bool:
        """Whether rows were kept to test on where the data name none."""
        return self.hold_out and self.table.get("split") != "none"

    def to_json(self) -> dict[str, Any]:
        """The record as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Origin:
        """The record that `to_json` made.

        Raises:
            FormatError: it is none.
        """
        if not isinstance(values, Mapping):
            raise FormatError(f"the origin of the data is damaged: it is {values!r}")
        given, known = dict(values), {one.name for one in fields(cls)}
        wrong = [name for name, value in given.items() if name not in known or not _fits(name, value)]
        if wrong or "source" not in given:
            name = wrong[0] if wrong else "source"
            raise FormatError(f"the origin of the data is damaged: {name} is {given.get(name)!r}")
        return cls(**given)


def record_of(origin: Origin | None, checksum: str) -> dict[str, Any] | None:
    """The plain values that a folder keeps of the origin of its training rows, with their checksum."""
    return origin and replace(origin, checksum=checksum).to_json()


def read_record(summary: Mapping[str, Any]) -> Origin | None:
    """The origin that a folder's summary keeps; None where it keeps none.

    Raises:
        FormatError: it is damaged.
    """
    values = summary.get("origin")
    return None if values is None else Origin.from_json(values)


def _fits(name: str, value: Any) -> bool:
    """Whether a field may have a value."""
    if name in ("data_dir", "sample_weight") and value is None:
        return True
    return type(value) is {"seed": int, "hold_out": bool, "table": dict}.get(name, str)
