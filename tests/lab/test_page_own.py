"""People's own data on the page: what is dropped, what is too large, what its names may do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import OpenPage, allow, shoot, until
from tests.support.gate import gate
from tests.support.uploads import CSV, ONE, dialog, pictures, train

if TYPE_CHECKING:
    from playwright.sync_api import Page

ALERT = "document.querySelector('dialog [role=alert]').textContent"


def drop(page: Page, *paths: Path) -> None:
    """Drop files as the desktop does."""
    box = page.locator(".drop").bounding_box()
    assert box is not None
    carried = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    client = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        place = {"x": box["x"] + 9, "y": box["y"] + 9}
        client.send("Input.dispatchDragEvent", {"type": kind, "data": carried, **place})


def test_a_folder_is_dropped_and_other_files_in_it_are_left_out(open_page: OpenPage, tmp_path: Path) -> None:
    for path, content in pictures(each=60):  # more than a browser lists at once
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    (tmp_path / "set" / "notes.txt").write_text("not to be sent")
    page = dialog(open_page().goto("#train?dataset=digits&epochs=1"))
    drop(page, tmp_path / "set")
    until(page, "document.querySelector('#knob-dataset').selectedOptions[0].text === 'set'")
    until(page, "document.querySelectorAll('.templates canvas').length === 2")


@pytest.mark.long
def test_what_is_too_large_or_nothing_of_ours_is_not_sent(open_page: OpenPage, tmp_path: Path) -> None:
    with (tmp_path / "large.zip").open("wb") as file:
        file.truncate(70 << 20)
    page = dialog(open_page().goto("#train?dataset=digits&epochs=1", "zh"))
    page.set_input_files(ONE, tmp_path / "large.zip")
    until(page, f"{ALERT} === '共 70 MiB，超过 63 MiB：请少选一些，或选小一些的文件。'")
    (tmp_path / "set").mkdir()
    (tmp_path / "set/a.exe").write_text("x")
    drop(page, tmp_path / "set")
    until(page, f"{ALERT}.startsWith('其中没有 linnet 能读取的内容')")


def test_files_to_train_and_to_test_on_are_chosen_together(open_page: OpenPage, tmp_path: Path) -> None:
    for name, content in (("train.csv", CSV), ("test.csv", CSV), ("other.csv", CSV)):
        (tmp_path / name).write_bytes(content)
    watched = open_page()
    page = dialog(watched.goto("#train?dataset=digits&epochs=1", "zh"))
    page.set_input_files(ONE, [tmp_path / "train.csv", tmp_path / "other.csv"])
    until(page, f"{ALERT}.includes('which part that is cannot be told')")
    allow(watched, 422)
    drop(page, tmp_path / "train.csv", tmp_path / "test.csv")
    page.get_by_text("用于训练：train.csv；用于测试：test.csv").wait_for()
    page.get_by_role("button", name="用它训练").click()
    shown = page.locator("#knob-dataset option:checked").filter(has_text="训练 20，验证 0，测试 20")
    shown.wait_for(state="attached")


def test_what_cannot_be_read_says_why(open_page: OpenPage, tmp_path: Path) -> None:
    rows = "".join(f"{n},{n % 3},{'xy'[n % 2]}\n" for n in range(20))
    (tmp_path / "bad.csv").write_text(f"a,b,label\n1,inf,x\n{rows}")
    watched = open_page()
    page = dialog(watched.goto("#train?dataset=digits&epochs=1"))
    page.set_input_files(ONE, tmp_path / "bad.csv")
    page.get_by_role("alert").filter(has_text="column b is infinite in 1 row").wait_for()
    assert page.get_by_role("button", name="Train on it").is_disabled()
    page.get_by_label("Kind of b").select_option("ignore")
    page.get_by_role("button", name="Apply").click()
    page.get_by_text("left out: b (as was asked)").wait_for()


def test_what_is_no_table_says_why(open_page: OpenPage, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("")
    watched = open_page()
    page = dialog(watched.goto("#train?dataset=digits&epochs=1"))
    page.set_input_files(ONE, tmp_path / "bad.csv")
    until(page, f"{ALERT}.includes('it is empty')")
    allow(watched, 422)


NAMES = ('<a href="https://evil.example/">click</a>', "%{y}<br>", "花瓣")


def test_names_are_text_and_nothing_else(open_page: OpenPage, tmp_path: Path) -> None:
    rows = "".join(f"{n},{n % 3},{n % 5},<img src=x onerror=alert({n % 2})>\n" for n in range(40))
    head = ",".join('"' + name.replace('"', '""') + '"' for name in NAMES)
    (tmp_path / "<b>evil<br>.csv").write_text(f"{head},label\n{rows}")
    page = dialog(open_page().goto("#train?dataset=digits&epochs=2"))
    page.set_input_files(ONE, tmp_path / "<b>evil<br>.csv")
    assert page.locator(".schema th[scope=row]").first.text_content() == NAMES[0]
    train(page)
    page.wait_for_selector(".xaxislayer-above .xtick", state="attached")
    until(page, "document.querySelectorAll('.chart .hm').length === 1")
    assert page.locator(".chart .xtick text").filter(has_text="click").text_content() == NAMES[0]
    assert page.locator("a:not(.brand), #panel img, #panel b").count() == 0
    page.get_by_role("button", name="Pin this run").click()
    assert "<b>evil<br>.csv" in (page.locator(".pin").text_content() or "")
    assert page.get_by_text("Click a cell to see its rows.").is_visible()
    page.click("#tab-try")
    page.wait_for_selector("button.share")
    page.wait_for_selector(".why .name")  # which a request of their own brings
    assert NAMES[0] in page.locator(".why .name").all_text_contents()
    assert page.locator("#panel img, #panel b").count() == 0
    shoot(page, "own-names")


@pytest.mark.long
def test_a_model_of_fewer_classes_does_not_stumble_over_what_was_asked_of_another(
    open_page: OpenPage, tmp_path: Path
) -> None:
    (tmp_path / "flowers.csv").write_bytes(CSV)
    page = open_page().goto("#train?dataset=digits&epochs=1")
    page.wait_for_selector("progress.over")
    page.click("#tab-try")
    page.wait_for_selector("button.share")
    page.get_by_role("button", name="Clear").click()
    until(page, "location.hash.includes('pixels=')")
    page.click("button.share[data-klass='9']")
    page.wait_for_selector("button.share[data-klass='9'][aria-pressed=true]")
    page.click("#tab-train")
    dialog(page).set_input_files(ONE, tmp_path / "flowers.csv")
    train(page)
    until(page, "document.querySelector('#model').textContent.startsWith('flowers.csv')")
    page.click("#tab-try")
    page.wait_for_selector("button.share")
    assert page.locator("button.share").count() == 2
    assert "pixels" not in page.url


@pytest.mark.long
def test_a_file_dropped_beside_its_place_does_not_take_the_page_away(open_page: OpenPage) -> None:
    page = open_page().goto("#numbers")
    stays = "new DragEvent('drop', {bubbles: true, cancelable: true})"
    assert page.evaluate(f"!document.getElementById('panel').dispatchEvent({stays})")


@pytest.mark.parametrize("width", gate([390, 1280], 0))
def test_the_rows_of_a_table_fit(open_page: OpenPage, tmp_path: Path, width: int) -> None:
    wide = b"".join(b",".join(b"%d.%d" % (n, d) for d in range(300)) + b",%d\n" % (n % 2) for n in range(100))
    (tmp_path / "wide.csv").write_bytes(wide)
    page = dialog(open_page(width).goto("#train?dataset=digits&epochs=2"))
    page.set_input_files(ONE, tmp_path / "wide.csv")
    page.get_by_text("Of 301 columns 201 are shown").wait_for()
    train(page)
    page.get_by_text("Of 300 columns those 200 with the largest weights.").wait_for()
    until(page, "document.querySelectorAll('.samples code').length === 12")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    shoot(page, f"own-wide-{width}")
