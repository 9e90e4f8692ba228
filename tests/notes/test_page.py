from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from pathlib import Path

import nbformat.v4 as v4
import pytest
from PIL import Image

from linnet.notes.document import Document, Outcome, Run, Text
from linnet.notes.page import embed_font, render
from linnet.notes.read import parse_markdown
from linnet.plot.style import cjk_font

SUPPLIED = {"np": "import numpy as np"}


def show(document: Document, outcomes: Sequence[Outcome]) -> str:
    return render(
        Run(document, outcomes, SUPPLIED, 1.5, Path("a.html"), Path("a.ipynb")),
        "linnet run a.md",
        "2026-01-02 03:04",
    )


def page(folder: Path, text: str, **outputs: Sequence[object]) -> str:
    document = Document(folder / "a.md", parse_markdown(text))
    outcomes = [
        Outcome(cell, list(outputs.get(f"cell{n}", [])), n, 0.1) for n, cell in enumerate(document.cells, 1)
    ]
    return show(document, outcomes)


def test_a_page_asks_for_nothing_and_runs_nothing(tmp_path: Path) -> None:
    evil = (
        "<script>alert(1)</script><img src=x onerror=alert(1)> [a](javascript:alert(1)) "
        "<b onclick='x()'>b</b>\n\n![far](https://example.com/x.png)\n\n"
        "<iframe src='https://example.com'></iframe>\n\n<style>@import 'https://example.com'</style> "
        "$\\text{<meta http-equiv=refresh>}$\n\n```python\n'</pre><script>alert(2)</script>'\n```\n"
    )
    html_output = v4.new_output(
        "display_data", {"text/html": "<table><tr><td onclick='x()'>1</td></tr></table><script>x</script>"}
    )
    stream = v4.new_output("stream", name="stdout", text="<script>alert(3)</script>\n")
    got = page(tmp_path, evil, cell1=[html_output, stream])
    body = got.split("</head>")[1]
    assert "<script" not in body
    assert "onclick" not in body
    assert "onerror" not in body
    assert 'href="javascript:' not in body
    assert "refresh" not in body
    assert "<iframe" not in body
    assert "@import" not in body
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//(?!example)""", body)
    assert "default-src 'none'" in got
    assert "<td>1</td>" in body
    assert all(address.startswith("data:") for address in re.findall(r'<img[^>]*src="([^"]*)"', body))


def test_pictures_of_the_notes_are_put_in(tmp_path: Path) -> None:
    (tmp_path / "img").mkdir()
    Image.new("L", (3, 2)).save(tmp_path / "img" / "图 1.png")
    (tmp_path.parent / "secret.png").write_bytes(b"x")
    got = page(
        tmp_path, "![p](img/图%201.png) <img src='img/图 1.png' width=40> ![q](../secret.png) ![r](none.png)"
    )
    data = base64.b64encode((tmp_path / "img" / "图 1.png").read_bytes()).decode()
    assert got.count(f"data:image/png;base64,{data}") == 2
    assert 'width="40"' in got
    assert base64.b64encode(b"x").decode() + '"' not in got
    assert got.count('class="missing"') == 2


def test_every_kind_of_output(tmp_path: Path) -> None:
    outputs = [
        v4.new_output("stream", name="stdout", text="10%\r50%\r100%\nnext\n"),
        v4.new_output("stream", name="stderr", text="\x1b[31mred\x1b[0m"),
        v4.new_output("execute_result", {"text/plain": "tensor(1 < 2)"}),
        v4.new_output("display_data", {"image/svg+xml": "<svg/>", "text/plain": "Figure"}),
        v4.new_output(
            "display_data", {"image/png": "QUJD\n", "text/plain": "F"}, metadata={"image/png": {"width": 80}}
        ),
        v4.new_output("display_data", {"text/latex": "$x^2$", "text/plain": "x"}),
        v4.new_output("error", ename="E", evalue="v", traceback=["\x1b[0mCell In[1], line 1", "E: v"]),
    ]
    got = page(tmp_path, "```python\nx\n```", cell1=outputs)
    assert "100%\nnext</pre>" in got
    assert "50%" not in got
    assert ">red</pre>" in got
    assert "tensor(1 &lt; 2)" in got
    assert base64.b64encode(b"<svg/>").decode() in got
    assert 'width="80" src="data:image/png;base64,QUJD"' in got
    assert "<msup>" in got
    assert "\x1b" not in got
    assert "Cell In[1], line 1" in got


