"""`StreamedFeatures` where `Dataset.X` may be a tensor: read, taken, cut into minibatches, trained on."""

from __future__ import annotations

import dataclasses
import os
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

import linnet
from linnet.data.batches import Batches
from linnet.data.dataset import Dataset
from linnet.data.streams import rows as streamed
from linnet.device import read_ahead
from linnet.errors import DataError, UsageError
from tests.support.streamed import make_table, write

SUFFIXES = ("parquet", "arrow", "feather")


@pytest.fixture(params=SUFFIXES)
def pair(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[Dataset, Dataset]:
    """330 rows in their file, whose windows have some 64, and in memory."""
    monkeypatch.setattr(streamed, "WINDOW_BYTES", 64 * 24)
    name = str(write(make_table(330), Path(f"t.{request.param}")))
    here = linnet.load(name, stream=True, hold_out=False).train
    return here, linnet.load(name, hold_out=False).train


def test_it_stands_where_a_tensor_may(pair: tuple[Dataset, Dataset]) -> None:
    here, memory = pair
    X, whole = here.X, memory.X.float()
    assert here.is_streamed
    assert not memory.is_streamed
    assert (X.shape, X.ndim, len(X), X.dtype, X.device.type) == ((330, 6), 2, 330, torch.float32, "cpu")
    assert (here.dtype, here.features, X.element_size(), X.is_floating_point()) == ("float32", 6, 4, True)
    index = torch.tensor([3, 300, 3, 7])
    mask = torch.arange(330) % 7 == 0
    for picked in (slice(None), slice(5, 40), slice(40, 90), slice(20, 10), slice(0, 330, 9), index, mask):
        assert torch.equal(X[picked], whole[picked])
    assert torch.equal(X[12], whole[12])
    assert torch.equal(torch.cat(list(X.split(50))), whole)
    assert torch.equal(here.rows(mask).X[:], whole[mask])
    assert torch.equal(here.rows(slice(10, 20)).X[:], whole[10:20])
    assert np.array_equal(here.arrays.dense(slice(3, 9)), whole[3:9].numpy())
    assert X.to(torch.device("cpu")) is X
    with pytest.raises(UsageError, match="stream"):
        X.to(torch.device("meta"))
    with pytest.raises(UsageError, match="stream"):
        X.times(2.0)  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match="stream"):
        linnet.data.sparse.stack([X, whole])  # type: ignore[attr-defined]


