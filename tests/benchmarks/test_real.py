"""Descriptions of Debian's packages, as apt prints them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest

LISTED = """Package: a
Section: games
Description: Find the way out

Package: b
Section: contrib/net
Tag: role::program,
 Section: none
Description-en: Talk to others

Package: b-dbg
Section: debug
Description: Symbols of b

Package: c
Section: sound
Description: Find the way out
"""


def test_a_wording_is_there_once_with_its_section(
    module: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = subprocess.CompletedProcess([], 0, stdout=LISTED)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    assert module("real").describe() == {"Find the way out": "games", "Talk to others": "net"}
