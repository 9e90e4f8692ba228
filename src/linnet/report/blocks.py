"""The blocks of a page as plain values, and their rendering: one file, without scripts, all texts escaped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, ClassVar, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from linnet.i18n import say
from linnet.record.paths import shared


@dataclass(frozen=True)
class Text:
    """A sentence or several.

    Args:
        text: plain text.
        tone: "plain"; "note", said more quietly; or "missing", why a part is left out.
    """

    text: str
    tone: str = "plain"
    kind: ClassVar[str] = "text"


@dataclass(frozen=True)
class Figures:
    """The figures that matter most, large.

    Args:
        items: of each its name, the figure, and what is to be said of it (may be empty).
    """

    items: tuple[tuple[str, str, str], ...]
    kind: ClassVar[str] = "figures"


@dataclass(frozen=True)
class Facts:
    """Names and values, close together.

    Args:
        rows: of each its name and its value.
        marked: how many of the first ones stand out.
        is_wide: a line each, for long values.
    """

    rows: tuple[tuple[str, str], ...]
    marked: int = 0
    is_wide: bool = False
    kind: ClassVar[str] = "facts"


@dataclass(frozen=True)
class Table:
    """Rows under heads; the first column names its row.

    Args:
        heads: of the columns.
        rows: of cells.
        marked: numbers of the rows that stand out.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marked: tuple[int, ...] = ()
    kind: ClassVar[str] = "table"


@dataclass(frozen=True)
class Matrix:
    """Counts of rows of one class taken for another.

    Args:
        classes: the K names.
        counts: K rows of K, of rows or of the sums of their weights.
        corner: what rows and columns are.
    """

    classes: tuple[str, ...]
    counts: tuple[tuple[float, ...], ...]
    corner: str
    kind: ClassVar[str] = "matrix"

    @property
    def rows(self) -> list[tuple[str, list[tuple[str, int, bool]]]]:
        """Of each class its name and cells: the count, its share of the row in %, whether it is right."""
        found = []
        for k, (name, counts) in enumerate(zip(self.classes, self.counts, strict=True)):
            total = sum(counts) or 1
            shares = [round(100 * count / total) for count in counts]
            texts = [(f"{count:.4g}" if count % 1 else f"{count:.0f}") if count else "" for count in counts]
            found.append((name, [(texts[j], shares[j], j == k) for j in range(len(counts))]))
        return found


class Image(NamedTuple):
    """The data of a figure.

    Args:
        uri: of the data.
        mark: what a later page knows it by (see `linnet.report.images`); empty where it is drawn each time.
    """

    uri: str
    mark: str = ""


@dataclass(frozen=True)
class Picture:
    """A figure.

    Args:
        uri: of its data, or what gives it once it has been drawn.
        alt: what it shows, for those who cannot see it.
        width: in CSS pixels, at most.
    """

    uri: str | Callable[[], Image]
    alt: str
    width: int
    kind: ClassVar[str] = "picture"

    @property
    def image(self) -> Image:
        """The data, waited for."""
        return Image(self.uri) if isinstance(self.uri, str) else self.uri()


@dataclass(frozen=True)
class Pictures:
    """Figures beside one another, or under one another where there is no room.

    Args:
        items: the figures.
    """

    items: tuple[Picture, ...]
    kind: ClassVar[str] = "pictures"


@dataclass(frozen=True)
class Tile:
    """A small picture with its name.

    Args:
        uri: of its data.
        lines: under it, the first one stronger.
    """

    uri: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Gallery:
    """Small pictures in a grid.

    Args:
        tiles: the pictures.
        legend: the uri of a bar of colours, and what its ends mean; None without one.
        is_large: show them larger.
    """

    tiles: tuple[Tile, ...]
    legend: tuple[str, str, str] | None = None
    is_large: bool = False
    kind: ClassVar[str] = "gallery"


@dataclass(frozen=True)
class Code:
    """Something to copy.

    Args:
        label: what it is.
        text: as it stands.
    """

    label: str
    text: str
    kind: ClassVar[str] = "code"


Block = Text | Figures | Facts | Table | Matrix | Picture | Pictures | Gallery | Code


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Args:
        key: its anchor.
        title: over it.
        blocks: what it holds.
    """

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """A whole page.

    Args:
        title: over it and in the window's title.
        facts: a line under the title.
        language: "en" or "zh".
        sections: its parts.
    """

    title: str
    facts: str
    language: str
    sections: tuple[Section, ...]


POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def render(page: Page) -> str:
    """The page as HTML."""
    css = resources.files("linnet.report").joinpath("page.css").read_text(encoding="utf-8")
    contents = say("report.contents", page.language)
    return page_template().render(page=page, css=Markup(css), policy=POLICY, contents=contents)


@cache
def page_template() -> Template:
    """The page that is filled in, compiled once."""
    environment = Environment(
        loader=PackageLoader("linnet.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


def value(of: Any) -> str:
    """An option's value, in few characters."""
    if isinstance(of, bool) or of is None:
        return {True: "yes", False: "no", None: "none"}[of]
    return f"{of:.10g}" if isinstance(of, float) else shared(str(of))
