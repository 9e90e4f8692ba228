"""The cells of a set of notes, run one after another in a fresh kernel."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linnet.errors import MissingExtraError
from linnet.notes.document import Block

try:
    import nbformat
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
except ImportError as error:
    raise MissingExtraError("running notes", "notes") from error

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

PREPARE = (
    "from linnet.notes.kernel import prepare as _prepare\n_prepare({imports!r}, {script!r})\ndel _prepare"
)


@dataclass
class Outcome:
    """What a cell came to.

    Args:
        cell: which.
        outputs: as a notebook keeps them.
        count: the number in its `In [ ]`; None when it was not run.
        seconds: how long it took.
        error: what went wrong, in one line; empty when nothing did.
        line: the line in the cell that it went wrong in, from 1; 0 when unknown.
    """

    cell: Block
    outputs: list[Any] = field(default_factory=list)
    count: int | None = None
    seconds: float = 0.0
    error: str = ""
    line: int = 0


Progress = Callable[[int, Outcome | None], None]
"""Called with the number of a cell from 0: with None when it begins, and with what it came to."""


def execute(
    cells: Sequence[Block],
    imports: Sequence[str],
    folder: Path,
    *,
    script: str = "",
    keep_going: bool = False,
    timeout: float | None = None,
    progress: Progress = lambda number, outcome: None,
) -> list[Outcome]:
    """Run cells in a fresh kernel of this Python.

    Args:
        cells: in order.
        imports: lines that the kernel executes before them.
        folder: where the kernel works.
        script: the path of the script that the cells are of, if they are.
        keep_going: run what comes after a cell that failed.
        timeout: seconds that a cell may take.
        progress: called as it goes.

    Returns:
        An outcome for each cell; those after a failure have not run, unless `keep_going`. After Ctrl-C the
        cell it struck has the error "interrupted".
    """
    outcomes = [Outcome(cell) for cell in cells]
    client = _client(cells, folder, timeout)
    with client.setup_kernel(env=_environment()):
        hidden = PREPARE.format(imports=list(imports), script=script)
        client.nb.cells.append(nbformat.v4.new_code_cell(hidden))  # last: the others keep their numbers
        client.execute_cell(client.nb.cells[-1], len(cells), store_history=False)
        for number, outcome in enumerate(outcomes):
            progress(number, None)
            is_alive = _run(client, number, outcome)
            progress(number, outcome)
            if outcome.error and (not keep_going or not is_alive):
                break
    return outcomes


def _client(cells: Sequence[Block], folder: Path, timeout: float | None) -> NotebookClient:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.source) for cell in cells])
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=_ThisPython())
    return NotebookClient(
        book,
        km=manager,
        resources={"metadata": {"path": str(folder)}},
        timeout=timeout,
        interrupt_on_timeout=True,
        startup_timeout=120,
    )


class _ThisPython(KernelSpecManager):
    """Kernels of the Python that runs this, whatever kernels are installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The one kernel there is."""
        argv = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        argv.append("--log-level=40")
        return KernelSpec(argv=argv, display_name="Python 3", language="python")


def _environment() -> dict[str, str]:
    """The kernel's environment: this program's, with what depends on the folder or on a screen set right."""
    kept = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    if kept.get("LINNET_DATA"):
        kept["LINNET_DATA"] = str(Path(kept["LINNET_DATA"]).expanduser().absolute())
    return {"OMP_WAIT_POLICY": "passive", **kept, "PYTHONIOENCODING": "utf-8"}


def _run(client: NotebookClient, number: int, outcome: Outcome) -> bool:
    """Run one cell; whether the kernel is still there."""
    cell = client.nb.cells[number]
    started = time.perf_counter()
    is_alive = True
    try:
        client.execute_cell(cell, number)
    except CellExecutionError as error:
        is_late = error.ename == "KeyboardInterrupt" and client.timeout is not None
        outcome.error = _late(client.timeout) if is_late else _said(error.ename, error.evalue)
        outcome.line = _line(error.traceback, cell.execution_count)
    except CellTimeoutError:
        outcome.error = _late(client.timeout)
    except DeadKernelError:
        outcome.error, is_alive = "the kernel died: it may have run out of memory", False
    except KeyboardInterrupt:
        outcome.error, is_alive = INTERRUPTED, False
    outcome.seconds = time.perf_counter() - started
    outcome.outputs, outcome.count = list(cell.outputs), cell.execution_count
    return is_alive


INTERRUPTED = "interrupted"


def _line(traceback: str, count: int | None) -> int:
    """The line of the cell that was run where a traceback starts; 0 when it names none."""
    match = re.search(rf"Cell In\[{count}\], line (\d+)", ANSI.sub("", traceback))
    return int(match[1]) if match else 0


def _late(timeout: float | None) -> str:
    return f"took longer than {timeout:g} s"


def _said(name: str, message: str) -> str:
    """An error in one line; the kernel's own name for a cell's file says nothing to a reader."""
    plain = re.sub(r" \(\d+\.py, line \d+\)$", "", ANSI.sub("", message))
    return " ".join(f"{name}: {plain}".split()).rstrip(":")[:400]
