"""Random changes to the images of a minibatch, all of them at once.

Each image has its own numbers, and nothing goes through the images one by one in Python. Whole-pixel moves
are copies of windows of a padded batch, without an index for each pixel. As soon as an angle or a factor of
size is on, flip, turn, resizing and shift are one affine map and pixels are read once, bilinearly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from linnet.config import Augmentation
from linnet.data.pictures.shape import CHANNELS, ImageShape, is_color, size_of, to_channels_first
from linnet.errors import ShapeError

Part = tuple[int, Tensor]
"""The rows of a minibatch, and the places in it of those that are here, (n,)."""


@dataclass(frozen=True, eq=False)
class Draws:
    """What happens to each image of a minibatch.

    Args:
        moves: how far right and down, whole numbers of pixels as float64, (2, B).
        flipped: which are mirrored, (B,), bool.
        angles: radians, counter-clockwise as an image is seen, (B,), float64.
        sizes: the factors of size, (B,), float64.
        middles: rows and columns of the squares' middles, (B,) each, int64.
        seed: of the noise.
    """

    moves: Tensor
    flipped: Tensor
    angles: Tensor
    sizes: Tensor
    middles: tuple[Tensor, Tensor]
    seed: int

    def of(self, places: Tensor) -> Draws:
        """Those of some of the images."""
        rows, columns = self.middles
        return Draws(
            self.moves[:, places], self.flipped[places], self.angles[places], self.sizes[places],
            (rows[places], columns[places]), self.seed,
        )  # fmt: skip

    def of_colors(self) -> Draws:
        """The same for each colour of an image, which stand one after another, (3·B,)."""
        angles, sizes, flipped, rows, columns = (
            values.repeat_interleave(CHANNELS)
            for values in (self.angles, self.sizes, self.flipped, *self.middles)
        )
        moves = self.moves.repeat_interleave(CHANNELS, 1)
        return Draws(moves, flipped, angles, sizes, (rows, columns), self.seed)


def draw(images: int, shape: tuple[int, int], how: Augmentation, source: torch.Generator) -> Draws:
    """The numbers of one minibatch.

    As many are drawn, in the same order, whatever is on: two augmentations with the same generator share what
    they have in common.

    Args:
        images: B.
        shape: (height, width) of an image.
        how: the ranges.
        source: a CPU generator.
    """
    u = torch.rand(7, images, generator=source, dtype=torch.float64)
    (height, width), most = shape, float(how.shift)
    return Draws(
        moves=(u[:2] * (2 * most + 1)).floor_() - most,
        flipped=u[2] < how.flip,
        angles=(2 * u[3] - 1) * math.radians(how.rotate),
        sizes=1 + (2 * u[4] - 1) * how.scale,
        middles=((u[5] * height).long(), (u[6] * width).long()),
        seed=int(torch.randint(1 << 62, (1,), generator=source)),
    )


def augment_(
    X: Tensor, shape: ImageShape, how: Augmentation, source: torch.Generator, unit: float,
    part: Part | None = None,
) -> Tensor:  # fmt: skip
    """Change the images of a minibatch in place, each with numbers of its own.

    Args:
        X: images as rows, (B, D), floating; on any device, and with any stride between rows.
        shape: (height, width), in colour (height, width, 3): the colours are changed alike, but for noise.
        how: what to do.
        source: a CPU generator, from which every random number comes, and the same count of them
            whatever is on; the noise has a generator on X's device, whose seed is drawn from it.
        unit: what 1.0 of a scaled feature is in X: 255 for uint8 pixels made float, 1 for scaled ones.
        part: of a larger minibatch these images are, each being changed as it would be among all.

    Returns:
        X.

    Raises:
        ShapeError: X is not floating rows of such images.
    """
    if X.ndim != 2 or X.shape[1] != size_of(shape) or not X.is_floating_point():
        raise ShapeError(
            f"expected floating images (B, {size_of(shape)}) of {shape[0]}×{shape[1]} pixels, "
            f"got {X.dtype} {tuple(X.shape)}"
        )
    height, width = shape[:2]
    draws = draw(len(X) if part is None else part[0], (height, width), how, source)
    if part is not None:
        draws = draws.of(part[1])
    if not X.numel():
        return X
    if is_color(shape):
        colors = to_channels_first(X, shape)  # (B, 3, height, width), a copy
        move_(colors.view(-1, height * width), (height, width), how, draws.of_colors())
        X.copy_(colors.movedim(1, 3).flatten(1))
    else:
        move_(X, (height, width), how, draws)
    if how.noise:
        add_noise_(X, how.noise * unit, draws.seed, part)
    return X


def move_(X: Tensor, shape: tuple[int, int], how: Augmentation, draws: Draws) -> None:
    """Turn, resize, mirror, move and cut images, (B, height·width), as was drawn for each."""
    images = X.unflatten(1, shape)  # (B, height, width), a view
    if how.rotate or how.scale:
        warp_(images, draws)
    else:
        if how.flip:
            flip_(images, draws.flipped)
        if how.shift:
            shift_(images, draws.moves)
    if how.cutout:
        cut_(X, shape, draws.middles, how.cutout)


def flip_(images: Tensor, flipped: Tensor) -> None:
    """Mirror some images left to right: images (B, H, W), flipped (B,) bool."""
    which = flipped.nonzero()[:, 0].to(images.device)
    images.index_copy_(0, which, images.index_select(0, which).flip(2))


def shift_(images: Tensor, moves: Tensor) -> None:
    """Move images by whole pixels, zeros coming in.

    The batch is laid out with zeros after each row of pixels and after each image. The moved image is then a
    window that starts elsewhere, and the zeros after a row are also those before the next.

    Args:
        images: (B, height, width).
        moves: how far right and down, whole numbers of pixels, (2, B).
    """
    count, height, width = images.shape
    x, y = moves[0].clamp(-width, width).long(), moves[1].clamp(-height, height).long()
    pad_x, pad_y = int(x.abs().max()), int(y.abs().max())
    stride = width + pad_x
    step = (height + pad_y) * stride
    lead = pad_y * stride + pad_x
    last = (count - 1) * step
    window = (height - 1) * stride + width  # from an image's first pixel to its last
    padded = images.new_zeros(lead + last + window + lead)
    padded.as_strided((count, height, width), (step, stride, 1), lead).copy_(images)
    windows = padded.as_strided((last + 2 * lead + 1, height, width), (1, stride, 1))
    start = lead + torch.arange(count) * step - y * stride - x
    torch.index_select(windows, 0, start.to(images.device), out=images)


def warp_(images: Tensor, draws: Draws) -> None:
    """Flip, turn, resize and move images in one go, each pixel being read bilinearly.

    What is seen at (x, y) from the middle was at R((x, y) − move)/size, R being the turn back, and at the
    mirrored x where the image is flipped. `grid_sample` wants that in half widths and half heights.

    Args:
        images: (B, height, width).
        draws: what happens to each.
    """
    count, height, width = images.shape
    angles, sizes, moves = draws.angles, draws.sizes, draws.moves
    cos, sin = angles.cos() / sizes, angles.sin() / sizes
    mirrored = torch.where(draws.flipped, -1.0, 1.0)
    # The y axis points down: counter-clockwise as seen is clockwise in these coordinates.
    turn = torch.stack([cos * mirrored, -sin * mirrored, sin, cos]).view(2, 2, count)  # old from new
    turn *= turn.new_tensor([2 / width, 2 / height])[:, None, None]
    start = -(turn * moves).sum(1, keepdim=True)  # (2, 1, B)
    affine = torch.cat([turn, start], 1).permute(2, 0, 1).reshape(2 * count, 3)
    grid = affine.to(images) @ _places(height, width).to(images)  # (2·B, height·width)
    grid = grid.view(count, 2, height, width).permute(0, 2, 3, 1)
    warped = functional.grid_sample(images[:, None], grid, padding_mode="zeros", align_corners=False)
    images.copy_(warped[:, 0])


def _places(height: int, width: int) -> Tensor:
    """Every pixel's (x, y, 1) from the middle, (3, height·width), float64."""
    x = (torch.arange(width, dtype=torch.float64) - (width - 1) / 2).expand(height, width)
    y = (torch.arange(height, dtype=torch.float64) - (height - 1) / 2)[:, None].expand(height, width)
    return torch.stack([x, y, torch.ones_like(x)]).flatten(1)


