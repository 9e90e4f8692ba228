from __future__ import annotations

import re
from pathlib import Path

from linnet.plot import style
from linnet.plot.words import WORDS


def test_no_english_is_left_in_chinese() -> None:
    for english, chinese in WORDS.items():
        assert re.search("[一-鿿]", chinese), english
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", chinese))
    source = "".join(path.read_text("utf-8") for path in Path(style.__file__).parent.glob("*.py"))
    curve_labels = re.findall(r'"(\w+ (?:loss|acc))"', source)
    said = re.findall(r'say\(\s*"((?:[^"\\]|\\.)+)"', source)
    assert {text.encode().decode("unicode_escape") for text in said} | set(curve_labels) <= set(WORDS)
