"""A lab that does not answer, ends in the middle, and comes again; addresses that somebody has edited."""

from __future__ import annotations

import json

import pytest

from tests.support.browser import OpenPage, until
from tests.support.gate import gate

pytestmark = pytest.mark.usefixtures("digits_alone")
DIGITS = "#train?dataset=digits&epochs=2"
GONE = "document.getElementById('status').textContent.startsWith('The lab does not answer')"
DONE = "document.getElementById('status').textContent.startsWith('2 epochs')"


@pytest.mark.parametrize("last", gate([{"kind": "waiting", "ahead": 1}, {"kind": "aborted"}], 0))
def test_a_training_that_ends_too_soon_says_so_and_is_done_again(
    open_page: OpenPage, last: dict[str, object]
) -> None:
    watched = open_page()
    cut = json.dumps(last) + "\n"
    watched.page.route("**/api/train", lambda route: route.fulfill(body=cut))
    page = watched.goto(DIGITS)
    until(page, GONE)
    page.unroute("**/api/train")
    page.click("#tab-line")
    page.wait_for_selector(".tab-line")
    page.click("#tab-train")
    until(page, DONE)


@pytest.mark.long
def test_a_tab_that_could_not_be_had_is_had_later(open_page: OpenPage) -> None:
    watched = open_page()
    watched.expected = "ERR_FAILED"
    page = watched.goto(DIGITS)
    until(page, DONE)
    page.route("**/tabs/sweep.js", lambda route: route.abort())
    page.click("#tab-sweep")
    until(page, GONE)
    assert page.locator("#panel .tab").count() == 0
    page.unroute("**/tabs/sweep.js")
    page.click("#tab-train")
    page.wait_for_selector(".tab-train")
    page.click("#tab-sweep")
    page.wait_for_selector(".tab-sweep")


def test_charts_that_could_not_be_had_are_had_later(open_page: OpenPage) -> None:
    watched = open_page()
    watched.expected = "ERR_FAILED"
    watched.page.route("**/plotly.js", lambda route: route.abort())
    page = watched.goto("#line")
    until(page, GONE)
    page.unroute("**/plotly.js")
    page.click("#tab-numbers")
    page.wait_for_selector(".js-plotly-plot .bars")


def test_the_address_keeps_the_state_and_the_language_that_were_chosen(open_page: OpenPage) -> None:
    watched = open_page()
    page = watched.goto(DIGITS + "&lr=0.5")
    until(page, DONE)
    page.click(".brand")
    until(page, "location.hash.includes('lr=0.5')")
    page.click("#language")
    page.click("#theme")
    page.reload()
    until(page, "document.documentElement.lang === 'zh-CN'")
    assert page.url.startswith(f"{watched.url}/?lang=zh#")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.parametrize(
    ("place", "until_shown"),
    gate(
        [
            ("#try?row=99999&explain=77&against=x&label=55&alpha=9&method=no&wrong=yes", "button.share"),
            ("#try?pixels=AAAA&explain=3&against=3", "button.share"),
            ("#numbers?logits=x&range=abc&target=-1&temperature=0&draws=x&seed=1.5", "table.types"),
            ("#line?loss=__proto__&lr=abc&huber=0&batch=0&epochs=x&rows=5000&noise=-1", "table.fits"),
            ("#train?dataset=digits&lr=x&epochs=1e9&optimizer=constructor&patience=0", "progress.over"),
        ],
        0,
    ),
)
def test_what_cannot_be_in_an_address_is_left_out(open_page: OpenPage, place: str, until_shown: str) -> None:
    open_page().goto(place).wait_for_selector(until_shown)


@pytest.mark.long
def test_a_rate_that_makes_it_worse_than_guessing_is_told(open_page: OpenPage) -> None:
    page = open_page().goto("#train?dataset=digits&epochs=3&lr=100")
    until(
        page, "document.getElementById('status').textContent.includes('higher than that of guessing, 2.30')"
    )
    page.click("button.main:has-text('Lower the rate to 10')")
    until(page, "location.hash.includes('lr=10')")


@pytest.mark.parametrize(
    ("place", "said"),
    gate(
        [
            ("#line?points=1,2;1,3", "所有点都在同一竖线上"),
            ("#line?rows=100&epochs=100&batch=1", "超过 5000 步"),
        ],
        0,
    ),
)
def test_lines_that_cannot_be_asked_for_are_told_in_chinese(
    open_page: OpenPage, place: str, said: str
) -> None:
    page = open_page().goto(place, "zh")
    until(page, f"document.getElementById('status').textContent.includes('{said}')")
