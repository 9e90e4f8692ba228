from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from IPython.core.events import EventManager, available_events

from linnet.d2l import waiting
from linnet.notes import kernel
from linnet.notes.kernel import SUPPLIED, find_missing


def test_what_no_cell_gives_is_supplied_once_in_order() -> None:
    assert find_missing(["plt.plot(np.arange(3))", "nn.Linear(2, 1); np.ones(2)"]) == {
        "np": "import numpy as np",
        "plt": "from matplotlib import pyplot as plt",
        "nn": "from torch import nn",
    }


def test_what_a_cell_gives_is_not() -> None:
    assert find_missing(["import numpy as np\nfrom torch import nn", "np, nn"]) == {}
    assert find_missing(["data = [1]", "data[0]"]) == {}
    assert find_missing(["def train():\n    random = 3\n    return random"]) == {}


def test_use_before_the_import_is() -> None:
    assert list(find_missing(["torch.ones(2)", "import torch"])) == ["torch"]


def test_functions_may_use_what_comes_later() -> None:
    cells = ["def f():\n    return Accumulator(2), math.pi", "class Accumulator: pass"]
    assert list(find_missing(cells)) == ["math"]


def test_a_name_that_is_used_as_it_is_given() -> None:
    assert list(find_missing(["data = data.TensorDataset(X, y)"])) == ["data"]
    assert find_missing(["for data in loader:\n    data.mean()"]) == {}
    assert find_missing(["[data for data in loader]"]) == {}


@pytest.mark.parametrize(
    ("cell", "supplied"),
    [
        ("display.display(fig)\ndisplay.clear_output(wait=True)", True),
        ("display(df)", False),  # the function that every notebook has
        ("display(df); display.clear_output()", False),
        ("show(display)", False),
    ],
)
def test_display_is_the_module_or_the_function(cell: str, supplied: bool) -> None:
    assert ("display" in find_missing([cell])) is supplied


def test_unknown_names_and_broken_cells_are_left_alone() -> None:
    assert find_missing(["batch_size", "x = = 3", "%%bash\nnp"]) == {}


@pytest.mark.parametrize("name", SUPPLIED)
def test_each_line_gives_its_name(name: str) -> None:
    words = SUPPLIED[name].replace(",", " ").split()
    assert words[-1] == name
    assert words[0] in ("import", "from")


def test_threads_sleep_once_notes_have_brought_torch_whatever_else_they_brought(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sleeps: list[int] = []
    monkeypatch.setattr(waiting, "sleep", lambda: sleeps.append(1))  # which d2l has imported with torch
    shell = SimpleNamespace(events=EventManager(SimpleNamespace(), available_events))  # type: ignore[arg-type]
    with monkeypatch.context() as without:
        without.delitem(sys.modules, "torch")
        kernel._have_threads_sleep(shell)
        shell.events.trigger("pre_run_cell", None)
    assert sleeps == []
    for _ in range(3):
        shell.events.trigger("pre_run_cell", None)
    assert sleeps == [1]
