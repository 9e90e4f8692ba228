"""The textbook's way that the benchmark measures against learns what linnet learns."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

import linnet
from linnet import d2l

BOOK = Path(__file__).parents[1] / "benchmarks" / "book.py"


@pytest.fixture
def book(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("book", BOOK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "book", module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def _images(rows: int = 512, classes: int = 4) -> linnet.Dataset:
    """Noisy images, each class bright in a quarter of its own."""
    source = torch.Generator().manual_seed(7)
    y = torch.arange(rows) % classes
    X = torch.randint(0, 120, (rows, 64), generator=source)
    for k in range(classes):
        X[y == k, 16 * k : 16 * (k + 1)] += 60
    names = tuple("abcdefgh"[:classes])
    return linnet.Dataset(X.to(torch.uint8), y, name="toy", classes=names, image_shape=(8, 8), scale=1 / 255)


def test_book_and_linnet_reach_the_same_loss(book: ModuleType) -> None:
    data = _images()
    torch.manual_seed(0)
    theirs = book.train(data, data, epochs=8, batch_size=64, lr=0.1, workers=0)
    run = linnet.fit(data, test=data, epochs=8, batch_size=64, lr=0.1, device="cpu", show=False)
    ours = run.history.records[-1]
    assert ours["train_loss"] == pytest.approx(theirs[-1].train_loss, abs=0.02)
    assert ours["test_accuracy"] == pytest.approx(theirs[-1].test_accuracy, abs=0.05)


def test_one_image_becomes_floats_between_zero_and_one(book: ModuleType) -> None:
    image, label = book.ImageRows(_images(), book.Compose([book.ToTensor()]))[0]
    assert image.shape == (1, 8, 8)
    assert image.dtype == torch.float32
    assert torch.equal(image.flatten(), _images().X[0] / 255)
    assert label == 0


def test_chapters_use_names_that_both_ways_have(book: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BOOK.parent))
    theirs = importlib.import_module("book_d2l")
    texts = [path.read_text(encoding="utf-8") for path in (BOOK.parent / "chapters").glob("*.py")]
    names = {name for text in texts for name in re.findall(r"\bd2l\.(\w+)", text)}
    assert {"load_data_fashion_mnist", "train_ch3", "sgd"} <= names
    assert [name for name in names if not (hasattr(theirs, name) and hasattr(d2l, name))] == []
