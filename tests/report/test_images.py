"""Figures that an earlier page shows are taken from it, unless they would be drawn otherwise now."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import pytest

from linnet.errors import MissingFontWarning
from linnet.plot.beside import Drawer, render_by_name
from linnet.plot.drawing import Drawing
from linnet.report.blocks import Page, Picture, Section, render
from linnet.report.images import begin, own_width, read_images, theme

RECORDS = [{"epoch": 1, "train_loss": 2.0}, {"epoch": 2, "train_loss": 1.5}]
DRAWING = Drawing("curves:curves", (RECORDS, "", "en"))


class NoDrawer(Drawer):
    def draw(self, name: str, arguments: object, suffix: str) -> object:  # type: ignore[override]
        raise AssertionError("it is drawn again")


@pytest.fixture
def page() -> Path:
    picture = Picture(begin(DRAWING, Drawer(), {}), "a > b", 560)
    path = Path("report.html")
    path.write_text(render(Page("", "", "en", (Section("", "", (picture,)),))))
    return path


def test_a_figure_of_an_earlier_page_is_not_drawn_again(page: Path) -> None:
    known = read_images(page)
    image = begin(DRAWING, NoDrawer(), known)()
    assert image == begin(DRAWING, Drawer(), {})()
    assert own_width(image.uri) == int(5.2 * 96)


def test_a_figure_of_other_numbers_is_drawn(page: Path) -> None:
    other = Drawing("curves:curves", (RECORDS[:1], "", "en"))
    assert begin(other, Drawer(), read_images(page))().uri not in read_images(page).values()


def test_a_damaged_figure_is_drawn_again(page: Path) -> None:
    text = page.read_text()
    place = text.index("base64,") + 500
    page.write_text(text[:place] + ("B" if text[place] == "A" else "A") + text[place + 1 :])
    assert read_images(page) == {}


def test_no_page_or_another_file_has_no_figures() -> None:
    Path("other.html").write_bytes(b"\xff\x00<img src")
    assert read_images(Path("other.html")) == read_images(Path("nowhere.html")) == {}


def test_figures_in_a_style_of_a_program_are_drawn_and_not_kept(page: Path) -> None:
    with matplotlib.rc_context({"lines.linewidth": 5}):
        image = begin(DRAWING, Drawer(), read_images(page))()
    assert not image.mark
    assert image.uri not in read_images(page).values()


def test_a_figure_that_was_warned_of_is_drawn_the_next_time() -> None:
    class WarnedDrawer(Drawer):
        def draw(self, name: str, arguments: tuple[object, ...], suffix: str) -> Callable[[], bytes]:
            drawn = super().draw(name, arguments, suffix)

            def wait() -> bytes:
                warnings.warn("no font", MissingFontWarning, stacklevel=1)
                return drawn()

            return wait

    with pytest.warns(MissingFontWarning, match="no font"):
        assert not begin(DRAWING, WarnedDrawer(), {})().mark


@pytest.mark.parametrize("fonttype", ["path", "none"])
def test_a_text_that_is_called_as_a_colour_stays_and_the_figure_is_whole(fonttype: str) -> None:
    with matplotlib.rc_context({"svg.fonttype": fonttype}):
        svg = render_by_name("curves:curves", (RECORDS, "#000000 and #ffffff", "en"), ".svg")
    themed = base64.b64decode(theme(svg).partition(",")[2]).decode()
    ElementTree.fromstring(themed)
    assert "#000000 and #ffffff" in themed
    assert "fill: var(--paper)" in themed
    assert "stroke: #000000" not in themed
