from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote

import pytest
import torch

import linnet
from linnet.data.sources import synthetic
from linnet.train.fit import fit
from tests.support.browser import OpenPage, fits, shoot, until
from tests.support.commands import run_python
from tests.support.gate import gate

if TYPE_CHECKING:
    from playwright.sync_api import Page

POINTS = "-2,-3.5;-1,-0.6;0,1.2;1,2.7;2,5.3"
NAMES = {"en": ["squared", "Huber", "absolute", "SGD"], "zh": ["平方", "Huber", "绝对值", "SGD"]}


def points_of(page: Page) -> linnet.Dataset:
    """The points that the address holds."""
    text = parse_qs(unquote(page.url).split("?")[-1].replace("+", "%2B"), separator="&")["points"][0]
    at = torch.tensor(
        [[float(value) for value in pair.split(",")] for pair in text.split(";")], dtype=torch.float64
    )
    return linnet.Dataset(at[:, :1], at[:, 1:])


def line(page: Page, name: str) -> list[float]:
    cells = page.locator(f'tr[data-line="{name}"] td').all()
    return [float(cell.get_attribute("data-value") or "nan") for cell in cells[:2]]


def wait_for_lines(page: Page) -> None:
    """Until the table is of the points in the address."""
    theta = linnet.solve(points_of(page)).value.bank.theta[0].tolist()
    until(
        page,
        "w => Math.abs(Number(document.querySelector('tr[data-line=squared] td')?.dataset.value) - w) < 1e-9",
        arg=theta[0],
    )


def check_lines(page: Page) -> None:
    """The table and the drawn lines are the library's."""
    wait_for_lines(page)
    for name in ("squared", "huber", "absolute"):
        theta = linnet.solve(points_of(page), name).value.bank.theta[0].tolist()
        assert line(page, name) == pytest.approx(theta, abs=1e-9)
        assert page.locator(f'line[data-line="{name}"]').count() == 1


@pytest.mark.parametrize("language", gate(["en", "zh"], 0))
def test_lines_and_path_are_the_library_s(open_page: OpenPage, language: str) -> None:
    page = open_page().goto(f"#line?points={POINTS}&lr=0.05&batch=2&epochs=4&seed=1", language)
    page.wait_for_selector("tr[data-line=sgd]")
    check_lines(page)
    names = page.locator("table.fits tbody th").all_text_contents()
    assert [name.startswith(start) for name, start in zip(names, NAMES[language], strict=True)] == [True] * 4
    recipe = linnet.Recipe(
        loss="squared", lr=0.05, batch_size=2, epochs=4, seed=1, dtype="float64", raw_columns=True, threads=1
    )
    assert line(page, "sgd") == fit(points_of(page), recipe)[0].bank.theta[0].tolist()
    page.wait_for_selector(".js-plotly-plot .contour")
    assert fits(page)
    shoot(page, f"line-{language}")


@pytest.mark.long
def test_new_points_are_the_book_s(open_page: OpenPage) -> None:
    page = open_page().goto("#line?rows=12&noise=0.5&seed=5")
    page.wait_for_selector("tr[data-line=sgd]")
    made = synthetic.linear([2.0], 1.0, 12, 0.5, 5, torch.float64)
    torch.testing.assert_close(points_of(page).X, made.X, atol=0.0051, rtol=0)
    check_lines(page)


def test_dragging_a_point_moves_the_lines(open_page: OpenPage) -> None:
    page = open_page().goto(f"#line?points={POINTS}")
    page.wait_for_selector("tr[data-line=sgd]")
    box = page.locator("circle.dot").last.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(1, 11):
        page.mouse.move(box["x"] + 10, box["y"] + 20 * step)
    page.mouse.up()
    assert float(points_of(page).y[-1]) < 1
    check_lines(page)
    slope = [line(page, name)[0] for name in ("squared", "absolute")]
    assert slope[0] < slope[1]


