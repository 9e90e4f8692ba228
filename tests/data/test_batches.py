from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linnet.data import batches as module
from linnet.data.batches import Batches
from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from tests.support.batches import minibatches


def numbered(rows: int) -> Dataset:
    X = torch.arange(rows, dtype=torch.int32)[:, None].repeat(1, 3)
    return Dataset(X, torch.arange(rows) % 2, "rows", ("even", "odd"), scale=0.5)


@given(st.integers(1, 60), st.integers(1, 20), st.booleans(), st.booleans(), st.integers(0, 3))
def test_an_epoch_has_every_row_once(rows: int, size: int, shuffle: bool, drop: bool, epoch: int) -> None:
    dataset = numbered(rows)
    if drop and rows < size:
        with pytest.raises(UsageError, match="no batch"):
            Batches(dataset, size, drop_last=True)
        return
    batches = Batches(dataset, size, shuffle=shuffle, drop_last=drop)
    got = list(minibatches(batches, epoch))
    assert len(got) == len(batches)
    seen = torch.cat([X[:, 0] for X, _ in got]) * 2
    assert len(seen) == batches.rows == (rows // size * size if drop else rows)
    assert len(set(seen.tolist())) == len(seen)
    assert torch.equal(seen.long() % 2, torch.cat([y for _, y in got]))
    if not shuffle:
        assert seen.tolist() == list(range(len(seen)))


def test_another_epoch_has_another_order_and_the_same_seed_the_same() -> None:
    batches = Batches(numbered(50), 10, seed=3)
    first, second = ([X[:, 0].tolist() for X, _ in minibatches(batches, epoch)] for epoch in range(2))
    assert first != second
    again = Batches(numbered(50), 10, seed=3)
    assert [X[:, 0].tolist() for X, _ in minibatches(again, 1)] == second
    assert [X[:, 0].tolist() for X, _ in minibatches(again, 0)] == first


def test_blocks_can_be_taken_up_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK_BYTES", 3 * 4 * 3 * 2)  # two batches of three rows of three int32
    batches = Batches(numbered(20), 3)
    whole = [(block.first, block.X.clone()) for block in batches.blocks(0)]
    assert [first for first, _ in whole] == [0, 2, 4, 6]
    rest = [block.X.clone() for block in batches.blocks(0, start=4)]
    assert torch.equal(torch.cat(rest), torch.cat([X for _, X in whole[2:]]))


def test_bad_batch_size() -> None:
    with pytest.raises(UsageError, match="batch_size"):
        Batches(numbered(4), 0)