def cut_(X: Tensor, shape: tuple[int, int], middles: tuple[Tensor, Tensor], side: int) -> None:
    """Put a square of zeros on each image; what sticks out is cut off.

    Args:
        X: (B, height·width).
        shape: (height, width).
        middles: rows and columns of the squares' middles, (B,) each, int64.
        side: of the squares, in pixels; an even square reaches a pixel further up and left.
    """
    height, width = shape
    rows = _cover(middles[0], side, height) * width
    columns = _cover(middles[1], side, width)
    pixels = (rows[:, :, None] + columns[:, None, :]).flatten(1)
    X.scatter_(1, pixels.to(X.device), 0.0)


def _cover(middle: Tensor, side: int, length: int) -> Tensor:
    """The places along one axis that each square covers, (B, n), the border standing for those beyond it."""
    low, high = max(-(side // 2), 1 - length), min(side - side // 2, length)
    return (middle[:, None] + torch.arange(low, high)).clamp_(0, length - 1)


def add_noise_(X: Tensor, std: float, seed: int, part: Part | None = None) -> None:
    """Add Gaussian noise of standard deviation `std` to X, (B, D), or to a part of a larger minibatch."""
    source = torch.Generator(X.device).manual_seed(seed)
    rows = len(X) if part is None else part[0]
    noise = torch.randn(rows, X.shape[1], generator=source, dtype=X.dtype, device=X.device)
    X.add_(noise if part is None else noise[part[1]], alpha=std)