def test_points_by_keyboard(open_page: OpenPage) -> None:
    page = open_page().goto(f"#line?points={POINTS}")
    page.wait_for_selector("tr[data-line=sgd]")
    page.locator("circle.dot").first.focus()
    page.keyboard.press("PageDown")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("ArrowRight")
    assert points_of(page).X[1].item() == pytest.approx(-0.95)
    assert points_of(page).y[1].item() == pytest.approx(0.4)
    check_lines(page)
    assert page.input_value("input[name=point-x]") == "-0.95"
    page.fill("input[name=point-y]", "2.5")
    page.keyboard.press("Tab")
    assert points_of(page).y[1].item() == 2.5
    page.locator("circle.dot.chosen").focus()
    page.keyboard.press("Delete")
    assert len(points_of(page)) == 4
    until(page, "document.activeElement.matches('circle.dot')")  # the next has the focus when it is drawn
    page.keyboard.press("Insert")
    until(page, "document.querySelectorAll('circle.dot').length === 5")
    assert len(points_of(page)) == 5
    check_lines(page)
    for _ in range(4):
        page.keyboard.press("Delete")
    until(page, "document.getElementById('status').textContent.includes('two points')")


@pytest.mark.long
def test_too_large_a_rate_says_what_to_do(open_page: OpenPage) -> None:
    page = open_page().goto(f"#line?points={POINTS}&lr=5&batch=5&epochs=100")
    until(page, "document.getElementById('status').textContent.includes('Lower the learning rate')")
    check_lines(page)
    page.focus("input[type=range][name=lr]")
    page.keyboard.press("Home")
    until(page, "document.getElementById('status').textContent === ''")


@pytest.mark.long
def test_one_x_says_what_to_do_and_the_path_is_scrubbed(open_page: OpenPage) -> None:
    page = open_page().goto("#line?points=1,1;1,2")
    until(page, "document.getElementById('status').textContent.includes('move one sideways')")
    page.goto(page.url.split("#")[0] + f"#line?points={POINTS}&lr=0.05&batch=5&epochs=7")
    page.wait_for_selector("tr[data-line=sgd]")
    check_lines(page)
    page.focus("#sgd-step")
    page.keyboard.press("Home")
    start = line(page, "sgd")
    assert max(map(abs, start)) < 0.1
    assert "0" in (page.text_content("label[for=sgd-step]") or "")
    page.click(".steps button")
    until(page, "Number(document.getElementById('sgd-step').value) === 7")
    assert line(page, "sgd") != start


@pytest.mark.parametrize("dark", gate([False, True], 0))
def test_on_a_phone_by_touch(open_page: OpenPage, dark: bool) -> None:
    watched = open_page(390, 800, dark, has_touch=True)
    page = watched.goto(f"#line?points={POINTS}&loss=absolute", "zh" if dark else "en")
    page.wait_for_selector("tr[data-line=sgd]")
    page.wait_for_selector(".js-plotly-plot .contour")
    assert fits(page)
    board = page.locator("svg.plane")
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + 0.3 * box["width"], box["y"] + 0.2 * box["height"])
    until(page, "document.querySelectorAll('circle.dot').length === 6")
    check_lines(page)
    shoot(page, f"line-390-{dark}")


@pytest.mark.long
def test_the_code_on_the_page_runs(open_page: OpenPage) -> None:
    page = open_page(dark=True).goto(f"#line?points={POINTS}&loss=huber&huber=0.5")
    page.wait_for_selector("tr[data-line=sgd]")
    wait_for_lines(page)
    page.click("details.copy summary")
    until(page, "document.querySelector('.copy code').textContent.includes('linnet.solve')")
    python = page.locator(".copy code").first.text_content() or ""
    told = run_python(python)
    w, b = line(page, "huber")
    assert f"huber     w {w:.6f}  b {b:.6f}" in told
    shoot(page, "line-dark")
