from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from linnet.config import Augmentation
from linnet.data.augment import Draws, augment_, draw
from linnet.errors import ShapeError

shapes = st.tuples(st.integers(1, 7), st.integers(1, 7))
whole = st.builds(
    Augmentation, shift=st.integers(0, 9), flip=st.sampled_from([0.0, 0.5, 1.0]), cutout=st.integers(0, 9)
)
every = st.builds(
    Augmentation,
    shift=st.integers(0, 4),
    flip=st.sampled_from([0.0, 0.5]),
    rotate=st.floats(0, 180),
    scale=st.floats(0, 0.9),
    cutout=st.integers(0, 4),
    noise=st.sampled_from([0.0, 0.2]),
)


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(count: int, shape: tuple[int, int], seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.rand(count, shape[0] * shape[1], generator=source(seed), dtype=dtype) + 0.1


def bilinear(image: np.ndarray, x: float, y: float) -> float:
    """The image at a place between its pixels; zero outside."""
    left, top = math.floor(x), math.floor(y)
    total = 0.0
    for row in (top, top + 1):
        for column in (left, left + 1):
            if 0 <= row < image.shape[0] and 0 <= column < image.shape[1]:
                total += image[row, column] * (1 - abs(x - column)) * (1 - abs(y - row))
    return total


def reference(image: np.ndarray, n: int, draws: Draws, how: Augmentation) -> np.ndarray:
    """One image without noise, a pixel at a time: cover, then undo the move, the turn, the size, the flip."""
    height, width = image.shape
    cos, sin, size = math.cos(draws.angles[n]), math.sin(draws.angles[n]), float(draws.sizes[n])
    top, left = (int(middle[n]) - how.cutout // 2 for middle in draws.middles)
    out = np.zeros_like(image)
    for row in range(height):
        for column in range(width):
            if top <= row < top + how.cutout and left <= column < left + how.cutout:
                continue
            right = column - (width - 1) / 2 - float(draws.moves[0, n])
            up = (height - 1) / 2 - row + float(draws.moves[1, n])
            # A turn by the angle takes (1, 0) to (cos, sin); this is the turn back.
            x = (right * cos + up * sin) / size + (width - 1) / 2
            y = (height - 1) / 2 - (up * cos - right * sin) / size
            out[row, column] = bilinear(image, width - 1 - x if draws.flipped[n] else x, y)
    return out


def references(X: Tensor, shape: tuple[int, int], how: Augmentation, seed: int) -> Tensor:
    draws = draw(len(X), shape, how, source(seed))
    done = [reference(row.view(shape).numpy(), n, draws, how) for n, row in enumerate(X)]
    out = torch.from_numpy(np.stack(done)).view(X.shape)
    if how.noise:
        out += how.noise * torch.randn(X.shape, generator=source(draws.seed), dtype=X.dtype)
    return out


@given(st.integers(1, 5), shapes, whole, st.integers(0, 2**40))
def test_whole_pixels_equal_the_reference(
    count: int, shape: tuple[int, int], how: Augmentation, seed: int
) -> None:
    X = images(count, shape, seed)
    expected = references(X, shape, how, seed)
    assert torch.equal(augment_(X.clone(), shape, how, source(seed), 1.0), expected)


@given(st.integers(1, 4), shapes, every, st.integers(0, 2**40))
@settings(max_examples=60)
def test_everything_equals_the_reference(
    count: int, shape: tuple[int, int], how: Augmentation, seed: int
) -> None:
    X = images(count, shape, seed)
    expected = references(X, shape, how, seed)
    torch.testing.assert_close(augment_(X, shape, how, source(seed), 1.0), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("text", ["shift+flip+cutout:3", "shift+flip+rotate+scale"])
def test_rows_with_something_between_them_are_changed_in_place(text: str) -> None:
    how = Augmentation.parse(text)
    X1 = torch.full((6, 31), 9.0)  # as the training step keeps them: a last column for the bias
    X1[:, :-1] = images(6, (5, 6), dtype=torch.float32)
    expected = augment_(X1[:, :-1].clone(), (5, 6), how, source(), 1.0)
    X = X1[:, :-1]
    assert augment_(X, (5, 6), how, source(), 1.0) is X
    assert torch.equal(X1[:, :-1], expected)
    assert X1[:, -1].eq(9).all()


@pytest.mark.parametrize("text", ["shift", "flip", "rotate", "scale", "cutout:3", "shift+flip+rotate:45"])
def test_precisions_agree(text: str) -> None:
    how, X = Augmentation.parse(text), images(20, (7, 9))
    wide = augment_(X.clone(), (7, 9), how, source(), 1.0)
    narrow = augment_(X.float(), (7, 9), how, source(), 1.0)
    assert narrow.dtype == torch.float32
    torch.testing.assert_close(narrow.double(), wide, rtol=0, atol=2e-6)
    assert not torch.equal(wide, X)


def test_the_same_generator_gives_the_same_and_another_another() -> None:
    how = Augmentation.parse("shift+flip+rotate+scale+cutout:3+noise")
    X = images(8, (6, 6))
    first, again, other = (augment_(X.clone(), (6, 6), how, source(seed), 1.0) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    generator = source(1)
    successive = [augment_(X.clone(), (6, 6), how, generator, 1.0) for _ in range(2)]
    assert torch.equal(successive[0], first)
    assert not torch.equal(successive[1], first)


@given(every, st.integers(0, 20))
def test_as_many_numbers_are_drawn_whatever_is_on(how: Augmentation, count: int) -> None:
    one, two = source(3), source(3)
    augment_(images(count, (4, 5)), (4, 5), how, one, 1.0)
    augment_(images(count, (4, 5)), (4, 5), Augmentation(), two, 1.0)
    assert torch.equal(one.get_state(), two.get_state())


def test_augmentations_share_what_they_have_in_common() -> None:
    X, both = images(30, (6, 6)), Augmentation(shift=2, cutout=3)
    shifted = augment_(X.clone(), (6, 6), Augmentation(shift=2), source(), 1.0)
    cut = augment_(X.clone(), (6, 6), Augmentation(cutout=3), source(), 1.0)
    got = augment_(X.clone(), (6, 6), both, source(), 1.0)
    assert torch.equal(got, torch.where(cut == 0, 0.0, shifted))


@given(every, st.integers(0, 2**40))
def test_the_numbers_lie_in_their_ranges(how: Augmentation, seed: int) -> None:
    draws = draw(50, (4, 9), how, source(seed))
    for moved in draws.moves:
        assert moved.abs().max() <= how.shift
        assert torch.equal(moved, moved.round())
    assert draws.angles.abs().max() <= math.radians(how.rotate) + 1e-12
    assert (draws.sizes - 1).abs().max() <= how.scale
    for middle, length in zip(draws.middles, (4, 9), strict=True):
        assert ((middle >= 0) & (middle < length)).all()
    assert how.flip or not draws.flipped.any()


def test_the_numbers_reach_all_of_their_ranges_evenly() -> None:
    how = Augmentation(shift=2, flip=0.3, rotate=90, scale=0.5)
    draws = draw(20000, (4, 9), how, source())
    for moved in draws.moves:
        shares = torch.bincount(moved.long() + 2) / 20000
        torch.testing.assert_close(shares, torch.full((5,), 0.2), rtol=0, atol=0.015)
    torch.testing.assert_close(
        torch.bincount(draws.middles[1]) / 20000, torch.full((9,), 1 / 9), rtol=0, atol=0.015
    )
    assert draws.flipped.double().mean().item() == pytest.approx(0.3, abs=0.015)
    for numbers in (draws.angles / math.radians(90), (draws.sizes - 1) / 0.5):
        assert numbers.mean().item() == pytest.approx(0, abs=0.02)
        assert numbers.var().item() == pytest.approx(1 / 3, abs=0.02)  # of an even draw from ±1


def test_flipping_twice_changes_nothing() -> None:
    X, always = images(9, (3, 5)), Augmentation(flip=1.0)
    once = augment_(X.clone(), (3, 5), always, source(), 1.0)
    assert torch.equal(once.view(9, 3, 5), X.view(9, 3, 5).flip(2))
    assert torch.equal(augment_(once, (3, 5), always, source(1), 1.0), X)


def test_no_image_leaks_into_another() -> None:
    X = torch.zeros(7, 12)
    X[3] = torch.nan
    for text in ("shift:9", "shift:3+rotate:90+scale:0.5"):
        got = augment_(X.clone(), (3, 4), Augmentation.parse(text), source(), 1.0)
        assert not got[[0, 1, 2, 4, 5, 6]].isnan().any()


def test_a_turn_without_an_angle_equals_the_gather() -> None:
    """Bilinear at whole pixels reads the pixels themselves."""
    X, how = images(40, (6, 8)), Augmentation(shift=3, flip=0.5)
    gathered = augment_(X.clone(), (6, 8), how, source(), 1.0)
    tiny = dataclasses.replace(how, rotate=1e-12)
    torch.testing.assert_close(augment_(X, (6, 8), tiny, source(), 1.0), gathered, rtol=0, atol=1e-10)


def test_angles_are_counter_clockwise() -> None:
    """A quarter turn puts the right edge on top; the range is ±90, so look for draws near its end."""
    draws = draw(4000, (3, 3), Augmentation(rotate=90), source())
    n = int(draws.angles.argmax())
    X = torch.zeros(4000, 9, dtype=torch.float64)
    X[:, 5] = 1.0  # the middle of the right edge
    got = augment_(X, (3, 3), Augmentation(rotate=90), source(), 1.0)[n]
    assert int(got.argmax()) == 1
    assert got[1] > 0.99


def test_noise_is_in_units_of_scaled_features() -> None:
    for unit in (1.0, 255.0):
        noise = augment_(torch.zeros(400, 50), (5, 10), Augmentation(noise=0.2), source(), unit) / unit
        assert noise.mean().item() == pytest.approx(0, abs=0.005)
        assert noise.std().item() == pytest.approx(0.2, abs=0.005)


def test_the_mean_is_kept_roughly() -> None:
    X = torch.zeros(500, 20, 20, dtype=torch.float64)
    X[:, 7:13, 7:13] = 1.0  # far enough from the border for nothing to be lost
    X, how = X.flatten(1), Augmentation.parse("shift:2+flip+rotate:30+scale:0.1+noise:0.05")
    got = augment_(X.clone(), (20, 20), how, source(), 1.0)
    assert got.mean().item() == pytest.approx(X.mean().item(), rel=0.03)


def test_a_square_of_zeros_is_as_large_as_asked() -> None:
    X = augment_(torch.ones(2000, 100), (10, 10), Augmentation(cutout=4), source(), 1.0).view(-1, 10, 10)
    holes = X.eq(0).flatten(1).sum(1)
    assert holes.max() == 16
    assert holes.min() == 4  # in the corner, where two rows and two columns stay
    assert X.eq(0).any(0).all()  # a square can be anywhere


def test_far_moves_and_large_squares_leave_nothing() -> None:
    for how in (Augmentation(shift=10**20), Augmentation(cutout=10**20)):
        assert not augment_(images(5, (4, 6)), (4, 6), how, source(), 1.0).any()


def test_identity_and_empty_batches() -> None:
    X = images(4, (2, 3))
    assert torch.equal(augment_(X.clone(), (2, 3), Augmentation(), source(), 1.0), X)
    how = Augmentation.parse("shift+flip+rotate+scale+cutout+noise")
    assert augment_(torch.empty(0, 6), (2, 3), how, source(), 1.0).shape == (0, 6)


@pytest.mark.parametrize(
    "X", [torch.zeros(2, 7), torch.zeros(6), torch.zeros(2, 6, dtype=torch.uint8)], ids=str
)
def test_what_are_no_images_is_refused(X: Tensor) -> None:
    with pytest.raises(ShapeError, match=r"floating images \(B, 6\) of 2×3 pixels"):
        augment_(X, (2, 3), Augmentation(), source(), 1.0)


@given(every, st.integers(0, 4), shapes, st.integers(0, 2**30))
def test_the_colours_of_an_image_are_changed_alike(
    how: Augmentation, count: int, shape: tuple[int, int], seed: int
) -> None:
    how = dataclasses.replace(how, noise=0.0)
    X = torch.rand(count, shape[0] * shape[1] * 3, generator=source(seed), dtype=torch.float64)
    kept = X.clone()
    made = augment_(X, (*shape, 3), how, source(seed), 1.0)
    for color in range(3):
        alone = augment_(kept[:, color::3].contiguous(), shape, how, source(seed), 1.0)
        torch.testing.assert_close(made[:, color::3], alone, rtol=1e-12, atol=1e-12)