def test_it_says_what_was_supplied_and_what_failed(tmp_path: Path) -> None:
    document = Document(
        tmp_path / "a.md", parse_markdown("# 题 *一*\n\n```python\nx\n\n1 / 0\n```\n\n```python\ny\n```")
    )
    failed = Outcome(document.cells[0], [], 1, 0.1, "ZeroDivisionError: division by zero", 3)
    got = show(document, [failed, Outcome(document.cells[1])])
    assert f"{tmp_path / 'a.md'}, cell 1, line 6" in got
    assert "Supplied" in got
    assert "<title>题 一</title>" in got
    assert 'lang="zh"' in got
    assert got.count("ZeroDivisionError") == 2  # at the top and under its cell
    assert "1 of 2 cells, 1 failed" in got
    assert 'class="cell idle"' in got
    assert "2026-01-02 03:04" in got
    notebook = Document(tmp_path / "a.ipynb", document.parts, "cell")
    assert (
        Run(notebook, [failed], {}, 0, Path("a.html"), Path("b.ipynb")).place(1)
        == f"{tmp_path / 'a.ipynb'}, cell 1, line 3"
    )


@pytest.mark.parametrize(
    "text",
    [
        "损失\n$$a=b$$\n然后",
        "损失\n$$\na = b\n$$\n然后",
        "$$a = b$$",
        "公式 $$a=b$$ 在行内",
        "- 项\n  $$a=b$$",
        "$$\n\\begin{split}a\\end{split}\n$$",
    ],
)
def test_displayed_formulas_however_they_stand(tmp_path: Path, text: str) -> None:
    got = page(tmp_path, text)
    assert "<math" in got
    assert "$$" not in got


def test_money_is_no_formula(tmp_path: Path) -> None:
    assert "<math" not in page(tmp_path, "It costs $5 or so.")


def test_chinese_brings_its_font() -> None:
    assert embed_font("plain text") == ""
    if cjk_font() is None:
        pytest.skip("needs a font with Chinese characters, such as fonts-wqy-microhei")
    small, large = embed_font("中"), embed_font("中文字体子集测试")
    assert small.startswith("@font-face")
    assert len(small) < len(large) < 60_000


def test_what_an_output_says_of_a_picture_is_not_trusted(tmp_path: Path) -> None:
    evil = '"><meta http-equiv=refresh content=0>'
    outputs = [
        v4.new_output("display_data", {"image/png": evil}, metadata={"image/png": {"width": "²"}}),
        v4.new_output("display_data", {"image/png": "QUJD"}, metadata={"image/png": [1]}),
        v4.new_output("display_data", {"text/html": "<IMG SRC='http://evil.example/x.png'>"}),
        v4.new_output("display_data", {"text/html": "<img alt='a>b' src='data:image/png;base64,QUJD'>"}),
    ]
    body = page(tmp_path, "```python\nx\n```", cell1=outputs).split("</head>")[1]
    assert "<meta" not in body
    assert "src='http" not in body.lower()
    assert 'src="http' not in body.lower()
    assert body.count('src="data:image/png;base64,QUJD"') == 2


@pytest.mark.parametrize("text", ["\ue0005\ue001 a", "&#xe000;7&#xe001;", "0123456789abcdef-0-"])
def test_no_sign_of_the_notes_is_taken_for_ours(tmp_path: Path, text: str) -> None:
    assert "<main>" in page(tmp_path, text)


def test_pictures_that_lead_elsewhere_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    got = page(
        tmp_path,
        "![a](loop.png) ![b](/etc/x.png) ![c](//host/x.png) ![d](<C:/x.png>) ![e](<\\\\host\\x.png>)",
    )
    assert got.count('class="missing"') == 5


def test_attachments_of_a_notebook_are_pictures(tmp_path: Path) -> None:
    text = Text("![a](attachment:a.png)", {"a.png": {"image/png": "QUJD"}})
    assert 'src="data:image/png;base64,QUJD"' in show(Document(tmp_path / "a.ipynb", (text,), "cell"), [])


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        (r"\(a_{ij}\) 和 \[\frac{a}{b}\]", 2),
        ("\\begin{equation}\na = b\n\\end{equation}", 1),
        ("$$\n\\begin{align}\na &= b\n\\end{align}\n$$", 1),
        ("价格 $5 和 $6 元", 0),
        ("`\\(code\\)` and `$x$`", 0),
        ("```math\na = b\n```", 1),
        ("式 :eqlabel:`eq_x` 完 [toc]", 0),
    ],
)
def test_formulas_however_they_are_marked(tmp_path: Path, text: str, formulas: int) -> None:
    body = page(tmp_path, text).split("</head>")[1]
    assert body.count("<math") == formulas
    assert ":eqlabel:" not in body


def test_markdown_that_people_use(tmp_path: Path) -> None:
    text = "a[^1]\n\n[^1]: 脚注\n\n- [x] done\n\n| a | b |\n|:-:|--:|\n| 1 | 2 |\n"
    body = page(tmp_path, text).split("</head>")[1]
    assert "脚注" in body
    assert 'type="checkbox"' in body
    assert "text-align:right" in body.replace(": ", ":")
