from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

import linnet
from tests.support.browser import OpenPage, fits, shoot, until
from tests.support.gate import gate

if TYPE_CHECKING:
    from playwright.sync_api import Page

RANGE = quote('{"from":0.03,"to":0.3,"many":3}')
PLACE = f"#sweep?dataset=digits&epochs=3&lr_range={RANGE}&folds=3"
GRID = {"lr": [0.03, 0.095, 0.3], "optimizer": ["sgd", "momentum", "adam"]}


def swept(page: Page) -> None:
    until(page, "document.querySelectorAll('.several input').length > 0")
    page.locator("button.main").click()
    page.wait_for_selector("tr.first")
    until(page, "document.querySelectorAll('.chart')[1].data?.length === 9")


@pytest.mark.parametrize("language", gate(["en", "zh"], 0))
def test_what_is_shown_is_what_the_library_gives(open_page: OpenPage, language: str) -> None:
    page = open_page().goto(PLACE, language)
    swept(page)
    result = linnet.sweep(linnet.load("digits"), GRID, epochs=3, folds=3, show=False)
    table = result.table
    shown = page.locator(".ranking tbody tr").evaluate_all(
        "(all) => all.map((r) => [r.cells[0].textContent, r.cells[2].textContent])"
    )
    expected = [
        [f"{lr:g}", f"{100 * mean:.2f} % ± {100 * error:.2f}"]
        for lr, mean, error in table[["lr", "validation_accuracy", "validation_accuracy_se"]].to_numpy()
    ]  # fmt: skip
    assert shown == expected
    heat = page.evaluate("document.querySelectorAll('.chart')[0].data[0].z.map((row) => [...row])")
    by_setting = table.set_index(["optimizer", "lr"])["validation_accuracy"]
    assert heat == [[by_setting[optimizer, lr] for lr in GRID["lr"]] for optimizer in GRID["optimizer"]]
    said = page.locator(".headline p").first.text_content() or ""
    points = "percentage points" if language == "en" else "个百分点"
    assert f"{100 * abs(result.margin.difference):.2f} {points}" in said
    noise, sure = ("within noise", "beyond noise") if language == "en" else ("在噪声范围内", "超出噪声")
    assert (noise if result.margin.is_noise else sure) in said
    shoot(page, f"sweep-digits-{language}")


def test_a_click_loads_the_model_and_train_takes_it_up(open_page: OpenPage) -> None:
    page = open_page().goto(PLACE)
    swept(page)
    page.locator("tr.first button").click()
    page.wait_for_selector("text=Loaded: test accuracy")
    said = page.locator(".headline").text_content() or ""
    result = linnet.sweep(linnet.load("digits"), GRID, epochs=3, folds=3, show=False)
    accuracy = result.refit(linnet.load("digits").test).history.last["test_accuracy"]
    assert f"{100 * accuracy:.2f} %" in said
    assert f"{100 * accuracy:.2f} %" in (page.text_content("#model") or "")
    page.get_by_role("button", name="Open in Train").click()
    page.wait_for_selector(".tab-train")
    until(page, "document.getElementById('status').textContent.includes('epochs in')")
    assert page.locator(".figures .figure").first.text_content() == f"{100 * accuracy:.2f} %"


@pytest.mark.long
def test_a_cell_of_the_heat_map_can_be_clicked(open_page: OpenPage) -> None:
    page = open_page().goto(PLACE)
    swept(page)
    box = page.locator(".chart .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 6, box["y"] + box["height"] / 6)
    page.wait_for_selector("text=Loaded: test accuracy")


@pytest.mark.long
def test_ranges_are_chosen_and_too_many_models_are_not_started(open_page: OpenPage) -> None:
    page = open_page().goto("#sweep?dataset=digits")
    page.wait_for_selector("text=24 models in one pass")
    page.locator("#knob-second").select_option(label="nothing else")
    page.wait_for_selector("text=8 models in one pass")
    page.get_by_label("Standardise features").check()
    page.locator("details.copy summary").click()
    page.locator("details.copy code").filter(has_text="--standardize yes").wait_for()
    assert "standardize=true" in page.url
    page.locator("#lr-many").fill("2")
    page.wait_for_selector("text=2 models in one pass")
    assert page.locator(".values").text_content() == "0.01, 3"
    page.locator("#knob-second").select_option(label="L2 penalty")
    page.locator("#lr-many").fill("20")
    page.locator("#l2-many").fill("24")
    page.locator("#knob-seeds").select_option(label="5")
    page.wait_for_selector("text=models are too many")
    assert page.locator("button.main").is_disabled()
    assert "second=l2" in page.url


@pytest.mark.long
def test_one_knob_alone_is_a_line(open_page: OpenPage) -> None:
    page = open_page().goto(f"{PLACE}&second={quote(chr(34) * 2)}")
    page.wait_for_selector("text=9 models in one pass")
    page.locator("button.main").click()
    page.wait_for_selector("tr.first")
    until(page, "document.querySelectorAll('.chart')[0].data?.[0].type === 'scatter'")
    shoot(page, "sweep-one")


@pytest.mark.parametrize("dark", gate([False, True], 1))
def test_it_fits_a_phone(open_page: OpenPage, dark: bool) -> None:
    page = open_page(390, 844, dark).goto(PLACE, "zh" if dark else "en")
    swept(page)
    assert fits(page)
    shoot(page, f"sweep-390-{dark}")
