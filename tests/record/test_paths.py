from __future__ import annotations

import pytest

from linnet.record.paths import loadable, shared


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/ann/data/flowers.csv", "flowers.csv"), ("~/data/flowers.csv", "flowers.csv"),
        ("C:\\Users\\ann\\flowers.csv", "flowers.csv"), ("own/flowers.csv", "own/flowers.csv"),
        ("digits", "digits"), ("/", "/"), ("", ""), ("y = Xw + b", "y = Xw + b"),
    ],
)  # fmt: skip
def test_paths_are_shown_by_name(text: str, shown: str) -> None:
    assert shared(text) == shown


def test_a_folders_name_still_loads() -> None:
    assert loadable("/home/ann/garments") == "./garments"
    assert loadable("/home/ann/garments.zip") == "garments.zip"
    assert loadable("./garments") == "./garments"
    assert loadable("fashion_mnist") == "fashion_mnist"
