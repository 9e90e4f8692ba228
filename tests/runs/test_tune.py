from __future__ import annotations

from pathlib import Path

import linnet


def test_the_page_and_the_figure_speak_the_language_asked_for(tmp_path: Path) -> None:
    space = {"lr": [0.1, 0.5]}
    out = tmp_path / "tune"
    result = linnet.tune(
        linnet.load("digits"), space, trials=2, batch=2, epochs=1, show=False, out=out, language="zh"
    )
    assert '<html lang="zh' in (out / "report.html").read_text("utf-8")
    assert (out / "tune.svg").read_bytes() == result.contents("zh")["tune.svg"]
