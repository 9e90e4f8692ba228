from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import linnet
from linnet.evaluate.score import score
from linnet.model.run import Run
from linnet.train.fit import fit
from tests.support.browser import OpenPage, fits, shoot, until
from tests.support.gate import gate
from tests.support.uploads import CSV, pictures, train, zipped

if TYPE_CHECKING:
    from playwright.sync_api import Page

DONE = {"en": "epochs in", "zh": "用时"}
DIGITS = "#train?dataset=digits"


def trained(**knobs: float | str | bool | None) -> tuple[Run, linnet.Splits]:
    """What the library gives for the knobs."""
    splits = linnet.load("digits")
    run, _ = fit(splits.train, linnet.Recipe(**knobs), test=splits.test)  # type: ignore[arg-type]
    return run, splits


def wait_done(page: Page, language: str = "en") -> None:
    until(page, f"document.getElementById('status').textContent.includes('{DONE[language]}')")
    until(page, "document.querySelector('progress').classList.contains('over')")


@pytest.mark.parametrize("language", gate(["en", "zh"], 1))
def test_what_is_shown_is_what_the_library_gives(open_page: OpenPage, language: str) -> None:
    page = open_page().goto(DIGITS + "&lr=0.5", language)
    wait_done(page, language)
    run, splits = trained(lr=0.5)
    assert splits.test is not None
    last = run.history.last
    shown = page.locator(".figures .figure").all_text_contents()
    assert shown == [
        f"{100 * last['test_accuracy']:.2f} %", f"{last['test_loss']:.4f}",
        f"{100 * last['train_accuracy']:.2f} %", f"{last['train_loss']:.4f}",
    ]  # fmt: skip
    cells = page.locator(".confusion td button").all_text_contents()
    counts = [int(text or 0) for text in cells]
    assert counts == score(run, splits.test).confusion.flatten().tolist()
    until(page, "document.querySelectorAll('.chart')[0].data?.length === 2")
    loss = page.evaluate("document.querySelectorAll('.chart')[0].data.map((t) => [...t.y])")
    assert loss[0][-1] == last["train_loss"]
    assert loss[1][-1] == last["test_loss"]
    assert page.locator(".templates canvas").count() == 10
    assert language == "en" or page.get_by_text("每个类别在寻找什么").is_visible()
    shoot(page, f"train-digits-{language}")


@pytest.mark.long
def test_templates_are_the_weights_red_for_and_blue_against(open_page: OpenPage) -> None:
    page = open_page().goto(DIGITS)
    wait_done(page)
    run, _ = trained()
    W = run.bank.W[3].view(8, 8).numpy()
    pixels = page.evaluate(
        "() => { const c = document.querySelectorAll('.templates canvas')[3];"
        " return [...c.getContext('2d').getImageData(0, 0, 8, 8).data] }"
    )
    red, _, blue, _ = np.array(pixels).reshape(8, 8, 4).transpose(2, 0, 1).astype(int)
    strong = np.abs(W) > 0.2 * float(run.bank.W.abs().max())
    assert strong.sum() > 4
    assert ((red > blue) == (W > 0))[strong].all()


def test_moving_a_slider_retrains_at_once_and_the_address_keeps_it(open_page: OpenPage) -> None:
    page = open_page().goto(DIGITS)
    wait_done(page)
    before = page.locator(".figures .figure").first.text_content()
    page.focus("#knob-lr")
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    until(page, f"document.querySelector('.figures .figure').textContent !== '{before}'")
    assert "lr=0.01" in page.url
    wait_done(page)
    run, _ = trained(lr=0.01)
    expected = f"{100 * run.history.last['test_accuracy']:.2f} %"
    page.wait_for_selector(f".first .figure:has-text('{expected}')")
    page.reload()
    page.wait_for_selector("#knob-lr")
    until(page, "document.querySelector('.knob .value').value === '0.01'")


@pytest.mark.long
def test_a_number_can_be_typed_and_nonsense_is_not_taken(open_page: OpenPage) -> None:
    page = open_page().goto(DIGITS)
    wait_done(page)
    value = page.locator(".knob .value").nth(2)  # epochs
    value.fill("3")
    value.press("Enter")
    until(page, "document.getElementById('status').textContent.startsWith('3 epochs')")
    value.fill("2.5")
    value.press("Enter")
    value.blur()
    assert value.input_value() == "3"
    assert "epochs=3" in page.url


@pytest.mark.long
def test_a_cell_shows_its_images_and_scrubbing_goes_back(open_page: OpenPage) -> None:
    page = open_page().goto(DIGITS)
    wait_done(page)
    run, splits = trained()
    assert splits.test is not None
    guesses = run.probabilities(splits.test.X).argmax(1)
    members = ((splits.test.y == 4) & (guesses == 4)).nonzero()[:, 0].tolist()
    page.locator(".confusion td button").nth(44).click()
    page.wait_for_selector(".found canvas")
    named = page.locator(".found canvas").evaluate_all("(all) => all.map((c) => c.ariaLabel)")
    assert named == [f"row {number}" for number in members[:24]]
    page.focus("#scrub")
    page.keyboard.press("Home")
    first = run.history.records[0]
    assert page.locator(".figures .figure").nth(1).text_content() == f"{first['test_loss']:.4f}"
    assert page.locator("#where").text_content() == "epoch 1 of 10"
    page.get_by_role("button", name="Latest").click()
    assert page.locator("#where").text_content() == "epoch 10 of 10"


