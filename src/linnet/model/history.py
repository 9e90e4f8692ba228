"""The history of a run: a record an epoch."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

Record = dict[str, float]
"""One epoch's figures: `epoch` (from 1), `train_loss`, `train_accuracy`, `test_loss`, `test_accuracy`,
`seconds`; those that apply."""


@dataclass
class History:
    """The records of a run, in order.

    Args:
        records: one an epoch.
    """

    records: list[Record] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, key: str) -> list[float]:
        """One figure over the epochs: `history["train_loss"]`."""
        return [record[key] for record in self.records]

    @property
    def last(self) -> Record:
        """The latest record; empty before the first epoch has ended."""
        return self.records[-1] if self.records else {}

    def kept(self, patience: int | None) -> Record:
        """The record of the epoch that the weights are from: the last one, or with patience the best."""
        if patience is None or not self.records:
            return self.last
        return min(self.records, key=lambda record: record["validation_loss"])

    def to_jsonl(self) -> str:
        """A line of JSON an epoch."""
        return "".join(json.dumps(record) + "\n" for record in self.records)

    @classmethod
    def from_jsonl(cls, text: str) -> History:
        """The inverse of `to_jsonl`."""
        return cls([json.loads(line) for line in text.splitlines() if line.strip()])
