"""Blocks of code on pages of the documentation."""

from __future__ import annotations

import re


def fenced(text: str, language: str, word: str) -> str:
    """The one fenced block of some Markdown that has a word."""
    blocks = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    (found,) = [block for block in blocks if word in block]
    return found
