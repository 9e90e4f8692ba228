from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import httpx2 as httpx
import numpy as np
import pytest
import torch
from PIL import Image

from linnet.config import Recipe
from linnet.data.dataset import Splits
from linnet.data.pictures.prepare import as_stored, read_image
from linnet.evaluate.confidence.prediction_sets import coverage, learn_sets
from linnet.evaluate.contributions import contributions
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.rows import calibration_split
from linnet.model.run import Run
from linnet.train.fit import fit
from tests.support.browser import PAGE, OpenPage, allow, fits, shoot, until
from tests.support.commands import run_python
from tests.support.gate import gate
from tests.support.lab import png
from tests.support.patience import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Page


pytestmark = pytest.mark.usefixtures("digits_alone")


def shares(page: Page) -> list[float]:
    return [float(bar.get_attribute("data-value") or "") for bar in page.locator("button.share").all()]


def asked(page: Page) -> dict[str, list[str]]:
    """What the address holds."""
    return parse_qs(page.url.split("?")[-1])


@pytest.mark.parametrize("language", gate(["en", "zh"], 1))
def test_a_test_image_is_explained_as_the_library_does(
    open_page: OpenPage, digits: tuple[Run, Splits], language: str
) -> None:
    run, (train, test) = digits
    assert test is not None
    page = open_page().goto("#try?row=12&explain=3&against=5&alpha=0.05", language)
    page.wait_for_selector("button.share")
    x = test.X[12]
    assert shares(page) == run.probabilities(x[None])[0].double().tolist()
    assert page.text_content(".guess-name") == test.classes[int(run.probabilities(x[None]).argmax())]
    parts, total = contributions(run, x), page.locator("p.sum")
    assert float(total.get_attribute("data-pixels") or "") == float(parts.between(3, 5).sum())
    gap = float(parts.scores[3] - parts.scores[5])
    assert float(total.get_attribute("data-score") or "") == pytest.approx(gap)
    rule = learn_sets(Evaluation(run, calibration_split(run, train).rows), 0.05)
    members = np.flatnonzero(rule.sets(run.probabilities(x[None]))[0]).tolist()
    assert page.locator(".members .chip").all_text_contents() == [test.classes[k] for k in members]
    measured = coverage(rule, Evaluation(run, test)).coverage
    assert float(page.get_attribute(".measured", "data-value") or "") == measured
    assert f"{measured:.2%}" in (page.text_content(".measured") or "")
    assert fits(page)
    shoot(page, f"try-{language}")


@pytest.mark.long
def test_browsing_and_choosing_a_class(open_page: OpenPage, digits: tuple[Run, Splits]) -> None:
    run, (_, test) = digits
    assert test is not None
    page = open_page().goto("#try")
    page.wait_for_selector("button.share")
    page.select_option("select[name=label]", "8")
    page.check("input[name=wrong]")
    judged = Evaluation(run, test)
    wanted = np.flatnonzero((judged.targets == 8) & ~judged.hits).tolist()
    until(page, "n => document.querySelectorAll('button.test').length === n", arg=min(24, len(wanted)))
    page.locator("button.test").first.focus()
    page.keyboard.press("Enter")
    until(page, "row => location.hash.includes(`row=${row}`)", arg=wanted[0])
    page.wait_for_selector(".mistaken-text")
    assert shares(page) == run.probabilities(test.X[wanted[0]][None])[0].double().tolist()
    page.click("button.share[data-klass='8']")
    page.wait_for_selector("button.share[data-klass='8'][aria-pressed=true]")
    score = float(page.get_attribute("p.sum", "data-score") or "")
    assert score == pytest.approx(float(run.scores(test.X[wanted[0]][None])[0, 8]), abs=1e-5)
    page.get_by_role("button", name="Random").click()
    page.wait_for_selector("button.share")


def test_drawing_undoing_and_the_address(open_page: OpenPage, digits: tuple[Run, Splits]) -> None:
    page = open_page().goto("#try")
    page.wait_for_selector("button.share")
    page.get_by_role("button", name="Clear").click()
    box = page.locator("canvas.sketch").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 40, steps=8)
    page.mouse.up()
    until(page, "document.querySelector('.guess-name')?.textContent === '1'")
    expected = settled(page, digits[0])
    shoot(page, "try-drawn")
    page.reload()
    page.wait_for_selector("button.share")
    assert shares(page) == expected
    page.focus("canvas.sketch")
    before = page.url.partition("#")[1:]  # asked for before the page can change it
    page.keyboard.press("Space")
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    until(page, "before => location.hash !== before", arg="".join(before))
    settled(page, digits[0])
    drawn, before = _pixels(page), page.url.partition("#")[1:]
    page.keyboard.press("Control+z")
    until(page, "before => location.hash !== before", arg="".join(before))
    assert _pixels(page) != drawn


def settled(page: Page, run: Run) -> list[float]:
    """The probabilities of the picture in the address, once the page shows them and asks for no other."""
    before, calm = None, 0
    for _ in range(100):
        row = as_stored(np.frombuffer(_pixels(page), np.uint8), 1 / 16)
        expected = run.probabilities(torch.from_numpy(row)[None])[0].tolist()
        calm = calm + 1 if expected == before == shares(page) else 0
        if calm == 5:
            return expected
        before = expected
        page.wait_for_timeout(150)
    raise AssertionError("the page shows other probabilities than the library gives")


