from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import matplotlib
import pytest
from matplotlib.figure import Figure

from linnet.plot import style
from linnet.plot.save import render


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    style.cjk_font.cache_clear()
    with matplotlib.rc_context():
        yield
    style.cjk_font.cache_clear()


def test_chinese_is_drawn_where_a_font_has_it() -> None:
    if style.cjk_font() is None:
        pytest.skip("needs a font with Chinese characters, such as fonts-wqy-microhei")
    style.use_cjk_font()
    style.use_cjk_font()
    assert matplotlib.rcParams["font.family"].count(style.cjk_font()[0]) == 1  # type: ignore[index]
    figure = Figure()
    figure.suptitle("中文 title")
    render(figure, ".png")  # a missing glyph would be a warning, and so an error


def test_the_better_font_is_taken_and_a_new_one_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [SimpleNamespace(name="DejaVu Sans", fname="/d.ttf")]
    manager = SimpleNamespace(
        ttflist=listed, addfont=lambda path: listed.append(SimpleNamespace(name="SimHei", fname=path))
    )
    monkeypatch.setattr(style, "fontManager", manager)
    monkeypatch.setattr(style, "findSystemFonts", lambda: ["/d.ttf", "/fonts/simhei.ttf", "/fonts/latin.ttf"])
    assert style.cjk_font() == ("SimHei", Path("/fonts/simhei.ttf"))
    assert len(listed) == 2  # the font of no interest was left alone
    listed.append(SimpleNamespace(name="Noto Sans CJK SC", fname="/n.otf"))
    style.cjk_font.cache_clear()
    assert style.cjk_font() == ("Noto Sans CJK SC", Path("/n.otf"))


def test_without_such_a_font_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style, "fontManager", SimpleNamespace(ttflist=[]))
    monkeypatch.setattr(style, "findSystemFonts", list)
    before = list(matplotlib.rcParams["font.family"])
    style.use_cjk_font()
    assert matplotlib.rcParams["font.family"] == before
