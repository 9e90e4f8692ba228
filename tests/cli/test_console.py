from __future__ import annotations

import pytest

from linnet.cli.console import download_progress


def test_without_a_download_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with download_progress() as report:
        assert report is not None
    assert capsys.readouterr() == ("", "")


def test_a_download_is_reported_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    with download_progress() as report:
        assert report is not None
        report(50, 100)
        report(100, 100)
    assert capsys.readouterr().out == ""


def test_quiet_has_no_bar() -> None:
    with download_progress(quiet=True) as report:
        assert report is None