def _pixels(page: Page) -> bytes:
    text = asked(page)["pixels"][0]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.long
def test_a_file_is_made_as_predict_does(
    open_page: OpenPage, digits: tuple[Run, Splits], tmp_path: Path
) -> None:
    (tmp_path / "one.png").write_bytes(png((120, 90), 20))
    watched = open_page()
    page = watched.goto("#try")
    page.wait_for_selector("button.share")
    page.set_input_files("#try-file", tmp_path / "one.png")
    until(page, "location.hash.includes('pixels=')")
    settled(page, digits[0])
    assert _pixels(page) == read_image(tmp_path / "one.png", (8, 8)).tobytes()
    (tmp_path / "bad.png").write_bytes(b"no picture")
    page.set_input_files("#try-file", tmp_path / "bad.png")
    until(page, "document.getElementById('status').textContent.includes('not a picture')")
    allow(watched, 422)


@pytest.mark.parametrize(
    ("language", "words"),
    gate(
        [
            ("en", ["Nothing was seen", "laid on white", "resized to 8 × 8"]),
            ("zh", ["什么也没看到", "以白色为底", "缩放为 8 × 8"]),
        ],
        0,
    ),
)
def test_a_blank_picture_is_given_no_class(
    open_page: OpenPage, tmp_path: Path, language: str, words: list[str]
) -> None:
    Image.new("RGBA", (30, 30)).save(tmp_path / "blank.png")
    page = open_page().goto("#try", language)
    page.wait_for_selector("button.share")
    page.set_input_files("#try-file", tmp_path / "blank.png")
    page.wait_for_selector(".nothing-seen")
    assert all(word in (page.text_content(".nothing-seen") or "") for word in words)
    assert page.locator(".guess-name").count() == 0
    page.locator("button.test").first.click()
    page.wait_for_selector(".guess-name")
    assert page.locator(".nothing-seen").count() == 0


@pytest.mark.parametrize("how", gate(["drop", "paste"], 0))
def test_a_picture_is_dropped_or_pasted(open_page: OpenPage, how: str) -> None:
    page = open_page().goto("#try")
    page.wait_for_selector("button.share")
    page.evaluate(
        """async how => {
            const canvas = document.createElement('canvas');
            canvas.width = canvas.height = 16;
            canvas.getContext('2d').fillRect(4, 4, 8, 8);
            const blob = await new Promise(resolve => canvas.toBlob(resolve));
            const carried = new DataTransfer();
            carried.items.add(new File([blob], 'one.png', { type: 'image/png' }));
            const rest = { bubbles: true, cancelable: true };
            const event = how === 'drop' ? new DragEvent('drop', { dataTransfer: carried, ...rest })
                : new ClipboardEvent('paste', { clipboardData: carried, ...rest });
            document.querySelector('.easel').dispatchEvent(event);
        }""",
        how,
    )
    until(page, "location.hash.includes('pixels=')")


@pytest.mark.long
def test_a_model_that_is_gone_gives_way_to_the_usual_one(open_page: OpenPage) -> None:
    watched = open_page()
    page = watched.goto("#numbers")
    page.evaluate(
        "sessionStorage.setItem('linnet-model', JSON.stringify({ id: 'nobody', name: 'old', classes: [] }))"
    )
    page.goto(f"{watched.url}/?lang=en#try")
    page.reload()
    page.wait_for_selector("button.share")
    allow(watched, 404)


def test_the_loaded_model_is_used(open_page: OpenPage, digits: tuple[Run, Splits]) -> None:
    watched = open_page()
    asked = {"dataset": "digits", "epochs": 1, "lr": 0.5}
    answer = httpx.post(f"{watched.url}/api/train", json=asked, headers=PAGE, timeout=PATIENCE)
    model = json.loads(answer.text.splitlines()[-1])["model"]
    loaded = {"id": model, "name": "mine", "classes": list("0123456789"), "image_shape": [8, 8]}
    page = watched.goto("#numbers")
    page.evaluate("model => sessionStorage.setItem('linnet-model', JSON.stringify(model))", loaded)
    page.goto(f"{watched.url}/?lang=en#try?row=5")
    page.reload()
    page.wait_for_selector("button.share")
    train, test = digits[1]
    assert test is not None
    run = fit(train, Recipe(epochs=1, lr=0.5), test=test)[0]
    assert shares(page) == run.probabilities(test.X[5][None])[0].double().tolist()
    assert "coverage is not guaranteed" in (page.text_content(".set .problem") or "")


@pytest.mark.parametrize("dark", gate([False, True], 1))
def test_on_a_phone(open_page: OpenPage, dark: bool) -> None:
    page = open_page(390, 800, dark, has_touch=True).goto("#try?row=3", "zh" if dark else "en")
    page.wait_for_selector("button.share")
    assert fits(page)
    shoot(page, f"try-390-{dark}")


@pytest.mark.long
def test_the_code_on_the_page_runs(open_page: OpenPage) -> None:
    page = open_page(dark=True).goto("#try?row=20")
    page.wait_for_selector("button.share")
    page.click("details.copy summary")
    until(page, "document.querySelector('.copy code').textContent.includes('linnet.fit')")
    python = page.locator(".copy code").first.text_content() or ""
    told = run_python(python)
    for name, share in zip("0123456789", shares(page), strict=True):
        assert f"{name:12} {share:.6f}" in told
    shoot(page, "try-dark")
