from __future__ import annotations

from pathlib import Path

import pytest

import linnet
from linnet.i18n import Language


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_and_the_figures_speak_the_language_asked_for(language: Language, tmp_path: Path) -> None:
    digits = linnet.load("digits")
    out = tmp_path / "sweep"
    linnet.sweep(digits, {"lr": [0.1, 0.5]}, epochs=1, show=False, out=out, language=language)
    assert f'<html lang="{language}' in (out / "report.html").read_text("utf-8")
    drawn = linnet.sweep(digits, {"lr": [0.1, 0.5]}, epochs=1, show=False)
    assert (out / "sweep.svg").read_bytes() == drawn.contents(language)["sweep.svg"]
