from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils import data

from linnet.d2l import torchvision
from linnet.d2l.torchvision import MNIST, Compose, FashionMNIST, Normalize, Resize, ToTensor, split_steps
from linnet.errors import DataNotFoundError, ShapeError, UsageError
from tests.support.images import images


def test_to_tensor_of_every_kind_of_image() -> None:
    grey = Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4))
    assert torch.equal(ToTensor()(grey), torch.arange(12.0).view(1, 3, 4) / 255)
    colour = ToTensor()(Image.new("RGB", (4, 3), (255, 0, 51)))
    assert colour.shape == (3, 3, 4)
    assert colour[:, 0, 0].tolist() == pytest.approx([1, 0, 0.2])
    assert ToTensor()(np.full((2, 2), 0.5)).tolist() == [[[0.5, 0.5], [0.5, 0.5]]]
    with pytest.raises(ShapeError, match=r"\(3,\)"):
        ToTensor()(np.ones(3))


@pytest.mark.parametrize(("size", "shape"), [(14, (14, 28)), ((7, 9), (7, 9)), ([20], (20, 40))])
def test_resize_keeps_proportions_of_a_single_number(
    size: int | tuple[int, int] | list[int], shape: tuple[int, int]
) -> None:
    picture = Image.new("L", (56, 28))  # (width, height)
    resized = Resize(size)(picture)
    assert isinstance(resized, Image.Image)
    assert (resized.height, resized.width) == shape
    planes = Resize(size)(torch.zeros(1, 28, 56))
    assert isinstance(planes, torch.Tensor)
    assert tuple(planes.shape) == (1, *shape)


def test_normalize_is_the_formula() -> None:
    planes = torch.rand(2, 3, 3)
    got = Normalize([0.1, 0.2], [0.5, 2.0])(planes)
    assert torch.allclose(got[0], (planes[0] - 0.1) / 0.5)
    assert torch.allclose(got[1], (planes[1] - 0.2) / 2.0)
    assert torch.allclose(Normalize(0.1, 0.5)(planes), (planes - 0.1) / 0.5)
    with pytest.raises(UsageError, match="std of 0"):
        Normalize([0.0], [0.0])


@pytest.mark.parametrize(
    "transform",
    [ToTensor(), Compose([Resize(14), ToTensor()]), Compose([ToTensor(), Normalize([0.3], [0.4])])],
)
def test_many_at_once_is_one_after_another(transform: Compose | ToTensor) -> None:
    dataset = images(12)
    dataset.transform = transform
    together = dataset.__getitems__([3, 0, 7])
    for (X, y), (one, label) in zip(together, [dataset[3], dataset[0], dataset[7]], strict=True):
        assert float((X - one).abs().max()) <= (1 / 255 + 1e-6) / 0.4
        assert y == label
    X, _ = next(iter(data.DataLoader(dataset, 5)))
    assert X.shape[:2] == (5, 1)


def test_only_known_transforms_are_taken_together() -> None:
    class Mine(ToTensor):
        pass

    assert split_steps(Compose([Resize(3), Compose([ToTensor()])])) is not None
    assert split_steps(Mine()) is None
    assert split_steps(Compose([Resize(3), lambda picture: picture])) is None
    assert split_steps(None) is None
    dataset = images(4)
    dataset.transform = None
    assert isinstance(dataset.__getitems__([1])[0][0], Image.Image)


def test_targets_are_transformed_too() -> None:
    dataset = images(4)
    dataset.target_transform = lambda label: -label
    assert [label for _, label in dataset.__getitems__([0, 1])] == [-int(t) for t in dataset.targets[:2]]


def test_a_data_set_that_is_nowhere_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINNET_DATA", str(tmp_path / "nothing"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for kind in (FashionMNIST, MNIST):
        with pytest.raises(DataNotFoundError, match="download=True"):
            kind(tmp_path / "root")


def test_the_real_set_has_torchvisions_attributes(fashion_folder: Path) -> None:
    test = FashionMNIST(fashion_folder, train=False)
    assert len(test) == len(test.data) == len(test.targets) == 10_000
    assert (test.data.dtype, tuple(test.data.shape)) == (torch.uint8, (10_000, 28, 28))
    assert test.class_to_idx["Ankle boot"] == 9
    picture, label = test[0]
    assert isinstance(picture, Image.Image)
    assert (picture.size, label) == ((28, 28), 9)
    test.data.zero_()  # what a reader does to one is not seen in the next
    assert int(FashionMNIST(fashion_folder, train=False).data.sum()) > 0
    assert torchvision._load.cache_info().hits > 0


def test_the_classes_are_torchvisions() -> None:
    names = "T-shirt/top Trouser Pullover Dress Coat Sandal Shirt Sneaker Bag".split()  # noqa: SIM905
    assert FashionMNIST.classes == [*names, "Ankle boot"]
    assert MNIST.classes[3] == "3 - three"
