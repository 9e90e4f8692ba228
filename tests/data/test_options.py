from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import linnet
from linnet.errors import UsageError
from tests.support.colors import write


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [("t.csv", "a,b\n1,x\n2,y\n", "t.csv is a table"), ("t.svm", "1 1:2\n-1 1:3\n", "t.svm is LIBSVM text")],
)
def test_colours_are_of_pictures_alone(tmp_path: Path, name: str, content: str, why: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UsageError, match=f"of pictures of your own, and {why}"):
        linnet.load(name, color=True)
    with pytest.raises(UsageError, match="digits is a data set of linnet's"):
        linnet.load("digits", color=True)
    with pytest.raises(UsageError, match="a frame is a table"):
        linnet.load(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), color=True)


def test_what_is_of_tables_is_not_of_pictures(tmp_path: Path) -> None:
    write(tmp_path / "squares")
    np.savez(tmp_path / "a.npz", X=np.eye(4), y=np.array([0, 1, 0, 1]))
    for name in ("./squares", "a.npz"):
        with pytest.raises(UsageError, match="target is of a table"):
            linnet.load(name, target="y")
        with pytest.raises(UsageError, match="index_base is of LIBSVM text"):
            linnet.load(name, index_base=1)
