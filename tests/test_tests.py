"""Rules that the tests themselves keep."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

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
