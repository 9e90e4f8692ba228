"""Kernels that are slow, die, or cannot be set up."""

from __future__ import annotations

from pathlib import Path

import pytest

from linnet.errors import LinnetError
from linnet.notes import execute
from linnet.notes.document import Run
from linnet.notes.run import run_notes
from tests.support.notes import BROKEN, print_outs, write_notes

TIMEOUT = 2

FAULTS = """
```python
import time
time.sleep(60)
```
```python
x = = 1
```
```python
import os
os._exit(3)
```
```python
2
```
"""


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Cells with every fault, each allowed less time than the kernel takes to be set up."""
    folder = tmp_path_factory.mktemp("late")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execute, "PREPARE", f"import time; time.sleep({TIMEOUT + 0.5})")
        path = write_notes(folder, BROKEN + FAULTS)
        return run_notes(path, out=folder / "pages", keep_going=True, timeout=TIMEOUT)


def test_going_on_after_a_failure_and_running_out_of_time(late: Run) -> None:
    assert [failure.split(": ", 1)[1] for failure in late.failures][:3] == [
        "ZeroDivisionError: division by zero (raised in line 7)",
        "took longer than 2 s",
        "SyntaxError: invalid syntax",
    ]
    assert "1" in print_outs(late.outcomes)


def test_the_time_of_a_cell_is_not_the_kernels(late: Run) -> None:
    assert late.outcomes[0].error == late.outcomes[2].error == ""


def test_a_kernel_that_dies_is_a_failure(late: Run) -> None:
    assert len(late.failures) == 4
    assert "kernel died" in late.failures[3]
    assert late.outcomes[-1].count is None
    assert late.page.is_file()


@pytest.mark.parametrize(
    ("setup", "message"), [("raise OSError('no room')", "no room"), ("import os; os._exit(1)", "set up")]
)
def test_a_kernel_that_cannot_be_set_up_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setup: str, message: str
) -> None:
    monkeypatch.setattr(execute, "PREPARE", setup)
    with pytest.raises(LinnetError, match=message):
        run_notes(write_notes(tmp_path, "```python\n1\n```"))
