"""Prints the size of the source tree beside an earlier commit's: `python -m tests.support.size [COMMIT]`."""

from __future__ import annotations

import argparse
import ast
import io
import subprocess
import tarfile
import tokenize
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
SOURCES = PurePosixPath("src/linnet")
TESTS = PurePosixPath("tests")
START, END = "daeccbd", "4e5d36b"  # where the redesign of the layout begins and ends
LONG = 300
ONE_FILE_A_THING = (
    "cli",
    "export",
    "plot",
    "data/formats",
    "data/sources",
)  # a command, a format, a figure each

Tree = Mapping[PurePosixPath, str]
"""Python files below the root, by their paths."""


def read_commit(commit: str) -> Tree:
    """The sources and tests of a commit."""
    packed = subprocess.run(
        ["git", "archive", commit, str(SOURCES), str(TESTS)], cwd=ROOT, check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        names = [name for name in archive.getnames() if name.endswith(".py")]
        files = {PurePosixPath(name): archive.extractfile(name) for name in names}
        return {path: file.read().decode("utf-8") for path, file in files.items() if file}


def read_checkout() -> Tree:
    """The sources and tests as they stand, committed or not."""
    return {
        PurePosixPath(path.relative_to(ROOT).as_posix()): path.read_text("utf-8")
        for folder in (SOURCES, TESTS)
        for path in (ROOT / folder).rglob("*.py")
    }


def modules_of(tree: Tree) -> Tree:
    """The modules of the library by dotted path, `linnet.data.idx` or `linnet.data`."""
    return {path: text for path, text in tree.items() if path.is_relative_to(SOURCES)}


def docstrings(module: ast.Module) -> Iterator[ast.Expr]:
    """The strings that stand alone in a module: of itself, its classes, functions and constants."""
    constants = (node for node in ast.walk(module) if isinstance(node, ast.Expr))
    return (node for node in constants if isinstance(getattr(node.value, "value", None), str))


def count_statements(text: str) -> int:
    """Statements of the syntax tree, docstrings left out."""
    module = ast.parse(text)
    return sum(isinstance(node, ast.stmt) for node in ast.walk(module)) - sum(1 for _ in docstrings(module))


def explained_lines(text: str) -> set[int]:
    """The numbers of the lines that hold a comment or a part of a docstring."""
    lines = {
        token.start[0]
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    }
    for node in docstrings(ast.parse(text)):
        lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def share_of_explanation(texts: Iterable[str]) -> float:
    """Lines with comments and docstrings per line that is not blank."""
    explained = written = 0
    for text in texts:
        lines = text.splitlines()
        explained += sum(bool(lines[number - 1].strip()) for number in explained_lines(text))
        written += sum(bool(line.strip()) for line in lines)
    return explained / written


def folder_sizes(modules: Tree) -> Counter[str]:
    """Modules directly in a folder, without `__init__` and folders of one file a thing."""
    sizes = Counter(str(path.parent.relative_to(SOURCES)) for path in modules if path.name != "__init__.py")
    return Counter({name: size for name, size in sizes.items() if name not in ONE_FILE_A_THING})


def dotted(path: PurePosixPath) -> str:
    """`linnet.data.idx` for src/linnet/data/idx.py; a package is named by its folder."""
    parts = path.relative_to(SOURCES.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(text: str, known: Mapping[str, object]) -> Iterator[str]:
    """The modules among those known that a file imports, those inside its functions too."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield from (name for name in [inner if inner in known else node.module] if name in known)


def import_cycles(modules: Tree) -> list[list[str]]:
    """Groups of modules that import each other, in circles however long."""
    names = {dotted(path): text for path, text in modules.items()}
    edges = {name: set(imports(text, names)) - {name} for name, text in names.items()}
    reached = {name: reach(name, edges) for name in edges}
    groups = {
        frozenset(other for other in reached[name] if name in reached[other])
        for name in edges
        if name in reached[name]
    }
    return sorted(sorted(group) for group in groups)


def reach(start: str, edges: Mapping[str, set[str]]) -> set[str]:
    """All that a module imports, directly or not."""
    seen: set[str] = set()
    waiting = list(edges[start])
    while waiting:
        if (name := waiting.pop()) not in seen:
            seen.add(name)
            waiting += edges[name]
    return seen


def without_mirror(tree: Tree) -> list[str]:
    """Modules X/Y.py that no tests/X/test_Y.py mirrors, those with two leading underscores left out."""
    modules = [path for path in modules_of(tree) if not path.name.startswith("_")]
    return sorted(str(path) for path in modules if mirror(path) not in tree)


def mirror(path: PurePosixPath) -> PurePosixPath:
    """The test module of a module, tests/data/test_idx.py of src/linnet/data/idx.py."""
    return TESTS / path.relative_to(SOURCES).with_name(f"test_{path.name}")


@dataclass(frozen=True)
class Figure:
    """A figure of a tree and its target.

    Args:
        name: as it is printed.
        value: of a tree.
        target: in words.
        holds: whether it is met, of the values then and now.
        form: of the value, as `format` takes it.
    """

    name: str
    value: Callable[[Tree], float]
    target: str
    holds: Callable[[float, float], bool]
    form: str = ",.0f"

    def line(self, then: Tree, now: Tree) -> str:
        """A row of the table."""
        before, after = self.value(then), self.value(now)
        change = f"{after / before - 1:+.1%}" if before else ""
        mark = "yes" if self.holds(before, after) else "no"
        values = f"{before:>8{self.form}} {after:>8{self.form}} {change:>8}"
        return f"{self.name:<42} {values}  {self.target:<24} {mark}"


def mirrored_share(tree: Tree) -> float:
    """Modules with a test module of their own among all."""
    count = sum(not path.name.startswith("_") for path in modules_of(tree))
    return 1 - len(without_mirror(tree)) / count


FIGURES = (
    Figure("modules", lambda tree: len(modules_of(tree)), "15 % fewer", lambda a, b: b <= 0.85 * a),
    Figure(
        "statements, docstrings left out",
        lambda tree: sum(map(count_statements, modules_of(tree).values())),
        "8 % fewer",
        lambda a, b: b <= 0.92 * a,
    ),
    Figure(
        "share of comments and docstrings",
        lambda tree: share_of_explanation(modules_of(tree).values()),
        "not lower",
        lambda a, b: b >= a,
        ".2%",
    ),
    Figure(
        "modules in the largest folder",
        lambda tree: max(folder_sizes(modules_of(tree)).values()),
        "at most 12",
        lambda a, b: b <= 12,
    ),
    Figure(
        f"modules of more than {LONG} lines",
        lambda tree: sum(len(text.splitlines()) > LONG for text in modules_of(tree).values()),
        "none",
        lambda a, b: b == 0,
    ),
    Figure(
        "circles of imports, lazy ones included",
        lambda tree: len(import_cycles(modules_of(tree))),
        "none",
        lambda a, b: b == 0,
    ),
    Figure(
        "modules with a test module of their own", mirrored_share, "not lower", lambda a, b: b >= a, ".0%"
    ),
)


def details(tree: Tree) -> Iterator[str]:
    """What is behind the figures: the folders, modules and circles that exceed a target."""
    modules = modules_of(tree)
    yield from (
        f"folder of {size}: {name}" for name, size in folder_sizes(modules).most_common() if size > 12
    )
    yield from (
        f"{len(text.splitlines())} lines: {path}"
        for path, text in sorted(modules.items())
        if len(text.splitlines()) > LONG
    )
    yield from ("circle: " + ", ".join(group) for group in import_cycles(modules))
    yield from (f"no test module: {path}" for path in without_mirror(tree))


def main() -> None:
    """Print the table, and with --details what is behind it."""
    parser = argparse.ArgumentParser(
        description="The size of the source tree beside that of an earlier commit."
    )
    parser.add_argument("commit", nargs="?", default=START, help=f"to compare with (default: {START})")
    parser.add_argument("--until", help=f"in place of the checkout, such as {END}, where the redesign ended")
    parser.add_argument("--details", action="store_true", help="list what exceeds a target")
    given = parser.parse_args()
    then, now = read_commit(given.commit), read_commit(given.until) if given.until else read_checkout()
    print(f"{'':<42} {given.commit[:8]:>8} {(given.until or 'now')[:8]:>8} {'change':>8}  {'target':<24} met")
    for figure in FIGURES:
        print(figure.line(then, now))
    if given.details:
        print("", *details(now), sep="\n")


if __name__ == "__main__":
    main()
