"""What is set up in the kernel before the first cell. This module is imported there."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Iterable
from typing import Any

SHELL_MAGICS = (
    "bash",
    "cmd",
    "conda",
    "mamba",
    "micromamba",
    "perl",
    "pip",
    "pypy",
    "python",
    "python2",
    "python3",
    "ruby",
    "script",
    "sh",
    "sx",
    "system",
    "uv",
)
SHELL_LINES = ("cd", "pip", "conda", "mamba", "micromamba", "uv", "sx", "system", "alias", "bookmark")


def prepare(imports: Iterable[str], script: str = "") -> None:
    """Make this kernel ready for a learner's notes.

    The book's imports resolve to linnet, figures appear in the cell and have Chinese characters, nothing is
    run by a shell, and what the notes forgot to import is there.

    Args:
        imports: lines that bring the missing names.
        script: the path of a script that is run, which is what it finds in `__file__` and `sys.argv`.
    """
    from IPython import get_ipython

    from linnet import d2l
    from linnet.plot.style import use_cjk_font

    shell: Any = get_ipython()
    d2l.activate()
    shell.run_line_magic("matplotlib", "inline")
    _stay_inline(shell)
    shell.run_line_magic("config", "InlineBackend.figure_format = 'retina'")
    use_cjk_font()
    _without_shell(shell)
    if script:
        sys.argv = [script]
        shell.user_ns["__file__"] = script
    for line in imports:
        with contextlib.suppress(ImportError):  # the cell that needs it says so
            exec(line, shell.user_ns)
    # Five worker processes on two cores are the book's way; the reader can do nothing about the note on it.
    warnings.filterwarnings("ignore", message="This DataLoader will create .* worker processes")


def _stay_inline(shell: Any) -> None:
    """Have figures appear in the cell whatever window the notes ask for; there is no screen."""
    import matplotlib
    from matplotlib import pyplot

    inline = shell.magics_manager.magics["line"]["matplotlib"]
    shell.magics_manager.magics["line"]["matplotlib"] = lambda line: inline("inline")
    matplotlib.use = lambda backend, *, force=True: None
    pyplot.switch_backend = lambda newbackend: None


def _without_shell(shell: Any) -> None:
    """Have `!command` and the magics that start other programs say that they were not run."""

    def not_run(command: str) -> None:
        print(f"not run: {command}  (linnet run calls no shell)")

    def nothing(command: str, *args: Any, **kwargs: Any) -> list[str]:
        not_run(command)
        return []

    shell.system = shell.system_raw = shell.system_piped = not_run
    shell.getoutput = nothing
    magics = shell.magics_manager.magics
    for name in SHELL_MAGICS:
        magics["cell"][name] = lambda line, cell, name=name: not_run(f"%%{name} {line}".rstrip())
    for name in SHELL_LINES:
        magics["line"][name] = lambda line, name=name: not_run(f"%{name} {line}".rstrip())
