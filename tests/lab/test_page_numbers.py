from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import torch

from linnet.core.functional import cross_entropy, gumbel_draws, naive_softmax, softmax
from linnet.device import generator
from tests.support.browser import OpenPage, fits, shoot, until
from tests.support.commands import run_python
from tests.support.gate import gate

if TYPE_CHECKING:
    from playwright.sync_api import Page

LOGITS = [12.0, 11.0, 10.5, -8.0]


def number(page: Page, name: str) -> float:
    """What a cell holds, to all digits."""
    return float(page.get_attribute(f'[data-name="{name}"]', "data-value") or "")


def wait_for(page: Page, name: str, value: float) -> None:
    until(
        page,
        '([name, value]) => document.querySelector(`[data-name="${name}"]`)?.dataset.value == value',
        arg=[name, f"{value:g}"],
    )


@pytest.mark.parametrize("language", gate(["en", "zh"], 1))
def test_it_shows_the_library_s_numbers(open_page: OpenPage, language: str) -> None:
    page = open_page().goto("#numbers", language)
    page.wait_for_selector("[data-type=float64]")
    for dtype in ("float16", "float32", "float64"):
        o = torch.tensor(LOGITS, dtype=getattr(torch, dtype))
        shown = [number(page, f"{dtype}-stable-softmax-{k}") for k in range(4)]
        assert shown == softmax(o).tolist()
        naive = [number(page, f"{dtype}-naive-softmax-{k}") for k in range(4)]
        assert naive == pytest.approx(naive_softmax(o).tolist(), abs=0, nan_ok=True)
        assert number(page, f"{dtype}-stable-loss") == float(cross_entropy(o[None], torch.tensor([1])))
    half = page.locator("[data-type=float16]")
    assert half.locator(".verdict").first.get_attribute("data-cause") == "exp_overflow"
    said = {"en": "exp(o) is ∞, and ∞/∞ is NaN.", "zh": "exp(o) 为 ∞，而 ∞/∞ 是 NaN。"}[language]
    assert said in (half.locator(".verdict").first.text_content() or "")
    assert (half.locator("td.overflow").first.text_content() or "").endswith("∞")
    assert fits(page)
    page.wait_for_selector(".js-plotly-plot .bars")
    shoot(page, f"numbers-{language}")


@pytest.mark.long
def test_sliders_by_keyboard_and_the_address(open_page: OpenPage) -> None:
    watched = open_page()
    page = watched.goto("#numbers?logits=0,0&range=10&temperature=2&target=0&draws=500&seed=3")
    wait_for(page, "float64-logit-0", 0.0)
    page.focus("input[type=range][name=logit-0]")
    page.keyboard.press("End")
    wait_for(page, "float64-logit-0", 5.0)
    assert "logits=10%2C0" in page.url
    draws = gumbel_draws(torch.tensor([5.0, 0.0], dtype=torch.float64), 500, generator(3, "numbers"))
    page.wait_for_selector(".js-plotly-plot .bars")
    drawn = page.evaluate("document.querySelector('.js-plotly-plot').data[1].y")
    assert drawn == draws.frequencies.tolist()
    page.reload()
    wait_for(page, "float64-logit-0", 5.0)
    page.select_option("select[name=classes]", "10")
    page.wait_for_selector('[data-name="float16-logit-9"]')
    assert page.locator(".logits input[type=range]").count() == 10


@pytest.mark.parametrize(
    ("example", "dtype", "cause"),
    gate(
        [
            ("half", "float16", "exp_overflow"),
            ("overflow", "float64", "exp_overflow"),
            ("sum", "float32", "sum_overflow"),
            ("under", "float64", "sum_underflow"),
            ("lost", "float32", "log_of_zero"),
            ("calm", "float32", "fine"),
        ],
        0,
    ),
)
def test_examples_show_what_they_say(open_page: OpenPage, example: str, dtype: str, cause: str) -> None:
    page = open_page().goto("#numbers?logits=1,1")
    page.wait_for_selector("[data-type=float64]")
    page.click(f"[data-example={example}]")
    until(
        page,
        "([type, cause]) => document.querySelector(`[data-type=${type}] .verdict`)?.dataset.cause === cause",
        arg=[dtype, cause],
    )
    assert page.locator(f"[data-type={dtype}] .verdict.failed").count() == (0 if cause == "fine" else 1)


@pytest.mark.parametrize("dark", gate([False, True], 1))
def test_on_a_phone(open_page: OpenPage, dark: bool) -> None:
    page = open_page(390, 800, dark).goto("#numbers", "zh" if dark else "en")
    page.wait_for_selector("[data-type=float64]")
    page.wait_for_selector(".js-plotly-plot .bars")
    assert fits(page)
    shoot(page, f"numbers-390-{dark}")


def test_the_code_on_the_page_runs(open_page: OpenPage) -> None:
    page = open_page(dark=True).goto("#numbers?logits=1000,3&range=1000")
    page.wait_for_selector("[data-type=float64]")
    page.click("details.copy summary")
    until(page, "document.querySelector('.copy code').textContent.includes('naive_softmax')")
    python, command = page.locator(".copy code").all_text_contents()
    told = run_python(python)
    assert re.search(r"naive  \[nan, 0.0\]", told)
    script = command.replace("python -", f"{sys.executable} -", 1)
    again = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert again.stdout == told
    shoot(page, "numbers-dark")
