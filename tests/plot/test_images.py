from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from linnet.config import Augmentation
from linnet.data.augment import augment_
from linnet.data.dataset import Dataset
from linnet.device import generator
from linnet.errors import UsageError
from linnet.plot.images import augmentation_figure


def pictures(figure: Figure) -> np.ndarray:
    return np.stack([np.asarray(axes.images[0].get_array()) for axes in figure.axes])


def test_originals_stand_first_and_draws_beside_them(blobs: Dataset) -> None:
    how = Augmentation.parse("shift:1+flip+noise")
    drawn = pictures(augmentation_figure(blobs, how, count=3, draws=2, seed=5)).reshape(3, 3, 4, 4)
    plain = blobs.X[:3].double() / 255
    np.testing.assert_allclose(drawn[:, 0], plain.view(3, 4, 4).numpy())
    source = generator(5, "augment")
    for column in (1, 2):
        changed = augment_(plain.clone(), (4, 4), how, source, 1.0)
        np.testing.assert_allclose(drawn[:, column], changed.view(3, 4, 4).numpy())


def test_it_speaks_chinese(blobs: Dataset) -> None:
    figure = augmentation_figure(blobs, Augmentation.parse("flip"), count=1, draws=1, language="zh")
    assert [axes.get_title() for axes in figure.axes] == ["原图", "变换后"]


def test_it_says_what_is_done_and_shades_alike(blobs: Dataset) -> None:
    figure = augmentation_figure(blobs, Augmentation.parse("noise+cutout:2"), count=2, draws=1)
    assert figure.get_suptitle() == "cutout:2+noise:0.1"
    assert figure.axes[0].get_title() == "original"
    assert len({axes.images[0].get_clim() for axes in figure.axes}) == 1


def test_small_data_sets_show_what_they_have(blobs: Dataset) -> None:
    few = blobs.rows(slice(2))
    assert len(pictures(augmentation_figure(few, Augmentation(), count=8, draws=1))) == 4


def test_what_cannot_be_shown_is_refused(blobs: Dataset) -> None:
    for count, draws in ((0, 1), (1, 0)):
        with pytest.raises(UsageError, match="at least one image"):
            augmentation_figure(blobs, Augmentation(), count=count, draws=draws)
    with pytest.raises(UsageError, match="at least one image"):
        augmentation_figure(blobs.rows(torch.arange(0)), Augmentation())
    with pytest.raises(UsageError, match="not images"):
        augmentation_figure(dataclasses.replace(blobs, image_shape=None), Augmentation())
