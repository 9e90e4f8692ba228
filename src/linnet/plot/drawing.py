"""`Drawing`: a figure that is yet to be drawn, as the function that draws it and plain values.

It needs no matplotlib: a page that shows the same figure already is known by its `key`, and not drawn again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import os
import pkgutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure that is yet to be drawn.

    Args:
        name: of a module of `linnet.plot` and of the function in it that makes the figure.
        arguments: of that function: plain values, numpy's arrays, and dataclasses of them.
    """

    name: str
    arguments: tuple[Any, ...]

    def draw(self) -> Figure:
        """The figure."""
        return pkgutil.resolve_name(f"linnet.plot.{self.name}")(*self.arguments)

    @property
    def key(self) -> str:
        """A digest of all that the figure depends on, the programs that draw it among them, 32 digits."""
        digest = hashlib.sha256(_programs())
        for part in _parts((self.name, self.arguments)):
            digest.update(part)
        return digest.hexdigest()[:32]


def is_plain() -> bool:
    """Whether figures have matplotlib's own style, or that of its configuration files, and no program's."""
    if "matplotlib" not in sys.modules:
        return True
    import matplotlib

    own = matplotlib.rcParamsOrig
    changed = [
        name for name in own if not name.startswith("backend") and matplotlib.rcParams[name] != own[name]
    ]
    return not changed or (changed == ["font.family"] and _has_characters_alone(own["font.family"]))


def _has_characters_alone(families: Sequence[str]) -> bool:
    """Whether only a font with Chinese characters was added, which each figure adds by itself."""
    import matplotlib

    from linnet.plot.style import cjk_font

    font = cjk_font()
    return font is not None and matplotlib.rcParams["font.family"] == [*families, font[0]]


def _parts(value: Any) -> Iterator[bytes]:
    """Bytes that tell values apart: whatever they hold, with its type, its size first."""
    if isinstance(value, np.ndarray) and value.dtype != object:
        yield f"array {value.dtype.str} {value.shape} ".encode()
        yield np.ascontiguousarray(value).tobytes()
        return
    if dataclasses.is_dataclass(value):
        yield _source(type(value).__module__)  # whose properties a figure may show
        value = [type(value).__name__, *(getattr(value, one.name) for one in dataclasses.fields(value))]
    elif isinstance(value, Mapping):
        value = [part for pair in value.items() for part in pair]
    if isinstance(value, Sequence) and not isinstance(value, str):
        yield f"list {len(value)} ".encode()
        for one in value:
            yield from _parts(one)
        return
    if not isinstance(value, PLAIN):
        raise TypeError(
            f"a figure is known by plain values, not by {type(value).__name__}, whose text is cut"
        )
    text = repr(value).encode()
    yield f"{type(value).__name__} {len(text)} ".encode() + text


PLAIN = (str, int, float, np.generic, NoneType)
"""Types whose text says all of a value."""


@cache
def _source(module: str) -> bytes:
    """A digest of a module's file."""
    return hashlib.sha256(Path(str(sys.modules[module].__file__)).read_bytes()).digest()


@cache
def _programs() -> bytes:
    """A digest of linnet's own modules that draw, of matplotlib's version and of the user's style."""
    digest = hashlib.sha256(importlib.metadata.version("matplotlib").encode())
    linnet = Path(__file__).parents[1]
    own = (path for name in ("plot", "i18n", "report") for path in sorted((linnet / name).glob("*.[pj]*")))
    for path in (*own, *_styles()):
        if path.is_file():
            content = path.read_bytes()
            digest.update(f"{path.name} {len(content)} ".encode() + content)
    return digest.digest()


def _styles() -> list[Path]:
    """Where matplotlib looks for the user's style (see its `matplotlib_fname`)."""
    given = [Path(name) for key in ("MATPLOTLIBRC", "MPLCONFIGDIR") if (name := os.environ.get(key))]
    homes = [Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config", "matplotlib")]
    folders = [Path(), *given, *homes, Path.home() / ".matplotlib"]
    return [*given, *(folder / "matplotlibrc" for folder in folders)]
