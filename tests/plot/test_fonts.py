from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import matplotlib
import pytest
from matplotlib.figure import Figure

from linnet.plot import fonts
from linnet.plot.save import render


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    fonts.cjk_font.cache_clear()
    with matplotlib.rc_context():
        yield
    fonts.cjk_font.cache_clear()


def test_chinese_is_drawn_where_a_font_has_it() -> None:
    if fonts.cjk_font() is None:
        pytest.skip("needs a font with Chinese characters, such as fonts-wqy-microhei")
    fonts.use_cjk_font()
    fonts.use_cjk_font()
    assert matplotlib.rcParams["font.family"].count(fonts.cjk_font()[0]) == 1  # type: ignore[index]
    figure = Figure()
    figure.suptitle("中文 title")
    render(figure, ".png")  # a missing glyph would be a warning, and so an error


def test_the_better_font_is_taken_and_a_new_one_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [SimpleNamespace(name="DejaVu Sans", fname="/d.ttf")]
    manager = SimpleNamespace(
        ttflist=listed, addfont=lambda path: listed.append(SimpleNamespace(name="SimHei", fname=path))
    )
    monkeypatch.setattr(fonts, "fontManager", manager)
    monkeypatch.setattr(fonts, "findSystemFonts", lambda: ["/d.ttf", "/fonts/simhei.ttf", "/fonts/latin.ttf"])
    assert fonts.cjk_font() == ("SimHei", Path("/fonts/simhei.ttf"))
    assert len(listed) == 2  # the font of no interest was left alone
    listed.append(SimpleNamespace(name="Noto Sans CJK SC", fname="/n.otf"))
    fonts.cjk_font.cache_clear()
    assert fonts.cjk_font() == ("Noto Sans CJK SC", Path("/n.otf"))


def test_without_such_a_font_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "fontManager", SimpleNamespace(ttflist=[]))
    monkeypatch.setattr(fonts, "findSystemFonts", list)
    before = list(matplotlib.rcParams["font.family"])
    fonts.use_cjk_font()
    assert matplotlib.rcParams["font.family"] == before
