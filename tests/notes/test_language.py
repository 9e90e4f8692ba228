from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexers import get_all_lexers

from linnet.notes.language import (
    OTHERS,
    PYTHON,
    find_names,
    find_tag,
    is_python,
    looks_like_python,
    strip_magics,
    strip_prompts,
)


@pytest.mark.parametrize(
    ("info", "word"),
    [
        ("python", "python"),
        (" Python ", "python"),
        ("{.python .input}", "python"),
        ("{.python .input  n=3}", "python"),
        ("{python}", "python"),
        ("{#listing .python}", "python"),
        ("{code-cell} ipython3", "code-cell"),
        ("python=", "python"),
        ("python:run", "python"),
        ("python {cmd=true}", "python"),
        ("python,linenos", "python"),
        ("c++", "c++"),
        ("", ""),
        ("=", ""),
        ("#5", ""),
    ],
)
def test_the_tag_of_a_fence(info: str, word: str) -> None:
    assert find_tag(info) == word


PYTHON_TAGS = """
    python py python3 py3 ipython code-cell pyhton pyton pythn phyton pytohn pthon pythons pyython pyhton3
    phython pyhtno pyhtn ipyhton pyhtom piton typhon
""".split()  # noqa: SIM905
OTHER_TAGS = """
    cython jython text bash sh json pytb photo pie typhoon path c java output
    python-repl antlr-python pythontex
""".split()  # noqa: SIM905


@pytest.mark.parametrize("word", PYTHON_TAGS)
def test_tags_that_mean_python(word: str) -> None:
    assert is_python(word)


@pytest.mark.parametrize("word", OTHER_TAGS)
def test_tags_that_do_not(word: str) -> None:
    assert not is_python(word)


@pytest.mark.parametrize("word", sorted(OTHERS))
def test_no_other_language_is_a_slip(word: str) -> None:
    assert not is_python(word)


def test_no_language_that_pygments_knows_is_a_slip() -> None:
    words = {alias.lower() for _, aliases, *_ in get_all_lexers() for alias in aliases}
    assert {word for word in words if is_python(word)} <= PYTHON


@given(st.integers(0, 5), st.sampled_from("xz9"))
def test_a_letter_changed_dropped_added_or_swapped_is_a_slip(i: int, letter: str) -> None:
    before, here, after = "python"[:i], "python"[i], "python"[i + 1 :]
    assert is_python(before + letter + after)
    assert is_python(before + after)
    assert is_python(before + letter + here + after)
    assert is_python(before + after[:1] + here + after[1:])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1", "x = 1"),
        ("%matplotlib inline\nx", "pass\nx"),
        ("!pip install x", "pass"),
        ("files = !ls", "files = None"),
        ("t = %time f()", "t = None"),
        ("torch.ones?", "pass"),
        ("if x:\n    !ls", "if x:\n    pass"),
        ("%%time\nx = 1", "x = 1"),
        ("%%bash\necho hi", ""),
        ("print('%d'\n      % 3)", "print('%d'\n      % 3)"),
        ("def f(x, x): pass", None),
        ("return x", None),
        ("await f()", "await f()"),
        ("'\\d'", "'\\d'"),
        ("x = = 1", None),
        ("text 文字", None),
    ],
)
def test_magics_are_left_out(source: str, expected: str | None) -> None:
    assert strip_magics(source) == expected


def test_sessions_lose_their_prompts_and_output() -> None:
    assert strip_prompts("x = 1") is None
    session = ">>> x = 1\n>>> x\n1\n>>> for i in x:\n...     i\n2"
    assert strip_prompts(session) == "x = 1\nx\n\nfor i in x:\n    i"  # lines keep their numbers
    assert strip_prompts(">>>x = 2\n>>>x\n2") == "x = 2\nx"
    transcript = "In [3]: y = torch.ones(2)\n   ...: y\nOut[3]: tensor([1., 1.])\n\nIn [4]: y + 1"
    assert strip_prompts(transcript) == "y = torch.ones(2)\ny\n\n\ny + 1"


def test_prompts_inside_of_code_are_left_alone() -> None:
    documented = 'def f(x):\n    """Add.\n\n    >>> f(1)\n    2\n    """\n    return x + 1'
    assert strip_prompts(documented) is None
    assert looks_like_python(documented, set(), set())


CODE = [
    "import torch",
    "x = 1",
    "x += 1",
    "def f(): return 1",
    "for i in range(3): print(i)",
    "net.train()",
    "print(x)",
    "x",
    "x.shape, net",
    "x == net",
    "net[0].weight.data",
    "%matplotlib inline\nimport torch",
    "a: int = 3",
]
SHOWN = [
    "",
    "# just a remark",
    "0.5",
    "True",
    "nan",
    "'3.37 sec'",
    "(60000, 10000)",
    "[1, 2, 3]",
    "tensor([0., 1.])",
    "torch.Size([1, 28, 28])",
    "torch.float32",
    "(torch.Size([256]), torch.float32)",
    "array([1., 2.])",
    "label: tensor([5.2])",
    "loss: 0.04",
    "epoch 1, loss 0.04",
    "Sequential(\n  (0): Flatten()\n)",
    "pip install d2l",
    "y = Xw + b",
    "unknown(3)",
    "unknown",
    "coat",
    "!ls",
]


@pytest.mark.parametrize("source", CODE)
def test_code_without_a_tag_is_run(source: str) -> None:
    assert looks_like_python(source, {"x", "net"}, {"torch", "np"})


@pytest.mark.parametrize("source", SHOWN)
def test_output_and_remarks_are_not(source: str) -> None:
    assert not looks_like_python(source, {"x", "net"}, {"torch", "np"})


def test_names_of_all_scopes() -> None:
    found = find_names(
        "import os.path as p\nfrom a import b\nx = [y for z in w]\n"
        "def f(q):\n    global g\n    g = h\n    return q\n"
        "class C(base):\n    k = late\nfor i in i2: pass\nwith o as r: pass\n"
    )
    assert found.bound == {"p", "b", "x", "f", "C", "g", "i", "r"}
    assert {"w", "y", "base", "late", "i2", "o"} <= found.used
    assert "h" in found.used_later
    assert "h" not in found.used
    assert not {"q", "k"} & (found.used | found.used_later)
