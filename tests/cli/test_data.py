from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.support.commands import call


def test_data_show_and_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("data", "show", "digits", "--out", "grid.png") == 0
    with Image.open("grid.png") as picture:
        assert picture.width > 500
    assert call("data", "list") == 0
    assert "fashion_mnist" in capsys.readouterr().out
    assert call("data", "show", "synthetic") == 2


def test_a_table_is_converted_to_libsvm_text(capsys: pytest.CaptureFixture[str]) -> None:
    Path("rows.csv").write_text("kind,size,y\n" + "a,1.5,no\nb,2,yes\n" * 10)
    assert call("data", "convert", "rows.csv", "rows.svm", "--target", "y", "--out-base", "0") == 0
    said = capsys.readouterr().out
    assert "the classes are written as numbers: 0 no, 1 yes" in said
    assert "20 rows of 3 features, counted from 0, are in rows.svm" in said
    assert Path("rows.svm").read_text().startswith("0 0:1.0 2:1.5\n1 1:1.0 2:2.0\n")
    assert call("data", "convert", "rows.csv", "rows.svm") == 2
    assert call("data", "convert", "rows.svm", "half.svm", "--test-size", "0.5", "--part", "test") == 0
    assert "10 rows of 3 features" in capsys.readouterr().out
    assert call("data", "convert", "rows.svm", "more.svm", "--part", "validation") == 2
