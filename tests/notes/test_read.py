from __future__ import annotations

import json
from pathlib import Path

import pytest

from linnet.errors import DataNotFoundError, FormatError, UsageError
from linnet.notes.document import Block, Text
from linnet.notes.read import read

BOOK = Path(__file__).parent / "book"


def test_a_notebooks_cells_are_its_code() -> None:
    document = read(BOOK / "stability.ipynb")
    assert (len(document.cells), document.line_word, document.cells[0].line) == (2, "cell", 2)
    assert document.headings == ["4.8 数值稳定性"]


def test_a_scripts_cells() -> None:
    document = read(BOOK / "script.py")
    kinds = [type(part) for part in document.parts]
    assert kinds == [Text, Text, Block, Block]
    assert document.headings == ["脚本", "数据"]
    lines = (BOOK / "script.py").read_text(encoding="utf-8").split("\n")
    for cell in document.cells:
        assert lines[cell.line - 1] == cell.source.split("\n")[0]


def test_a_script_without_marks_is_one_cell(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("#!/usr/bin/env python\n\nx = 1\n\n\nprint(x)\n", encoding="utf-8")
    assert [cell.source for cell in read(path).cells] == ["#!/usr/bin/env python\n\nx = 1\n\n\nprint(x)"]


def test_notes_of_a_chinese_windows_editor(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("# 标题\r\n```python\r\nx = '中'\r\n```\r\n".encode("gb18030"))
    document = read(path)
    assert document.headings == ["标题"]
    assert document.cells[0].source == "x = '中'"


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("a.doc", b"x", UsageError, "expected .md"),
        ("a.md", b"\xff\xff\x00", FormatError, "not text"),
        ("a.ipynb", b"{", FormatError, "not a notebook"),
        ("a.ipynb", b'{"cells": 3}', FormatError, "not a notebook"),
        ("a.ipynb", b"[]", FormatError, "not a notebook"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, name: str, content: bytes, error: type, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(error, match=message):
        read(path)


def test_other_faults(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match="no notes at"):
        read(tmp_path / "missing.md")
    with pytest.raises(UsageError, match="is a folder"):
        read(tmp_path)
    path = tmp_path / "r.ipynb"
    book = {"cells": [], "nbformat": 4, "nbformat_minor": 5}
    book["metadata"] = {"kernelspec": {"language": "R", "name": "ir", "display_name": "R"}}
    path.write_text(json.dumps(book), encoding="utf-8")
    with pytest.raises(UsageError, match="notebook in r"):
        read(path)
