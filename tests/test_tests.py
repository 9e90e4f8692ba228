"""Rules that the tests themselves keep."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tests.support.check import importers, select_tests
from tests.support.size import (
    count_statements,
    import_cycles,
    modules_of,
    share_of_explanation,
    without_mirror,
)

HERE = Path(__file__).parent


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, those inside its functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_what_tests_share_is_in_support() -> None:
    wrong = [
        f"{path.relative_to(HERE)} imports {name}"
        for path in HERE.rglob("*.py")
        for name in imported(path)
        if name.startswith("tests.") and not name.startswith("tests.support")
    ]
    assert wrong == []


def test_support_holds_no_test() -> None:
    assert sorted((HERE / "support").glob("test_*.py")) == []


TREE = {
    PurePosixPath(path): text
    for path, text in {
        "src/linnet/a.py": '"""One."""\nfrom linnet.b import c\n',
        "src/linnet/b/__init__.py": "",
        "src/linnet/b/c.py": "def late():\n    import linnet.a\n",
        "src/linnet/d.py": "from linnet import a  # why\n",
        "tests/b/test_c.py": "",
        "tests/test_more.py": "from linnet.d import a\n",
    }.items()
}


def test_a_circle_is_seen_through_packages_and_functions() -> None:
    assert import_cycles(modules_of(TREE)) == [["linnet.a", "linnet.b.c"]]


def test_docstrings_are_no_statements_and_explain_as_comments_do() -> None:
    text = '"""One."""\nx = 1\n"""Of x."""\n\nif x:  # why\n    x = 2\n'
    assert count_statements(text) == 3
    assert share_of_explanation([text]) == 3 / 5


def test_a_module_is_tested_by_its_mirror_and_by_what_imports_it() -> None:
    assert without_mirror(TREE) == ["src/linnet/a.py", "src/linnet/d.py"]
    changed = [PurePosixPath("src/linnet/b/c.py"), PurePosixPath("src/linnet/d.py")]
    assert importers(TREE, changed) == [PurePosixPath("src/linnet/a.py"), PurePosixPath("tests/test_more.py")]
    assert select_tests(TREE, changed) == ["tests/b/test_c.py", "tests/test_more.py"]
