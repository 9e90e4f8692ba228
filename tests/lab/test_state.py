from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import pytest
import torch

import linnet
from linnet.data import registry
from linnet.data.dataset import Dataset, Splits
from linnet.errors import DataNotFoundError, UsageError
from linnet.lab.sent import Sent
from linnet.lab.settings import LabLimits, Settings
from linnet.lab.state import LabState, MissingError
from linnet.lab.tables import Upload
from linnet.train.fit import fit
from tests.support.blobs import make_blobs
from tests.support.patience import PATIENCE


def test_a_download_does_not_hold_up_other_data(monkeypatch: pytest.MonkeyPatch) -> None:
    lab, asked, done = LabState(Settings()), threading.Event(), threading.Event()
    load = registry.load

    def slow(name: str, *rest: Any, **options: Any) -> Splits:
        if name == "mnist":
            asked.set()
            assert done.wait(PATIENCE)
            raise DataNotFoundError("no network")
        return load(name, *rest, **options)

    def download() -> None:
        with suppress(DataNotFoundError):
            lab.splits("mnist")

    monkeypatch.setattr(registry, "load", slow)
    downloading = threading.Thread(target=download)
    downloading.start()
    assert asked.wait(PATIENCE)
    reading = threading.Thread(target=lab.splits, args=("digits",))
    reading.start()
    reading.join(PATIENCE)
    assert lab.loaded("digits") is not None
    done.set()
    downloading.join()


def table_of(rows: int) -> Upload:
    X, y = torch.zeros(rows, 256, dtype=torch.uint8), torch.zeros(rows, dtype=torch.int64)
    return Upload(Sent("t", "./t.csv"), Splits(Dataset(X, y, "t", ("a", "b"))))


def test_uploads_make_room_for_one_another() -> None:
    lab = LabState(Settings(limits=LabLimits(uploads=600_000)))
    names = [lab.put(table_of(1000)) for _ in range(2)]
    lab.splits(names[0])  # used last
    newest = lab.put(table_of(1000))
    assert [name for name, _ in lab.uploads()] == [names[0], newest]
    with pytest.raises(MissingError):
        lab.splits(names[1])
    with pytest.raises(UsageError, match="more than"):
        lab.put(table_of(3000))


def test_a_model_that_is_forgotten_while_its_data_load_is_judged_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lab = LabState(Settings())
    train, test = linnet.load("digits")
    number = lab.add(linnet.fit(train, epochs=1, show=False), "digits")

    def forget(name: str) -> linnet.Splits:
        lab._models.clear()
        return linnet.Splits(train, test)

    monkeypatch.setattr(lab, "splits", forget)
    assert len(lab.model(number)) == len(test or ())


def test_models_are_bounded_and_go_with_their_data() -> None:
    lab = LabState(Settings(limits=LabLimits(models=2, uploads=100_000)))
    name = lab.put(Upload(Sent("t", "./t.csv"), Splits(make_blobs(50), make_blobs(20, seed=1))))
    run, _ = fit(make_blobs(50), linnet.Recipe(epochs=1))
    ids = [lab.add(run, name) for _ in range(3)]
    with pytest.raises(MissingError):
        lab.model(ids[0])
    assert len(lab.model(ids[2]).rows) == 20
    lab.put(table_of(378))
    with pytest.raises(MissingError):
        lab.model(ids[2])
