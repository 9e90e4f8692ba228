from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linnet.errors import DataNotFoundError, FormatError, UsageError
from linnet.notes.document import Block, Text
from linnet.notes.read import parse_markdown, read

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


def blocks(text: str) -> list[tuple[str, int, bool]]:
    return [(p.source, p.line, p.runs) for p in parse_markdown(text) if isinstance(p, Block)]


def texts(text: str) -> list[str]:
    return [p.source for p in parse_markdown(text) if isinstance(p, Text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```python\nx = 1\n```", [("x = 1", 2, True)]),
        ("a\n\n~~~py\nx = 1\n\ny = 2\n~~~\nb", [("x = 1\n\ny = 2", 4, True)]),
        ("- ```python\n  x = 1\n  ```", [("x = 1", 2, True)]),
        ("1. a\n\n   ```python\n   x = 1\n     # in\n   ```", [("x = 1\n  # in", 4, True)]),
        ("> ```python\n> x = 1\n> ```", [("x = 1", 2, True)]),
        ("text\n\n    x = 1\n\n    y = 2\n\ntext", [("x = 1\n\ny = 2", 3, True)]),
        ("```bash\nls\n```", [("ls", 2, False)]),
        ("```\n0.5\n```", [("0.5", 2, False)]),
        ("```\nx = 1\n```\n```\nx\n```", [("x = 1", 2, True), ("x", 5, True)]),
        ("```\nx\n```", [("x", 2, False)]),
        ("```python\n```", [("", 2, False)]),
        ("```python\n>>> x = 1\n>>> x\n1\n```", [("x = 1\nx", 2, True)]),
        ("````python\ns = '''\n```\n'''\n````", [("s = '''\n```\n'''", 2, True)]),
        ("```python\nx = 1", [("x = 1", 2, True)]),
        ("---\ntitle: a\n---\n```py\nx = 1\n```", [("x = 1", 5, True)]),
        ("```python\r\nx = 1\r\n```\r\n", [("x = 1", 2, True)]),
        ("\ufeff```python\nx = 1\n```", [("x = 1", 2, True)]),
    ],
)
def test_blocks_wherever_they_stand(text: str, expected: list[tuple[str, int, bool]]) -> None:
    assert blocks(text) == expected


def test_text_around_blocks_is_kept_in_order() -> None:
    text = (
        "# T\n\n- one\n\n- ```python\n  x = 1\n  ```\n\n  rest of the item\n\n- two\n\n"
        "```python\ny = 2\n```\nend"
    )
    assert texts(text) == ["# T\n\n- one", "rest of the item\n\n- two", "end"]
    assert [type(p) for p in parse_markdown(text)] == [Text, Block, Text, Block, Text]


def test_the_books_own_files_run_their_pytorch_blocks() -> None:
    book = (
        "```{.python .input}\nfrom mxnet import np\n```\n"
        "```{.python .input}\n#@tab pytorch\nx = 1\n```\n"
        "```{.python .input}\n#@tab tensorflow\nx = 2\n```\n"
        "```{.python .input}\n#@tab all\ny = 3\n```\n"
    )
    assert [source for source, _, runs in blocks(book) if runs] == [
        "#@tab pytorch\nx = 1",
        "#@tab all\ny = 3",
    ]


def test_notes_with_a_stray_mark_run_all() -> None:
    text = "```python\nx = 1\n```\n```python\n#@tab pytorch\ny = 2\n```"
    assert [runs for _, _, runs in blocks(text)] == [True, True]


LINES = ["```python", "```", "x = 1", "- a", "  b", "> c", "", "    d", "# e", "~~~", "$$", ">>> f", "1. g"]


@given(st.lists(st.sampled_from(LINES), max_size=14))
def test_any_mixture_is_read(lines: list[str]) -> None:
    for part in parse_markdown("\n".join(lines)):
        if isinstance(part, Block) and part.source.strip():
            first = next(line for line in part.source.split("\n") if line.strip()).strip()
            assert any(first in line for line in lines[part.line - 1 :])


def test_a_session_is_told_from_a_cell() -> None:
    found = [
        p
        for p in parse_markdown("```python\n>>> x = 1\n>>> x\n1\n>>> x\n```\n```python\nx\n```")
        if isinstance(p, Block)
    ]
    assert [block.is_session for block in found] == [True, False]
    assert found[0].source == "x = 1\nx\n\nx"


@pytest.mark.parametrize(
    ("code", "cells"),
    [
        ("x = torch.ones(2)\nx\ntensor([1., 1.])", ["x = torch.ones(2)\nx"]),
        ("f(x)\n\n(tensor([1.], grad_fn=<MulBackward0>),\n tensor([2.]))", ["f(x)"]),
        ("from torch import tensor\ntensor([1.])", ["from torch import tensor\ntensor([1.])"]),
        ("y = f(\narray([1.]))", ["y = f(\narray([1.]))"]),
        ("tensor([1.])", ["tensor([1.])"]),
    ],
)
def test_output_pasted_below_a_cell_is_no_code(code: str, cells: list[str]) -> None:
    found = [p for p in parse_markdown(f"```python\n{code}\n```") if isinstance(p, Block)]
    assert [block.source for block in found if block.runs] == cells
    kept = "\n".join(block.source for block in found)
    assert kept.replace("\n", "") == code.replace("\n", "")  # nothing is lost
    assert all(code.split("\n")[block.line - 2].startswith(block.source.split("\n")[0]) for block in found)
