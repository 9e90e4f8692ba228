"""`Prepared`, a picture made for a model, and each `Step` of what was done to it, in words; without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAID = {
    "frame": "only its first frame was taken",
    "turned": "turned upright by its orientation tag, {tag}",
    "whole": "levels of 0…{full} scaled to 0…255",
    "fraction": "floating levels of 0…1 scaled to 0…255",
    "white": "transparency laid on white",
    "black": "transparency laid on black, as the drawing is light",
    "resized": "{width} × {height} pixels padded and resized to {to_width} × {to_height}",
    "inverted": "inverted, its border being light",
    "told": "inverted, as asked",
}
"""Each step in a sentence's words."""


@dataclass(frozen=True)
class Step:
    """One thing that was done to a picture.

    Args:
        name: a key of `SAID`.
        values: what stands in its blanks.
    """

    name: str
    values: dict[str, int]

    def __str__(self) -> str:
        return SAID[self.name].format(**self.values)

    @property
    def plain(self) -> dict[str, Any]:
        """The step as JSON has it."""
        return {"name": self.name, "values": self.values}


@dataclass(frozen=True, eq=False)
class Prepared:
    """A picture as a model takes it.

    Args:
        pixels: uint8, (height, width), light on dark; in colour (height, width, 3).
        steps: what was done to it, in order.
    """

    pixels: NDArray[np.uint8]
    steps: tuple[Step, ...]

    @property
    def is_blank(self) -> bool:
        """Whether all levels are the same, so that there is nothing to be seen; one colour is something."""
        return is_blank(self.pixels)

    @property
    def history(self) -> str:
        """What was done to it, in words."""
        return "; ".join(map(str, self.steps)) or "taken as it is"

    @property
    def nothing(self) -> str:
        """What is said in place of an answer where the picture is blank."""
        level = int(self.pixels.flat[0])
        return f"nothing was seen on the picture: every pixel is {level} after preparation ({self.history})"


def is_blank(pixels: NDArray[np.generic]) -> bool:
    """Whether several levels are all the same, of grey or of all colours."""
    return pixels.size > 1 and bool(pixels.min() == pixels.max())
