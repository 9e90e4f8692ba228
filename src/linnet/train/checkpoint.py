"""`Checkpoint`: where training stands between two minibatches, in one signed file, to go on bit for bit."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from linnet.errors import FormatError, UsageError
from linnet.model import model_file
from linnet.model.history import History

FORMAT = "linnet.checkpoint/3"

BANKS, WIDTH = "banks", "width"
"""Which models each bank of a sweep has, for a state of others is none of these; and what an earlier linnet
kept of that."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What a learner keeps of itself.

    Args:
        tensors: parameters, optimizer states and sums, by name.
        notes: plain values beside them.
    """

    tensors: dict[str, Tensor]
    notes: dict[str, Any] = field(default_factory=dict)

    def part(self, prefix: str) -> dict[str, Tensor]:
        """The tensors whose names begin so, by the rest of their names."""
        names = [name for name in self.tensors if name.startswith(prefix)]
        return {name.removeprefix(prefix): self.tensors[name] for name in names}


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The state of a run or a sweep.

    The order of the rows is a function of seed and epoch, so the position is all there is to keep of it.

    Args:
        kind: "run" or "sweep".
        epoch: epochs completed.
        batch: minibatches done in the epoch after them.
        history: the epochs that have ended.
        identity: what training that goes on from here must have in common with it, as plain values: its
            options, and the checksum of its rows as `data`.
        snapshot: what the learner keeps.
    """

    kind: str
    epoch: int
    batch: int
    history: History
    identity: dict[str, Any]
    snapshot: Snapshot

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        metadata = {
            "format": FORMAT, "kind": self.kind, "epoch": str(self.epoch), "batch": str(self.batch),
            "history": self.history.to_jsonl(), "identity": json.dumps(self.identity, sort_keys=True),
            "notes": json.dumps(self.snapshot.notes),
        }  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True)
        model_file.write(path, self.snapshot.tensors, metadata)

    @classmethod
    def read(cls, path: Path) -> Checkpoint:
        """Read a file.

        Raises:
            DataNotFoundError, ChecksumError: as `model_file.read` does.
            FormatError: it is another kind of file, or of an earlier linnet.
        """
        tensors, metadata = model_file.read(path)
        if metadata.get("format") != FORMAT:
            raise FormatError(f"{path} is {metadata.get('format')!r}, not a checkpoint ({FORMAT})")
        return cls(
            metadata["kind"], int(metadata["epoch"]), int(metadata["batch"]),
            History.from_jsonl(metadata["history"]), json.loads(metadata["identity"]),
            Snapshot(tensors, json.loads(metadata["notes"])),
        )  # fmt: skip

    def check(self, kind: str, identity: Mapping[str, Any], free: Collection[str] = ()) -> None:
        """Refuse to go on with something else.

        Args:
            kind: of what is to go on.
            identity: likewise.
            free: the options that may differ.

        Raises:
            FormatError: it is of another kind.
            UsageError: the rows are others, or an option is, which it names.
        """
        if kind != self.kind:
            raise FormatError(f"this is not a {kind}'s checkpoint, but a {self.kind}'s")
        names = sorted({*identity, *self.identity} - set(free))
        changed = [name for name in names if self.identity.get(name) != identity.get(name)]
        if "data" in changed:
            raise UsageError("the checkpoint was made on other data: resume on the same rows")
        if options := [name for name in changed if name not in (BANKS, WIDTH)]:
            raise UsageError(
                f"the checkpoint was made with other {', '.join(options)}: resume with the same options"
            )
        if changed:
            raise UsageError(
                "the checkpoint's models lie in other banks than here, as those of another version of linnet "
                "or of another device do: resume with that version on that device, or start anew"
            )
