from __future__ import annotations

import subprocess
import sys
from dataclasses import FrozenInstanceError, dataclass, replace

import pytest
import torch

from linnet import lazy


def test_torch_is_imported_when_something_of_it_is_used() -> None:
    code = (
        "import sys; from linnet.lazy import is_tensor, torch\n"
        "print(is_tensor(1), 'torch' in sys.modules)\n"
        "print(is_tensor(torch.ones(1)), 'torch' in sys.modules)"
    )
    said = subprocess.check_output([sys.executable, "-c", code], text=True).splitlines()
    assert said == ["False False", "True True"]


def test_work_is_done_beside_the_import_and_its_errors_come_through() -> None:
    code = (
        "import sys, threading; from linnet.lazy import import_beside\n"
        "print(import_beside(lambda: threading.current_thread() is threading.main_thread()))\n"
        "print('torch' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["False", "True"]
    with pytest.raises(ZeroDivisionError):
        lazy.import_beside(lambda: 1 / 0)


def test_who_does_without_torch_does_not_import_it_beside_work() -> None:
    code = (
        "import sys; from linnet.lazy import do_without, import_beside\n"
        "with do_without(): print(import_beside(lambda: 'done'), 'torch' in sys.modules)\n"
        "print(import_beside(lambda: 'done'), 'torch' in sys.modules)"
    )
    said = subprocess.check_output([sys.executable, "-c", code], text=True).splitlines()
    assert said == ["done False", "done True"]


def test_a_field_is_kept_as_it_came_until_it_is_read() -> None:
    @lazy.lazy_fields(str, int, "number")
    @dataclass(frozen=True)
    class Kept:
        number: object
        name: str = "own"

    kept = Kept("12")
    assert (lazy.held(kept, "number"), kept.name) == ("12", "own")
    assert (kept.number, lazy.held(kept, "number")) == (12, 12)
    assert replace(kept, number="7").number == 7
    with pytest.raises(FrozenInstanceError):
        kept.number = "9"  # type: ignore[misc]


def test_what_is_a_tensor() -> None:
    assert lazy.is_tensor(torch.ones(2))
    assert lazy.torch.ones is torch.ones
    assert not lazy.is_tensor([1.0])