def test_slices_of_several_threads_are_right(pair: tuple[Dataset, Dataset]) -> None:
    here, memory = pair
    X, whole, wrong = here.X, memory.X.float(), []

    def read(low: int) -> None:
        for at in range(low, low + 100, 10):
            if not torch.equal(X[at : at + 10], whole[at : at + 10]):
                wrong.append(at)

    threads = [threading.Thread(target=read, args=(low,)) for low in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("drop_last", [True, False])
@pytest.mark.parametrize("size", [1, 32, 100, 330, 400])
def test_minibatches_are_whole_whatever_the_windows(
    pair: tuple[Dataset, Dataset], shuffle: bool, drop_last: bool, size: int
) -> None:
    here, memory = pair
    if drop_last and size > 330:
        pytest.skip("there is no whole minibatch")
    batches = Batches(here, size, shuffle=shuffle, seed=3, drop_last=drop_last)
    blocks = list(batches.blocks(1))
    sizes = [one for block in blocks for one in block.sizes]
    full, rest = divmod(330, size)
    assert sizes == [size] * full + [rest] * (rest > 0 and not drop_last)
    assert len(sizes) == len(batches)
    index = torch.cat([block.rows for block in blocks])  # type: ignore[misc]
    assert torch.equal(torch.cat([block.X for block in blocks]), memory.X.float()[index])
    assert torch.equal(torch.cat([block.y for block in blocks]), memory.y[index])
    assert [block.first for block in blocks] == np.cumsum([0, *(len(b.sizes) for b in blocks)])[:-1].tolist()
    if not shuffle:
        assert index.tolist() == list(range(len(index)))
    for start in {1, 2, len(batches) - 1} & set(range(len(batches))):
        later = torch.cat([block.rows for block in batches.blocks(1, start)])  # type: ignore[misc]
        assert torch.equal(later, index[start * size :])


def test_weights_follow_their_rows(pair: tuple[Dataset, Dataset]) -> None:
    here = dataclasses.replace(pair[0], weights=torch.arange(330).double())
    for block in Batches(here, 50).blocks(0):
        assert block.weights is not None
        assert torch.equal(block.weights, block.rows.double())  # type: ignore[union-attr]


def test_a_run_learns_what_it_would_in_memory_and_goes_on_bit_for_bit(
    pair: tuple[Dataset, Dataset],
) -> None:
    here, memory = pair
    options = {"lr": 0.1, "batch_size": 32}
    run, other = linnet.fit(here, epochs=6, **options), linnet.fit(memory, epochs=6, **options)
    assert run.history.last["train_loss"] == pytest.approx(other.history.last["train_loss"], rel=0.02)
    again = linnet.fit(here, epochs=6, **options)
    assert torch.equal(run.bank.theta, again.bank.theta)
    _, engine = linnet.train.fit.fit(here, linnet.Recipe(epochs=3, **options))  # type: ignore[attr-defined]
    second, _ = linnet.train.fit.fit(  # type: ignore[attr-defined]
        here, linnet.Recipe(epochs=6, **options), resume=engine.checkpoint()
    )
    assert torch.equal(second.bank.theta, run.bank.theta)


def test_one_window_of_all_rows_in_the_same_order_gives_the_same_model_as_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = str(write(make_table(330), Path("t.arrow")))
    here = linnet.load(name, stream=True, hold_out=False).train
    monkeypatch.setattr(
        Batches, "shuffle", property(lambda self: False, lambda self, value: None), raising=False
    )
    options = {"lr": 0.1, "batch_size": 32, "epochs": 3, "dtype": "float64"}
    run, other = linnet.fit(here, **options), linnet.fit(linnet.load(name, hold_out=False).train, **options)
    assert torch.allclose(run.bank.theta, other.bank.theta, rtol=1e-12, atol=1e-12)


def test_what_needs_all_rows_refuses_a_stream(pair: tuple[Dataset, Dataset]) -> None:
    here, memory = pair
    solved = linnet.solve(memory, l2=0.1)
    for ask in (
        lambda: linnet.solve(here, "squared", l1=0.1),
        lambda: linnet.solve(here, "squared", solver="qr"),
        lambda: linnet.solve(here, "squared", standardize=True),
        lambda: linnet.regularization_path(here, l2s=3),
        lambda: linnet.infer(solved, here),
    ):
        with pytest.raises(UsageError, match="takes rows in memory"):
            ask()


def test_a_file_that_changes_between_epochs_ends_the_run(pair: tuple[Dataset, Dataset]) -> None:
    path = next(Path().glob("t.*"))

    def touch(state: object) -> None:
        found = path.stat()
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns + 1))

    with pytest.raises(DataError, match="was changed since"):
        linnet.fit(pair[0], epochs=3, callbacks=[touch])


def test_checksums_tell_files_and_rows_apart(pair: tuple[Dataset, Dataset]) -> None:
    here = pair[0]
    same = linnet.load(str(next(Path().glob("t.*"))), stream=True, hold_out=False).train
    assert same.checksum == here.checksum
    assert here.rows(slice(0, 100)).checksum != here.checksum


def test_items_are_made_one_ahead_and_errors_come_through() -> None:
    made = []

    def items():
        for number in range(3):
            made.append(number)
            yield number
        raise DataError("it ended")

    ahead = read_ahead(items())
    assert next(ahead) == 0
    assert [next(ahead), next(ahead)] == [1, 2]
    with pytest.raises(DataError, match="it ended"):
        next(ahead)
    assert list(read_ahead(iter(()))) == []


def test_what_an_epoch_reads_and_waits_for_is_told(pair: tuple[Dataset, Dataset]) -> None:
    told = []
    linnet.fit(pair[0], epochs=2, batch_size=50, callbacks=[lambda state: told.append(state.reading)])
    assert [reading.rows for reading in told] == [330, 330]
    assert all(0 <= reading.waited <= reading.seconds for reading in told)
    assert "rows/s" in str(told[0])
    linnet.fit(pair[1], epochs=1, callbacks=[lambda state: told.append(state.reading)])
    assert told[-1] is None
