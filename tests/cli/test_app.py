from __future__ import annotations

import pytest

from linnet.cli.app import respell


@pytest.mark.parametrize(
    ("given", "spelt"),
    [
        ("train --dataset digits", "train --data digits"),
        ("train --dataset=digits --lr 1", "train --data=digits --lr 1"),
        ("sweep --standardize", "sweep --standardize=yes"),
        ("sweep --standardize --lr 1", "sweep --standardize=yes --lr 1"),
        ("sweep --standardize yes,no --lr 1", "sweep --standardize=yes,no --lr 1"),
        ("train --no-standardize", "train --standardize=no"),
        ("train --standardize=no --datasets x", "train --standardize=no --datasets x"),
        ("", ""),
    ],
)
def test_other_spellings_of_an_option(given: str, spelt: str) -> None:
    assert " ".join(respell(given.split())) == spelt
