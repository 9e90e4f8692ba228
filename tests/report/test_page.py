"""Pages as Chromium shows them on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from linnet.report.blocks import Block, Code, Matrix, Page, Section, Table, render
from tests.support.browser import browser as browser  # Chromium, or the test is skipped
from tests.support.browser import fits, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Opened

WIDE: dict[str, Block] = {
    "table": Table(
        tuple(f"column {k}" for k in range(12)), (tuple(f"{k / 7:.9f}" for k in range(12)),), (0,)
    ),
    "matrix": Matrix(tuple("abcdefghijklmnopqrst"), tuple((900,) * 20 for _ in range(20)), ""),
}
SHADES = "e => ['::before', '::after'].map(side => Number(getComputedStyle(e, side).opacity))"


def show(
    browser: Browser, folder: Path, *blocks: Block,
    language: str = "en", scheme: Literal["light", "dark"] = "light",
) -> Opened:  # fmt: skip
    """A page on a phone."""
    path = folder / "page.html"
    path.write_text(render(Page("page", "", language, (Section("part", "part", blocks),))), "utf-8")
    page = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme).new_page()
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("block", WIDE)
def test_what_goes_on_beyond_the_page_has_a_shadow_there(
    browser: Browser, tmp_path: Path, block: str, scheme: Literal["light", "dark"], language: str
) -> None:
    page = show(browser, tmp_path, WIDE[block], language=language, scheme=scheme)
    assert fits(page)
    part = page.locator(".scroll")
    for place, shades in ((0, [0, 1]), (100, [1, 1]), (99_999, [1, 0])):
        part.evaluate("(e, place) => { e.scrollLeft = place; }", place)
        until(
            page,
            f"String(({SHADES})(document.querySelector('.scroll'))) === '{shades[0]},{shades[1]}'",
            seconds=20,
        )
    page.context.close()


def test_what_fits_has_no_shadow(browser: Browser, tmp_path: Path) -> None:
    page = show(browser, tmp_path, Table(("a", "b"), (("1", "2"),)))
    assert page.locator(".scroll").evaluate(SHADES) == [0, 0]
    page.context.close()


def test_paper_has_no_shadows(browser: Browser, tmp_path: Path) -> None:
    page = show(browser, tmp_path, WIDE["table"], Code("code", "x" * 200))
    page.emulate_media(media="print")
    sides = "e => ['::before', '::after'].map(side => getComputedStyle(e, side).display)"
    assert page.locator(".scroll").evaluate(sides) == ["none", "none"]
    assert page.locator("pre").evaluate("e => getComputedStyle(e).backgroundImage") == "none"
    page.context.close()


@pytest.mark.parametrize("selector", [".scroll", "pre"])
def test_the_keys_scroll_it(browser: Browser, tmp_path: Path, selector: str) -> None:
    page = show(browser, tmp_path, WIDE["table"] if selector == ".scroll" else Code("code", "x" * 200))
    place = f"document.querySelector('{selector}')"
    for _ in range(5):  # past the link to the part
        page.keyboard.press("Tab")
        if page.evaluate(f"document.activeElement === {place}"):
            break
    page.keyboard.press("ArrowRight")
    until(page, f"{place}.scrollLeft > 0", seconds=20)
    page.context.close()
