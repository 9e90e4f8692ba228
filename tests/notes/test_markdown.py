from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linnet.notes.document import Block, Text
from linnet.notes.markdown import parts


def blocks(text: str) -> list[tuple[str, int, bool]]:
    return [(p.source, p.line, p.runs) for p in parts(text) if isinstance(p, Block)]


def texts(text: str) -> list[str]:
    return [p.source for p in parts(text) if isinstance(p, Text)]


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
    assert [type(p) for p in parts(text)] == [Text, Block, Text, Block, Text]


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
    for part in parts("\n".join(lines)):
        if isinstance(part, Block) and part.source.strip():
            first = next(line for line in part.source.split("\n") if line.strip()).strip()
            assert any(first in line for line in lines[part.line - 1 :])


def test_a_session_is_told_from_a_cell() -> None:
    found = [
        p
        for p in parts("```python\n>>> x = 1\n>>> x\n1\n>>> x\n```\n```python\nx\n```")
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
    found = [p for p in parts(f"```python\n{code}\n```") if isinstance(p, Block)]
    assert [block.source for block in found if block.runs] == cells
    kept = "\n".join(block.source for block in found)
    assert kept.replace("\n", "") == code.replace("\n", "")  # nothing is lost
    assert all(code.split("\n")[block.line - 2].startswith(block.source.split("\n")[0]) for block in found)
