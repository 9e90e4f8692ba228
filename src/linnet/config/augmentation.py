"""`Augmentation`: how the images of a minibatch are changed at random, as text and as numbers, without torch.

`linnet.data.augment` carries it out.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from linnet.errors import UsageError

USUAL = {"shift": 2, "flip": 0.5, "rotate": 10.0, "scale": 0.1, "cutout": 8, "noise": 0.1}
"""What a name without a number stands for."""


@dataclass(frozen=True)
class Augmentation:
    """What is done to each image, with numbers drawn anew for each.

    An image is flipped, turned and resized about its middle, moved, covered, and then made noisy. What comes
    in from outside an image is zero.

    Args:
        shift: pixels; an image moves right and down by whole numbers drawn evenly from −shift…shift.
        flip: the probability of a left-right flip.
        rotate: degrees; the angle is drawn evenly from ±rotate, and pixels are interpolated bilinearly.
        scale: the factor of size is drawn evenly from 1 ± scale, bilinear too.
        cutout: pixels; the side of a square of zeros whose middle is any pixel, so that it may stick out
            (DeVries & Taylor 2017, arXiv:1708.04552).
        noise: σ of Gaussian noise, in units of scaled features (pixels/255).

    Raises:
        UsageError: a value that cannot be.
    """

    shift: int = 0
    flip: float = 0.0
    rotate: float = 0.0
    scale: float = 0.0
    cutout: int = 0
    noise: float = 0.0

    def __post_init__(self) -> None:
        for name in ("shift", "cutout"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise UsageError(f"{name} must be a whole number of pixels, at least 0, not {value!r}")
        self._check("flip", self.flip <= 1, "a probability between 0 and 1")
        self._check("rotate", self.rotate <= 180, "degrees between 0 and 180")
        self._check("scale", self.scale < 1, "at least 0 and below 1")
        self._check("noise", math.isfinite(self.noise), "a finite number of at least 0")

    def _check(self, name: str, fits: bool, expected: str) -> None:
        if not (fits and getattr(self, name) >= 0):  # a NaN fails both
            raise UsageError(f"{name} must be {expected}, not {getattr(self, name)!r}")

    @classmethod
    def parse(cls, text: str) -> Augmentation:
        """The augmentation that a text asks for.

        Args:
            text: "none", or parts joined by "+", each a name with or without a number: "shift",
                "shift:2+rotate:10+flip". A name alone takes its usual number.

        Raises:
            UsageError: a part is unknown, given twice, or has a number that cannot be.
        """
        if text.strip() == "none":
            return cls()
        values: dict[str, float] = {}
        for part in text.split("+"):
            name, value = _parse(part.strip())
            if name in values:
                raise UsageError(f"augmentation {text!r} asks for {name} twice: give it once")
            values[name] = value
        return cls(**values)  # type: ignore[arg-type]  # whole numbers where they must be

    def __str__(self) -> str:
        values = dataclasses.asdict(self).items()
        return "+".join(f"{name}:{_written(value)}" for name, value in values if value) or "none"

    @property
    def is_identity(self) -> bool:
        """Whether it leaves images as they are."""
        return self == Augmentation()


def _parse(part: str) -> tuple[str, float]:
    """The name and the number of one part."""
    name, colon, number = part.partition(":")
    if name not in USUAL:
        raise UsageError(f"unknown augmentation {name!r}: expected none, or {', '.join(USUAL)} joined by +")
    usual = USUAL[name]
    if not colon:
        return name, usual
    try:
        return name, type(usual)(number)
    except ValueError as error:
        kind = "a whole number of pixels" if isinstance(usual, int) else "a number"
        raise UsageError(f"augmentation {part!r}: expected {kind}, such as {name}:{usual}") from error


def _written(value: float) -> str:
    """A number that reads back as itself, without a + of its own."""
    if isinstance(value, int):
        return str(value)
    short = f"{value:g}"
    return (short if float(short) == value else repr(value)).replace("e+", "e")
