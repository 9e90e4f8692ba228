"""Runs the cells of notes, one after another, in a fresh kernel."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType

import nbformat
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from linnet.errors import INTERRUPTED, KernelError, on_ctrl_c
from linnet.notes.document import Block, Outcome

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

PREPARE = (
    "from linnet.notes.kernel import prepare as _prepare\n_prepare({imports!r}, {script!r})\ndel _prepare"
)


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

    Raises:
        KernelError: the kernel could not be started or set up.
    """
    outcomes = [Outcome(cell) for cell in cells]
    client = _make_client(cells, folder, timeout)
    interrupt = _KillOnInterrupt(client)
    with _run_kernel(client), on_ctrl_c(interrupt):
        _prepare(client, imports, script)
        for number, outcome in enumerate(outcomes):
            progress(number, None)
            is_alive = _run(client, number, outcome, interrupt)
            progress(number, outcome)
            if outcome.ended or (outcome.error and (not keep_going or not is_alive)):
                break
    return outcomes


@contextlib.contextmanager
def _run_kernel(client: NotebookClient) -> Iterator[None]:
    """The kernel running, and gone afterwards."""
    with tempfile.TemporaryFile() as messages:  # what the kernel itself says, not the notes
        try:
            running = client.setup_kernel(
                env=_make_environment(), cleanup_kc=True, stdout=subprocess.DEVNULL, stderr=messages
            )
            running.__enter__()
        except (RuntimeError, DeadKernelError) as error:
            messages.seek(0)
            written = messages.read().decode(errors="replace")
            raise KernelError(f"the kernel did not start: {_last_line(written or str(error))}") from error
        try:
            yield
        finally:
            with contextlib.suppress(DeadKernelError):
                running.__exit__(None, None, None)


class _KillOnInterrupt:
    """Whether Ctrl-C was pressed, which ends the kernel and so whatever waits for it.

    The exception alone is not enough: raised within a callback of the event loop it may be lost.

    Args:
        client: whose kernel it is.
    """

    def __init__(self, client: NotebookClient) -> None:
        self.client, self.is_raised = client, False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Take the signal."""
        self.is_raised = True
        provisioner = self.client.km.provisioner if self.client.km is not None else None
        if isinstance(provisioner, LocalProvisioner) and provisioner.process is not None:
            provisioner.process.kill()
        raise KeyboardInterrupt


def _prepare(client: NotebookClient, imports: Sequence[str], script: str) -> None:
    hidden = nbformat.v4.new_code_cell(PREPARE.format(imports=list(imports), script=script))
    client.nb.cells.append(hidden)  # last, so that the others keep their numbers
    allowed, client.timeout = client.timeout, None  # a cell's time does not count imports of torch
    try:
        client.execute_cell(hidden, len(client.nb.cells) - 1, store_history=False)
    except (CellExecutionError, DeadKernelError) as error:
        raise KernelError(f"the kernel could not be set up: {_last_line(str(error))}") from error
    finally:
        client.timeout = allowed


def _make_client(cells: Sequence[Block], folder: Path, timeout: float | None) -> NotebookClient:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.source) for cell in cells])
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=_ThisPython())
    return NotebookClient(
        book,
        km=manager,
        resources={"metadata": {"path": str(folder)}},
        timeout=None if timeout is None else math.ceil(timeout),
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


def _make_environment() -> dict[str, str]:
    """The kernel's environment: this program's, with what depends on the folder or on a screen set right."""
    kept = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    if kept.get("LINNET_DATA"):
        kept["LINNET_DATA"] = str(Path(kept["LINNET_DATA"]).expanduser().absolute())
    return {**kept, "PYTHONIOENCODING": "utf-8"}


def _run(client: NotebookClient, number: int, outcome: Outcome, interrupt: _KillOnInterrupt) -> bool:
    """Run one cell; whether the kernel is still there."""
    cell = client.nb.cells[number]
    started = time.perf_counter()
    is_alive = True
    if outcome.cell.is_session:  # as at the prompt, each expression shows its value
        _show_values(client, "all")
    try:
        client.execute_cell(cell, number)
    except CellExecutionError as error:
        _record_failure(outcome, cell, error, client.timeout)
    except CellTimeoutError:
        outcome.error = _describe_timeout(client.timeout)
    except DeadKernelError:
        died = "the kernel died: it may have run out of memory"
        outcome.error, is_alive = INTERRUPTED if interrupt.is_raised else died, False
    except KeyboardInterrupt:
        # The cell's task is left behind; that its kernel is gone then is nothing to tell.
        logging.getLogger("asyncio").addFilter(_is_news)
        outcome.error, is_alive = INTERRUPTED, False
    if outcome.cell.is_session and is_alive:
        _show_values(client, "last_expr")
    outcome.seconds = time.perf_counter() - started
    outcome.outputs, outcome.count = list(cell.outputs), cell.execution_count
    return is_alive


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line of asyncio's log says more than that a kernel is gone."""
    return not (record.exc_info and isinstance(record.exc_info[1], DeadKernelError))


def _show_values(client: NotebookClient, which: str) -> None:
    """Have the cells that follow show the value of their last expression, or of all."""
    assert client.kc is not None, "the kernel runs"
    client.kc.execute(f"get_ipython().ast_node_interactivity = {which!r}", silent=True)


def _record_failure(
    outcome: Outcome, cell: nbformat.NotebookNode, error: CellExecutionError, timeout: float | None
) -> None:
    """Say of a cell's exception what it was and where."""
    frames = [(int(count), int(line)) for count, line in FRAME.findall(ANSI.sub("", error.traceback))]
    own = [line for count, line in frames if count == cell.execution_count]
    outcome.line = own[0] if own else 0
    outcome.origin = frames[-1] if frames and frames[-1] != (cell.execution_count, outcome.line) else None
    if error.ename == "SystemExit" and error.evalue in ("", "0", "None"):
        outcome.ended = True
        cell.outputs = [
            o for o in cell.outputs if o.output_type != "error" and "To exit:" not in o.get("text", "")
        ]
    elif error.ename == "KeyboardInterrupt" and timeout is not None:
        outcome.error = _describe_timeout(timeout)
    elif error.ename == "StdinNotImplementedError":
        outcome.error = "the notes ask for input(), which nobody is there to answer"
    else:
        outcome.error = _shorten(error.ename, error.evalue)


FRAME = re.compile(r"Cell In\[(\d+)\], line (\d+)")
"""A place in the notes in a traceback of the kernel's."""


def _describe_timeout(timeout: float | None) -> str:
    return f"took longer than {timeout:g} s"


def _shorten(name: str, message: str) -> str:
    """An error in one line; the kernel's own name for a cell's file says nothing to a reader."""
    plain = re.sub(r" \([^()]*\d+\.py, line \d+\)$", "", ANSI.sub("", message))
    return " ".join(f"{name}: {plain}".split()).rstrip(":")[:400]


def _last_line(text: str) -> str:
    lines = [line for line in ANSI.sub("", text).splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given"
