from __future__ import annotations

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
