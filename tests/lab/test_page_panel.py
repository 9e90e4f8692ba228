"""A table's panel on the page: what was read is shown, and changed by keyboard, at a phone's width too."""

from __future__ import annotations

from pathlib import Path

from tests.support.browser import OpenPage, fits, shoot, until
from tests.support.tables import make_mixed
from tests.support.uploads import ONE, dialog


def test_the_target_and_a_kind_are_changed_and_the_table_is_trained_on(
    open_page: OpenPage, tmp_path: Path
) -> None:
    make_mixed().to_csv(tmp_path / "rings.csv", index=False)
    page = dialog(open_page(390).goto("#train?dataset=digits&epochs=1", "zh"))
    page.set_input_files(ONE, tmp_path / "rings.csv")
    page.locator(".read li").filter(has_text="预测 price").wait_for()
    assert page.locator("svg.spread").count() == 5
    assert page.evaluate("(d => d.scrollWidth <= d.clientWidth)(document.querySelector('dialog.wide'))")
    page.focus("#panel-target")
    page.keyboard.type("cut")
    page.get_by_label("new 的类型").select_option("category")
    page.get_by_role("button", name="应用").focus()
    page.keyboard.press("Enter")
    page.locator(".read li").filter(has_text="预测 cut").wait_for()
    shoot(page, "panel-390-zh")
    page.get_by_role("button", name="用它训练").press("Enter")
    until(page, "document.querySelector('#knob-dataset').selectedOptions[0].text === 'rings.csv'")
    page.get_by_text("哪类被当成了哪类").wait_for()
    assert fits(page)


def test_numbers_are_trained_on_with_r2_in_place_of_accuracy(open_page: OpenPage, tmp_path: Path) -> None:
    make_mixed().to_csv(tmp_path / "rings.csv", index=False)
    page = dialog(open_page(1100).goto("#train?dataset=digits&epochs=1"))
    page.set_input_files(ONE, tmp_path / "rings.csv")
    page.get_by_role("button", name="Train on it").click()
    page.get_by_text("Predicted and true").wait_for()
    until(page, "document.querySelectorAll('.chart .points path').length > 20")
    assert page.locator(".figures .first").text_content() != "–test R²"
    assert "test R²" in (page.locator(".figures .first").text_content() or "")
    page.wait_for_selector("progress.over")
    page.get_by_role("button", name="Columns …").click()
    page.locator(".read li").filter(has_text="predicting price").wait_for()
