from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from linnet.d2l import torch as d2l
from linnet.d2l.loaders import (
    ArrayLoader,
    ImageLoader,
    get_dataloader_workers,
    get_fashion_mnist_labels,
    load_array,
    load_data_fashion_mnist,
    synthetic_data,
)
from linnet.d2l.torchvision import Compose, Normalize, Resize, ToTensor
from linnet.errors import ShapeError, UsageError
from tests.support.images import images


def test_synthetic_data_is_the_line_and_a_little_noise() -> None:
    torch.manual_seed(0)
    w = torch.tensor([2, -3.4])
    X, y = synthetic_data(w, 4.2, 20_000)
    assert (X.shape, y.shape) == ((20_000, 2), (20_000, 1))
    noise = y[:, 0] - (X @ w + 4.2)
    assert float(noise.mean()) == pytest.approx(0, abs=5e-4)
    assert float(noise.std()) == pytest.approx(0.01, rel=0.05)
    assert float(X.std()) == pytest.approx(1, rel=0.05)
    torch.manual_seed(0)
    assert torch.equal(synthetic_data(w, 4.2, 20_000)[0], X)


@given(rows=st.integers(1, 60), batch=st.integers(1, 70), shuffle=st.booleans(), seed=st.integers(0, 99))
def test_load_array_gives_each_row_once(rows: int, batch: int, shuffle: bool, seed: int) -> None:
    X = torch.arange(rows * 2.0).view(rows, 2)
    y = torch.arange(float(rows)).view(rows, 1)
    torch.manual_seed(seed)
    loader = load_array((X, y), batch, shuffle)
    for _ in range(2):  # it can be gone through again
        got = list(loader)
        assert len(got) == len(loader) == -(-rows // batch)
        assert all(isinstance(pair, list) and len(pair) == 2 for pair in got)
        assert [len(a) for a, _ in got] == [min(batch, rows - k * batch) for k in range(len(got))]
        A, b = torch.cat([a for a, _ in got]), torch.cat([b for _, b in got])
        order = b[:, 0].long()
        assert torch.equal(order.sort().values, torch.arange(rows))
        assert torch.equal(A, X[order])
        assert shuffle or torch.equal(order, torch.arange(rows))


@given(rows=st.integers(1, 90), batch=st.integers(1, 100), shuffle=st.booleans(), seed=st.integers(0, 99))
def test_image_loaders_give_each_image_once(rows: int, batch: int, shuffle: bool, seed: int) -> None:
    dataset = images(rows, seed)
    loader = ImageLoader(dataset, batch, shuffle)
    torch.manual_seed(seed)
    for _ in range(2):
        got = list(loader)
        assert len(got) == len(loader) == -(-rows // batch)
        X, y = torch.cat([a for a, _ in got]), torch.cat([b for _, b in got])
        assert (X.dtype, y.dtype, X.shape) == (torch.float32, torch.int64, (rows, 1, 28, 28))
        expected = torch.stack([dataset[k][0] for k in range(rows)])
        if shuffle:  # images of noise all differ, so sorting pairs them
            assert sorted(map(float, X.sum((1, 2, 3)))) == sorted(map(float, expected.sum((1, 2, 3))))
        else:
            assert torch.equal(X, expected)
            assert torch.equal(y, dataset.targets)
        pairs = {float(image.double().sum()): int(label) for image, label in zip(X, y, strict=True)}
        assert pairs == {
            float(e.double().sum()): int(t) for e, t in zip(expected, dataset.targets, strict=True)
        }


def test_the_order_follows_torchs_seed_and_changes_each_time() -> None:
    loader = ImageLoader(images(50), 50, True)
    torch.manual_seed(1)
    first, second = next(iter(loader)), next(iter(loader))
    assert not torch.equal(first[1], second[1])
    torch.manual_seed(1)
    assert torch.equal(next(iter(loader))[0], first[0])


def test_batches_are_the_readers_own() -> None:
    dataset = images(8)
    X, y = next(iter(ImageLoader(dataset, 4, False)))
    X.zero_()
    y.zero_()
    assert int(dataset.data[:4].sum()) > 0
    assert not torch.equal(dataset.targets[:4], y)
    tensor = torch.ones(4, 1)
    next(iter(load_array((tensor,), 2, False)))[0].zero_()
    assert int(tensor.sum()) == 4


@pytest.mark.parametrize("size", [7, 14, 20, 28, 32, 64, 96, (20, 40)])
def test_resizing_is_pillows_to_one_level(size: int | tuple[int, int]) -> None:
    dataset = images(20)
    dataset.transform = Compose([Resize(size), ToTensor()])
    X, _ = next(iter(ImageLoader(dataset, 20, False)))
    height, width = (size, size) if isinstance(size, int) else size
    for got, stored in zip(X, dataset.data, strict=True):
        pillow = Image.fromarray(stored.numpy()).resize((width, height), Image.Resampling.BILINEAR)
        difference = (got - ToTensor()(pillow)).abs().max()
        assert float(difference) <= 1 / 255 + 1e-6


@pytest.mark.parametrize("batch", [0, -3])
def test_a_batch_has_a_row(batch: int) -> None:
    with pytest.raises(UsageError, match="batch_size"):
        load_array((torch.ones(3),), batch)
    with pytest.raises(UsageError, match="batch_size"):
        ImageLoader(images(3), batch, True)


def test_tensors_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"\[3, 4\]"):
        load_array((torch.ones(3), torch.ones(4)), 2)
    with pytest.raises(UsageError, match="at least one"):
        ArrayLoader((), 2, True)


def test_transforms_of_other_people_go_to_torchs_loader() -> None:
    dataset = images(3)
    dataset.transform = lambda picture: picture
    with pytest.raises(UsageError, match="DataLoader"):
        ImageLoader(dataset, 2, True)


def test_labels_have_the_books_names() -> None:
    assert get_fashion_mnist_labels(torch.tensor([0, 9, 1])) == ["t-shirt", "ankle boot", "trouser"]
    with pytest.raises(UsageError, match="got 10"):
        get_fashion_mnist_labels([10])


def test_no_worker_processes() -> None:
    assert get_dataloader_workers() == 0


def test_the_real_loaders(fashion_folder: Path) -> None:
    assert os.environ["LINNET_DATA"]
    train_iter, test_iter = load_data_fashion_mnist(256)
    assert (len(train_iter), len(test_iter), train_iter.batch_size) == (235, 40, 256)
    X, y = next(iter(train_iter))
    assert (X.shape, X.dtype, y.dtype) == ((256, 1, 28, 28), torch.float32, torch.int64)
    assert (float(X.min()), float(X.max())) == (0.0, 1.0)
    assert next(iter(test_iter))[1][:4].tolist() == [9, 2, 1, 1]
    X, _ = next(iter(load_data_fashion_mnist(32, resize=64)[0]))
    assert X.shape == (32, 1, 64, 64)


def test_changes_of_the_data_set_are_seen() -> None:
    dataset = images(30)
    loader = ImageLoader(dataset, 10, True)
    assert len(list(loader)) == 3
    dataset.data, dataset.targets = dataset.data[:15], dataset.targets[:15]
    assert len(loader) == len(list(loader)) == 2
    assert len(loader.rows) == 15
    dataset.transform = Compose([ToTensor(), Normalize(0.5, 0.5)])
    assert not loader.is_plain
    assert float(next(iter(loader))[0].min()) == -1


def test_images_are_made_tensors() -> None:
    dataset = images(3)
    dataset.transform = Compose([Resize(14)])
    with pytest.raises(UsageError, match="ToTensor"):
        ImageLoader(dataset, 2, True)


def test_data_iter_gives_each_row_once() -> None:
    rows = torch.arange(7)
    found = list(d2l.data_iter(3, rows, rows * 2))
    assert [len(X) for X, _ in found] == [3, 3, 1]
    assert sorted(torch.cat([X for X, _ in found]).tolist()) == rows.tolist()
    assert all(torch.equal(y, X * 2) for X, y in found)
