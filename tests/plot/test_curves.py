from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from linnet import files
from linnet.errors import ShapeError, UsageError
from linnet.plot.curves import curves
from linnet.plot.images import gallery
from linnet.plot.save import save
from linnet.plot.weights import templates

RECORDS = [
    {"epoch": e, "train_loss": 1 / e, "train_accuracy": 0.7, "test_loss": 0.5, "test_accuracy": 0.6}
    for e in range(1, 6)
]


def test_curves_are_the_books_figure() -> None:
    axes = curves(RECORDS, "title").axes[0]
    assert [line.get_label() for line in axes.lines] == ["train loss", "train acc", "test acc"]
    assert np.asarray(axes.lines[0].get_ydata()).tolist() == [1 / e for e in range(1, 6)]
    assert axes.get_xlabel() == "epoch"
    assert axes.get_title() == "title"


def test_a_loss_alone_over_decades_is_logarithmic() -> None:
    losses = [{"epoch": 1, "train_loss": 1.0}, {"epoch": 2, "train_loss": 1e-4}]
    assert curves(losses).axes[0].get_yscale() == "log"
    assert curves(losses[:1]).axes[0].get_yscale() == "linear"
    assert isinstance(curves([]), Figure)


def test_templates_show_the_weights() -> None:
    W = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))
    figure = templates(W, (2, 3), ["a", "b", "c"])
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == list("abc")
    for image, text, weights in zip(axes.images, axes.texts, W, strict=True):
        left, right, bottom, top = image.get_extent()
        assert ((right - left) / (top - bottom), text.get_position()[0]) == pytest.approx(
            (3 / 2, (left + right) / 2)
        )
        np.testing.assert_array_equal(np.asarray(image.get_array()), weights.view(2, 3).numpy())
        low, high = image.get_clim()
        assert -low == high == pytest.approx(float(W.abs().max()))
    with pytest.raises(ShapeError):
        templates(W, (2, 2), ["a", "b", "c"])


def test_templates_stand_in_rows_that_do_not_meet_and_lie_within_the_figure() -> None:
    for shape in ((28, 28), (8, 20), (20, 8, 3)):
        figure = templates(np.ones((7, math.prod(shape))), shape, list("abcdefg"))
        boxes = np.array([image.get_extent() for image in figure.axes[0].images])  # left, right, bottom, top
        assert (boxes >= 0).all()
        assert (boxes[:, [1, 3]] <= figure.get_size_inches()).all()
        for one, other in itertools.combinations(boxes, 2):
            gaps = np.maximum(one[[0, 2]], other[[0, 2]]) - np.minimum(one[[1, 3]], other[[1, 3]])
            assert gaps.max() >= 0.08


def test_templates_in_colour_are_what_a_class_is_for() -> None:
    W = torch.tensor([[2.0, -1.0, 0.0, 0.0, 1.0, -2.0], [0.0] * 6])
    first, second = templates(W, (1, 2, 3), ["a", "b"]).axes[0].images
    seen = np.asarray(first.get_array())
    np.testing.assert_allclose(seen, [[[1, 0.25, 0.5], [0.5, 0.75, 0]]])  # 0.5 + w/4
    assert np.asarray(second.get_array()).tolist() == [[[0.5] * 3] * 2]


def test_a_gallery_in_colour() -> None:
    images = torch.arange(24, dtype=torch.uint8).view(2, 2, 2, 3)
    first, _ = [axes for axes in gallery(images, ["a", "b"], scale=1 / 255).axes if axes.images]
    np.testing.assert_allclose(np.asarray(first.images[0].get_array()), images[0].numpy() / 255)


def test_gallery() -> None:
    images = torch.arange(7 * 4, dtype=torch.uint8).view(7, 2, 2)
    figure = gallery(images, list("abcdefg"), columns=3)
    drawn = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in drawn] == list("abcdefg")
    np.testing.assert_array_equal(np.asarray(drawn[6].images[0].get_array()), images[6].numpy())
    with pytest.raises(ShapeError):
        gallery(images, ["one"])


@pytest.mark.parametrize("name", ["a.svg", "a.png"])
def test_saving_gives_the_same_bytes_and_never_half_a_file(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(curves(RECORDS), tmp_path / name)
    first = (tmp_path / name).read_bytes()
    save(curves(RECORDS), tmp_path / name)
    assert (tmp_path / name).read_bytes() == first
    monkeypatch.setattr(files, "sync_folder", lambda folder: None)

    def fail(*args: object) -> None:
        raise OSError("disk")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk"):
        save(curves(RECORDS[:2]), tmp_path / name)
    assert (tmp_path / name).read_bytes() == first
    with pytest.raises(UsageError, match=r"\.svg or \.png"):
        save(curves(RECORDS), tmp_path / "a.gif")
