from __future__ import annotations

from typing import Any

import pytest

from linnet.cli import console
from linnet.cli.console import download_progress, load_progress


def test_without_a_download_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with download_progress() as report:
        assert report is not None
    assert capsys.readouterr() == ("", "")


def test_a_download_is_reported_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    with download_progress() as report:
        assert report is not None
        report(50, 100)
        report(100, 100)
    assert capsys.readouterr() == ("", "")  # which is no terminal


def test_quiet_has_no_bar() -> None:
    with download_progress(quiet=True) as report:
        assert report is None


def test_a_bar_ends_with_the_last_byte_and_says_what_it_is_of(monkeypatch: pytest.MonkeyPatch) -> None:
    made = list[tuple[str, Any]]()

    def start(what: str) -> Any:
        made.append((what, bar := start_bar(what)))
        return bar

    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    start_bar = console._start_bar
    monkeypatch.setattr(console, "_start_bar", start)
    for is_streamed, what in ((True, "counting"), (False, "downloading")):
        with load_progress(is_streamed) as report:
            assert report is not None
            report(50, 100)
            assert made[-1][0] == what
            assert made[-1][1].live.is_started
            report(100, 100)
            assert not made[-1][1].live.is_started  # another bar may follow
