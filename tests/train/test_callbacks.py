from __future__ import annotations

from pathlib import Path

import pytest

from linnet.config import Recipe
from linnet.data.dataset import Dataset
from linnet.train import callbacks
from linnet.train.callbacks import Callback, Checkpoints, State
from linnet.train.checkpoint import Checkpoint
from linnet.train.fit import fit

PATH = Path("checkpoint.safetensors")


def epochs_kept(blobs: Dataset, epochs: int | None, minutes: float) -> list[int]:
    """The epoch of the checkpoint in the file, as each epoch ends."""
    seen: list[int] = []

    class Look(Callback):
        def epoch_end(self, state: State) -> None:
            seen.append(Checkpoint.read(PATH).epoch)

    recipe = Recipe(epochs=4)
    kept = Checkpoints(PATH, epochs, minutes)
    fit(blobs, recipe, callbacks=[kept, Look()])
    return seen


@pytest.mark.parametrize(("every", "expected"), [(1, [1, 2, 3, 4]), (2, [0, 2, 2, 4]), (None, [0, 0, 0, 0])])
def test_every_few_epochs(blobs: Dataset, every: int | None, expected: list[int]) -> None:
    assert epochs_kept(blobs, every, 60.0) == expected


def test_every_few_minutes(blobs: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 6000, 40))  # each look at it is 40 s later
    monkeypatch.setattr(callbacks.time, "monotonic", lambda: float(next(clock)))
    assert epochs_kept(blobs, None, 1.0) == [0, 2, 2, 4]


def test_one_that_is_there_stays_until_an_epoch_has_ended(blobs: Dataset) -> None:
    assert epochs_kept(blobs, 1, 60.0)[-1] == 4
    assert epochs_kept(blobs, None, 60.0) == [4, 4, 4, 4]
