from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import linnet
from linnet.plot.beside import Drawer
from linnet.report.subject import Rows, Subject


def test_what_is_drawn_of_the_rows_is_asked_for_before_what_takes_long() -> None:
    seen: list[bool] = []

    class Noted(Drawer):
        def draw(self, name: str, arguments: tuple[Any, ...], suffix: str) -> Callable[[], bytes]:
            seen.append("assessment" in vars(of))
            return lambda: repr(arguments[0].ece).encode()

    train, test = linnet.load("digits")
    run = linnet.fit(train, epochs=1, show=False)
    of = Subject(run, Rows(train, test), "en", drawer=Noted())
    of.judge()
    assert seen == [False]
    _, content = of.reliability.image.uri.split(",", 1)
    assert base64.b64decode(content).startswith(repr(of.assessment.calibration["width"].ece).encode())
