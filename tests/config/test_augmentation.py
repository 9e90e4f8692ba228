from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linnet.config.augmentation import USUAL, Augmentation
from linnet.errors import UsageError

positive = st.floats(0, 1e30, allow_nan=False)
augmentations = st.builds(
    Augmentation,
    shift=st.integers(0, 10**20),
    flip=st.floats(0, 1),
    rotate=st.floats(0, 180),
    scale=st.floats(0, 1, exclude_max=True),
    cutout=st.integers(0, 99),
    noise=positive,
)


@given(augmentations)
def test_text_reads_back(how: Augmentation) -> None:
    assert Augmentation.parse(str(how)) == how


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("none", "none"),
        ("shift", "shift:2"),
        ("flip + shift:3", "shift:3+flip:0.5"),
        ("shift:2+rotate:10+flip", "shift:2+flip:0.5+rotate:10"),
        ("scale+cutout+noise", "scale:0.1+cutout:8+noise:0.1"),
        ("noise:1e30", "noise:1e30"),
        ("shift:0", "none"),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    how = Augmentation.parse(text)
    assert str(how) == canonical
    assert how.is_identity == (canonical == "none")


def test_a_name_alone_takes_its_usual_number() -> None:
    assert Augmentation.parse("+".join(USUAL)) == Augmentation(2, 0.5, 10, 0.1, 8, 0.1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("blur", "unknown augmentation 'blur': expected none, or shift, flip"),
        ("", "unknown augmentation ''"),
        ("none+shift", "unknown augmentation 'none'"),
        ("shift+flip+shift:3", "shift twice"),
        ("shift:2.5", "'shift:2.5': expected a whole number of pixels"),
        ("shift:", "'shift:': expected a whole number"),
        ("rotate:far", "'rotate:far': expected a number, such as rotate:10"),
        ("shift:-1", "shift must be a whole number of pixels, at least 0, not -1"),
        ("cutout:-3", "cutout must be a whole number of pixels"),
        ("flip:1.5", "flip must be a probability between 0 and 1, not 1.5"),
        ("flip:-0.1", "flip must be a probability"),
        ("rotate:181", "rotate must be degrees between 0 and 180"),
        ("scale:1", "scale must be at least 0 and below 1"),
        ("scale:nan", "scale must be"),
        ("noise:inf", "noise must be a finite number"),
        ("noise:-1", "noise must be a finite number"),
    ],
)
def test_what_cannot_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Augmentation.parse(text)


@pytest.mark.parametrize("values", [{"shift": 1.0}, {"cutout": True}, {"flip": float("nan")}])
def test_wrong_values_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(values))):
        Augmentation(**values)


def test_it_does_not_need_torch() -> None:
    code = "import sys, linnet.config.augmentation; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