def test_runs_are_pinned_overlaid_and_taken_up_again(open_page: OpenPage) -> None:
    page = open_page().goto(DIGITS)
    wait_done(page)
    page.get_by_role("button", name="Pin this run").click()
    page.focus("#knob-lr")
    page.keyboard.press("Home")
    until(page, "document.getElementById('status').textContent.includes('epochs in')")
    until(page, "document.querySelectorAll('.chart')[0].data?.length === 3")
    assert page.locator(".pin").count() == 1
    page.locator(".pin button").first.click()
    assert "lr=" not in page.url
    page.get_by_role("button", name="Remove this run").click()
    assert page.locator(".pin").count() == 0


@pytest.mark.parametrize("language", gate(["en", "zh"], 0))
def test_divergence_says_what_to_do_and_does_it(open_page: OpenPage, language: str) -> None:
    page = open_page().goto("#train?dataset=digits&lr=100&optimizer=momentum&l2=50&epochs=100", language)
    page.wait_for_selector("#status.problem")
    said = page.text_content("#status") or ""
    assert ("Lower the learning rate" if language == "en" else "请降低学习率") in said
    page.locator(".headline button.main").click()
    until(page, "location.hash.includes('lr=10')")


@pytest.mark.long
def test_the_code_is_shown(open_page: OpenPage) -> None:
    page = open_page().goto(DIGITS + "&l1=0.001")
    page.get_by_text("Copy as code").click()
    until(page, "document.querySelector('.copy code').textContent.includes('linnet.fit')")
    texts = page.locator(".copy code").all_text_contents()
    assert "l1=0.001" in texts[0]
    assert texts[1].startswith("linnet train --data digits --lr 0.1")


@pytest.mark.long
def test_one_s_own_pictures_and_tables(open_page: OpenPage, tmp_path: Path) -> None:
    watched = open_page()
    watched.expected = "status of 422"  # the browser tells of it
    page = watched.goto(DIGITS)
    wait_done(page)
    (tmp_path / "lamps.zip").write_bytes(zipped(pictures()))
    (tmp_path / "flowers.csv").write_bytes(CSV)
    (tmp_path / "bad.csv").write_bytes(b"")
    page.get_by_role("button", name="Your own data").click()
    page.set_input_files("dialog input[accept]", tmp_path / "bad.csv")
    page.wait_for_selector("dialog .problem:has-text('it is empty')")
    shoot(page, "upload")
    page.set_input_files("dialog input[accept]", tmp_path / "lamps.zip")
    until(page, "document.querySelectorAll('.templates canvas').length === 2")
    assert page.locator("#knob-dataset option:checked").text_content() == "lamps.zip"
    page.get_by_role("button", name="Your own data").click()
    page.set_input_files("dialog input[accept]", tmp_path / "flowers.csv")
    train(page)
    until(page, "document.querySelector('.confusion tbody th')?.textContent === 'a'")
    assert not page.locator("#knob-standardize").is_checked()
    wait_done(page)
    shoot(page, "train-table")


@pytest.mark.parametrize("dark", gate([False, True], 0))
def test_it_fits_a_phone(open_page: OpenPage, dark: bool) -> None:
    page = open_page(390, 844, dark, has_touch=True).goto(DIGITS, "zh" if dark else "en")
    wait_done(page, "zh" if dark else "en")
    assert fits(page)
    shoot(page, f"train-390-{dark}")


@pytest.mark.long
def test_a_change_of_language_keeps_the_run(open_page: OpenPage) -> None:
    watched = open_page()
    page = watched.goto(DIGITS)
    wait_done(page)
    asked = sum("/api/train" in url for url in watched.asked)
    page.click("#language")
    page.wait_for_selector(".figures .figure:has-text('%')")
    assert sum("/api/train" in url for url in watched.asked) == asked
    assert page.get_by_text("每个类别在寻找什么").is_visible()


@pytest.mark.parametrize(
    "place",
    gate(
        [
            "#train?lr=abc&epochs=-5&optimizer=[1]&patience=x&nonsense={&dataset=digits",
            "#train?dataset=7&batch_size=1e99&std=null",
            "#sweep?first=lr&lr_range=7&optimizer_list={}&epochs=abc&second=3&folds=x&dataset=digits",
            "#nonsense?x=%",
        ],
        0,
    ),
)
def test_an_address_that_somebody_has_edited_does_no_harm(open_page: OpenPage, place: str) -> None:
    page = open_page().goto(place)
    until(page, "document.querySelectorAll('#knob-dataset option').length > 0")
    assert page.locator("#status.problem").count() == 0
    assert page.locator(".knob .value").first.input_value() in ("0.1", "5")
