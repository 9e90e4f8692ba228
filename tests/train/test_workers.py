from __future__ import annotations

import threading

import pytest
import torch

from linnet.config import Hyperparameters
from linnet.core.grids import expand_grid
from linnet.core.losses import SoftmaxCrossEntropy
from linnet.data.split import split_folds
from linnet.device import limit_threads
from linnet.train.callbacks import Callback, State
from linnet.train.chunk import ModelChunk
from linnet.train.plan import Plan, Trial
from linnet.train.sweep import Sweep
from linnet.train.workers import Workers, count_chunks
from tests.support.blobs import make_blobs


def sweep_of(threads: int) -> Sweep:
    """Forty models of three classes that see two kinds of inputs, in chunks of five."""
    grid = {"dropout": [0.0, 0.3], "optimizer": ["sgd", "adam"], "lr": [0.01 * (1 + n) for n in range(10)]}
    data, settings = make_blobs(200), expand_grid(grid, Hyperparameters())
    made = [Trial(number, one, number % 3) for number, one in enumerate(settings)]
    plan = Plan(epochs=2, batch_size=32, width=21, threads=threads)
    return Sweep(data, made, split_folds(data, 3, 0), SoftmaxCrossEntropy(), plan, torch.float32)


def test_models_come_to_the_same_bytes_whoever_trains_them() -> None:
    outcomes = []
    for threads in (1, 2, 3):
        sweep = sweep_of(threads)
        sweep.run()
        outcomes.append(sweep.outcome())
    first, *others = outcomes
    for other in others:
        assert torch.equal(other.bank.theta, first.bank.theta)
        assert all(torch.equal(other.curves[name], values) for name, values in first.curves.items())


def test_workers_are_there_while_a_run_lasts_and_count_each_minibatch() -> None:
    seen: list[tuple[int, bool]] = []

    class Look(Callback):
        def block_end(self, state: State) -> None:
            seen.append((state.batch, sweep.models.workers.is_alone))

    sweep = sweep_of(2)
    sweep.run(Look())
    assert seen == [(7, False)] * 2  # 200 rows are one block of seven minibatches
    assert sweep.models.workers.is_alone


def test_workers_that_were_stopped_go_on_bit_for_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linnet.data.batches.BLOCK_BYTES", 1)  # a block is a minibatch

    class Stop(Callback):
        def block_end(self, state: State) -> None:
            if (state.epoch, state.batch) == (2, 3):
                state.stop("here")

    whole, part, again = sweep_of(2), sweep_of(2), sweep_of(2)
    whole.run()
    part.run(Stop())
    assert (part.epoch, part.batch) == (1, 3)
    again.resume_(part.checkpoint())
    again.run()
    assert torch.equal(again.outcome().bank.theta, whole.outcome().bank.theta)


def test_a_single_chunk_or_thread_is_the_callers_own() -> None:
    workers = Workers()
    for threads, chunks in ((1, 4), (2, 1), (2, 0)):
        with limit_threads(threads), workers.open(chunks):
            assert workers.is_alone
            assert torch.get_num_threads() == threads


def test_each_worker_has_its_share_of_the_models_and_of_the_threads() -> None:
    chunks = sweep_of(1).models.chunks
    workers, threads = Workers(), []

    def count(share: list[ModelChunk]) -> int:
        threads.append((threading.current_thread().name, torch.get_num_threads()))
        return sum(len(chunk.active) for chunk in share)

    with limit_threads(2), workers.open(len(chunks)):
        counts = workers.share(chunks, count)
    assert counts == [20, 20]
    assert all(name.startswith("linnet-chunks") and each == 1 for name, each in threads)


def test_an_error_of_a_worker_reaches_the_caller() -> None:
    chunks, workers = sweep_of(1).models.chunks, Workers()
    with limit_threads(2), workers.open(len(chunks)), pytest.raises(ZeroDivisionError):
        workers.map(chunks, lambda chunk: 1 // 0)


@pytest.mark.parametrize(
    ("models", "outputs", "width", "count"),
    [(64, 10, 320, 2), (100, 10, 320, 4), (12, 10, 320, 1), (13, 10, 320, 2), (1, 1000, 320, 1),
     (3, 1000, 320, 3), (40, 3, 21, 6), (40, 3, None, 1)],
)  # fmt: skip
def test_chunks_are_even_in_number_where_two_are_wide_enough(
    models: int, outputs: int, width: int | None, count: int
) -> None:
    assert count_chunks(models, outputs, width) == count
