from __future__ import annotations

import pytest

from tests.support.browser import OpenPage, fits, shoot
from tests.support.gate import gate

NAMES = {
    "en": ["Train", "Sweep", "Try it", "Numbers", "Line"],
    "zh": ["训练", "扫描", "试一试", "数值", "直线"],
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_five_tabs_by_keyboard(open_page: OpenPage, language: str) -> None:
    page = open_page().goto("#numbers", language)
    tabs = page.get_by_role("tab")
    assert tabs.all_text_contents() == NAMES[language]
    assert page.get_by_role("tab", selected=True).text_content() == NAMES[language][3]
    page.get_by_role("tab", selected=True).focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".tab-line")
    assert page.evaluate("document.activeElement.id") == "tab-line"
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".tab-train")
    page.keyboard.press("End")
    page.wait_for_selector(".tab-line")


def test_language_and_theme_change_and_are_kept(open_page: OpenPage) -> None:
    page = open_page().goto("#line")
    page.click("#language")
    assert page.get_by_role("tab").all_text_contents() == NAMES["zh"]
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.click("#theme")
    page.goto(page.url.replace("?lang=en", ""))
    page.wait_for_selector(".tab-line")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.get_by_role("tab").all_text_contents() == NAMES["zh"]


@pytest.mark.parametrize("dark", gate([False, True], 0))
def test_it_fits_a_phone(open_page: OpenPage, dark: bool) -> None:
    page = open_page(390, 800, dark).goto("#line")
    assert fits(page)
    shoot(page, f"shell-390-{dark}")


def test_a_chart_keeps_to_the_policy(open_page: OpenPage) -> None:
    watched = open_page()
    page = watched.goto("#line")
    page.evaluate(
        """async () => {
            const { chart } = await import('/chart.js');
            const element = document.createElement('div');
            element.className = 'chart';
            document.getElementById('panel').append(element);
            await chart(element, [{ y: [1, 3, 2], name: 'one' }, { z: [[1, 2], [3, 4]], type: 'heatmap' }],
                { xaxis: { title: { text: 'x' } } });
        }"""
    )
    assert page.locator(".js-plotly-plot .trace").count() >= 1
    assert page.evaluate("getComputedStyle(document.querySelector('.main-svg')).position") == "absolute"
    page.hover(".js-plotly-plot .nsewdrag")
    shoot(page, "chart")
