from __future__ import annotations

from pathlib import Path

import pytest

from linnet.errors import UsageError
from linnet.notes.document import Document, headings, is_heading
from linnet.notes.read import parse_markdown

NOTES = """intro

# 3 线性网络

```python
a = 0
```

## 3.6 softmax

text

```python
b = 1
```

### 3.6.1 初始化

```python
c = 2
```

## 3.7 Concise

```python
d = 3
```

# 13.6 Other

```python
e = 4
```
"""


def document(text: str = NOTES) -> Document:
    return Document(Path("notes.md"), parse_markdown(text))


@pytest.mark.parametrize(
    ("wanted", "cells"),
    [
        ("3.6", ["b = 1", "c = 2"]),
        ("3.6.", ["b = 1", "c = 2"]),
        ("3.6.1", ["c = 2"]),
        ("3", ["a = 0", "b = 1", "c = 2", "d = 3"]),
        ("concise", ["d = 3"]),
        ("初始化", ["c = 2"]),
        ("13.6", ["e = 4"]),
    ],
)
def test_one_section(wanted: str, cells: list[str]) -> None:
    part = document().only(wanted)
    assert [cell.source for cell in part.cells] == cells
    assert [cell.line for cell in part.cells] == [c.line for c in document().cells if c.source in cells]


def test_an_unknown_heading_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"(?s)no heading '4'.*3\.6 softmax.*3\.7 Concise"):
        document().only("4")
    with pytest.raises(UsageError, match="none"):
        document("text").only("4")


def test_headings_of_both_kinds() -> None:
    text = "# One #\nsome text\nTwo\n===\n\nThree\n---\n\n- item\n---\n\n| a |\n|---|\n#not\n"
    assert [(level, words) for level, words, _ in headings(text)] == [(1, "One"), (1, "Two"), (2, "Three")]


def test_numbers_match_as_numbers() -> None:
    assert is_heading("3.6 softmax", "3.6")
    assert is_heading("**3.6.** softmax", "3.6")
    assert is_heading("第 3 章", "3")
    assert not is_heading("3.61 other", "3.6")
    assert not is_heading("13.6 other", "3.6")
    assert not is_heading("about 3.6", "3.6")
