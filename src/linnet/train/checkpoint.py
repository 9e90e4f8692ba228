"""Where a run stands: parameters, position and history in one signed file, to go on from bit for bit."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from linnet.core.bank import Bank
from linnet.core.metrics import Tally
from linnet.data.dataset import Dataset
from linnet.errors import FormatError
from linnet.model import model_file
from linnet.model.history import History
from linnet.train.loop import Position

FORMAT = "linnet.checkpoint/2"
OPTIMIZER, BEST = "optimizer.", "best"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A run's state between two minibatches.

    The order of the rows is a function of seed and epoch, so the position is all there is to keep of it.

    Args:
        bank: the parameters.
        position: epochs and minibatches done, and the tally of the started epoch.
        history: the epochs that have ended.
        dataset_checksum: of the rows it was trained on.
        recipe: the resolved recipe, as plain values.
        optimizer: the optimizer's state, by name; empty for plain SGD.
        best: the best weights so far, where they are looked for.
    """

    bank: Bank
    position: Position
    history: History
    dataset_checksum: str
    recipe: dict[str, object]
    optimizer: dict[str, Tensor] = field(default_factory=dict)
    best: Bank | None = None

    @classmethod
    def of(
        cls, bank: Bank, position: Position, history: History, train: Dataset, recipe: dict[str, object]
    ) -> Checkpoint:
        """The checkpoint of a run on `train`, whose rows are checksummed for it."""
        state = {} if position.update is None else position.update.state
        return cls(
            position.last or bank, position, history, train.checksum, dict(recipe), state, position.best
        )

    def write(self, path: Path) -> None:
        """Write the checkpoint, whole or not at all."""
        at = self.position
        metadata = {
            "format": FORMAT,
            "models": str(self.bank.models),
            "epoch": str(at.epoch),
            "batch": str(at.batch),
            "rows": repr(float(at.tally.rows)),
            "history": self.history.to_jsonl(),
            "dataset_checksum": self.dataset_checksum,
            "recipe": json.dumps(self.recipe, sort_keys=True),
        }
        tensors = {"W": self.bank.W, "b": self.bank.b, "loss": at.tally.loss, "hits": at.tally.hits}
        tensors |= {OPTIMIZER + name: state for name, state in self.optimizer.items()}
        if self.best is not None:
            tensors[BEST] = self.best.theta
        model_file.write(path, tensors, metadata)

    @classmethod
    def read(cls, path: Path) -> Checkpoint:
        """Read a checkpoint.

        Raises:
            DataNotFoundError, ChecksumError: as `model_file.read` does.
            FormatError: it is another kind of file.
        """
        tensors, metadata = model_file.read(path)
        if metadata.get("format") != FORMAT:
            raise FormatError(f"{path} is {metadata.get('format')!r}, not a checkpoint ({FORMAT})")
        done = Tally(tensors["loss"], tensors["hits"], float(metadata["rows"]))
        return cls(
            Bank.of(tensors["W"], tensors["b"], int(metadata["models"])),
            Position(int(metadata["epoch"]), int(metadata["batch"]), done),
            History.from_jsonl(metadata["history"]),
            metadata["dataset_checksum"],
            json.loads(metadata["recipe"]),
            {name.removeprefix(OPTIMIZER): t for name, t in tensors.items() if name.startswith(OPTIMIZER)},
            Bank(tensors[BEST], int(metadata["models"])) if BEST in tensors else None,
        )
