"""The quick check between two edits, `make check`: format, lint, types, layers, and some tests.

What a change may break elsewhere is left to `make test`: types are looked at in the changed files and those
that import them, tests run where they mirror or import a changed module, as long as the time allows.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from tests.support.size import TESTS, Tree, dotted, imports, mirror, modules_of, read_checkout

ROOT = Path(__file__).parents[2]
SECONDS = 30.0  # for the tests, so that all of it takes at most 45
AT_MOST = 60  # files that pyright looks at in that time


def git(*arguments: str) -> list[str]:
    """The lines that a git command prints; none where it fails."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.splitlines() if done.returncode == 0 else []


def changed_files(base: str | None) -> list[PurePosixPath]:
    """Python files that differ from where the branch left another, those not committed included.

    Args:
        base: the commit to compare with; where it is None, the upstream branch or `main`.

    Returns:
        Their paths below the root; deleted files are left out.
    """
    bases = [base] if base else ["@{upstream}", "main"]
    start = next((found[0] for other in bases if (found := git("merge-base", "HEAD", other))), "HEAD")
    names = {*git("diff", "--name-only", start), *git("ls-files", "--others", "--exclude-standard")}
    return [PurePosixPath(name) for name in sorted(names) if name.endswith(".py") and (ROOT / name).is_file()]


def importers(tree: Tree, changed: Sequence[PurePosixPath]) -> list[PurePosixPath]:
    """The files of a tree that import a changed module themselves."""
    known = {dotted(path): path for path in modules_of(tree)} | {
        ".".join(path.with_suffix("").parts): path for path in tree if path.is_relative_to(TESTS)
    }
    touched = {name for name, path in known.items() if path in changed}
    return [path for path, text in tree.items() if path not in changed and touched & {*imports(text, known)}]


def select_tests(tree: Tree, changed: Sequence[PurePosixPath]) -> list[str]:
    """Test modules to run: the changed ones, then mirrors of changed modules, then those that import one."""
    mirrors = [mirror(path) for path in changed if path in modules_of(tree)]
    found = [*changed, *mirrors, *importers(tree, changed)]
    tests = [path for path in found if path in tree and path.name.startswith("test_")]
    return [str(path) for path in dict.fromkeys(tests)]


def run_types(tree: Tree, changed: Sequence[PurePosixPath]) -> int:
    """Run pyright on the changed files and, where those are few, on the ones that import them."""
    others = importers(tree, changed)
    files = [*changed, *others] if len(changed) + len(others) <= AT_MOST else changed[:AT_MOST]
    return run([sys.executable, "-m", "pyright", *map(str, files)]) if files else 0


def run_tests(tests: Sequence[str], seconds: float) -> int:
    """Run test modules until they end or the time is over, which is no failure."""
    if not tests:
        print("no test module mirrors or imports what changed")
        return 0
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "not long", *tests]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            code = process.wait()
            print(f"the tests were ended after {seconds:g} s: `make test` runs all")
            return 0 if code == 2 else code  # pytest's code for an interruption


def run(command: Iterable[str]) -> int:
    """Run a command at the root; its exit code."""
    return subprocess.run(list(command), cwd=ROOT).returncode


def main() -> int:
    """Check, types beside tests; 0 where nothing is wrong."""
    parser = argparse.ArgumentParser(
        description="Format, lint, types, layers, and the tests of changed modules."
    )
    parser.add_argument("--base", help="the commit to compare with (default: the upstream branch, or main)")
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help=f"for the tests (default: {SECONDS:g})"
    )
    given = parser.parse_args()
    programs = Path(sys.executable).parent
    if any(run([str(programs / "ruff"), *part, "."]) for part in (["format", "--check"], ["check"])):
        return 1
    changed, tree = changed_files(given.base), read_checkout()
    codes: list[int] = []
    others = threading.Thread(
        target=lambda: codes.extend([run_types(tree, changed), run([str(programs / "lint-imports")])])
    )
    others.start()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    codes.append(run_tests(select_tests(tree, changed), given.seconds))
    others.join()
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
