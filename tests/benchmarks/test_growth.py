"""Exponents of cost."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest

Module = Callable[[str], Any]


def test_the_exponent_of_a_power_is_that_power(module: Module) -> None:
    growth = module("growth")
    assert growth.exponent([3.0, 24.0, 192.0]) == pytest.approx(1.5)
    assert math.isnan(growth.exponent([3.0]))


def test_one_letter_grows_alone(module: Module) -> None:
    assert module("growth").grown((10, 20, 3), "D", 4) == (10, 80, 3)


def test_what_takes_too_long_ends_both_sides(module: Module, monkeypatch: pytest.MonkeyPatch) -> None:
    growth, made = module("growth"), []
    monkeypatch.setattr(growth, "PATIENCE", 0.5)
    job = growth.Job("slow", (1, 1, 1), "N", lambda *size: made.append(size) or {"linnet": int, "peer": int})
    *_, last = growth.measure(job, 1, itertools.count().__next__)
    assert made == [(1, 1, 1)]
    assert "N to 1 times" in last.name
