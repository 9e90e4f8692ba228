from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from linnet.d2l import animator as module
from linnet.d2l.animator import Animator, File, Notebook
from linnet.errors import ShapeError


@pytest.fixture(autouse=True)
def _own_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures of a program of this test's own, and nothing left to do at the end."""
    monkeypatch.setattr(module.shelf, "at_exit", lambda work: None)
    monkeypatch.setattr("sys.argv", ["program.py"])


def curves(animator: Animator) -> list[list[tuple[float, float]]]:
    return [list(zip(x, y, strict=True)) for x, y in zip(animator.X, animator.Y, strict=True)]


def test_points_go_to_their_curves() -> None:
    animator = Animator(legend=["a", "b"])
    animator.add(1, (0.5, None))
    animator.add(torch.tensor(2), [torch.tensor(0.25), 0.75])
    animator.add([3, 4], (1, 2))
    assert curves(animator) == [[(1, 0.5), (2, 0.25), (3, 1)], [(2, 0.75), (4, 2)]]
    single = Animator()
    single.add(1, 5)
    assert curves(single) == [[(1, 5)]]
    with pytest.raises(ShapeError, match="2 x for 3 y"):
        animator.add([1, 2], (1, 2, 3))


def test_drawing_puts_every_curve_on_the_first_axes() -> None:
    animator = Animator(
        xlabel="epoch",
        ylabel="loss",
        xlim=[1, 3],
        ylim=[1e-2, 1],
        yscale="log",
        legend=["a", "b"],
        nrows=1,
        ncols=2,
    )
    for epoch in (1, 2, 3):
        animator.add(epoch, (1 / epoch, 0.5 / epoch))
    animator.draw()
    axes = animator.axes[0]
    assert len(animator.axes) == 2
    assert [np.asarray(line.get_ydata()).tolist() for line in axes.lines] == [
        [1, 1 / 2, 1 / 3],
        [0.5, 0.25, 0.5 / 3],
    ]
    assert (axes.get_xlim(), axes.get_yscale(), axes.get_xlabel()) == ((1, 3), "log", "epoch")
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b"]


def test_drawing_takes_a_share_of_the_time_only(monkeypatch: pytest.MonkeyPatch) -> None:
    animator = Animator()
    drawn: list[float] = []
    clock = [0.0]

    def show() -> None:
        drawn.append(clock[0])
        clock[0] += 1.0  # a drawing takes a second

    monkeypatch.setattr(animator._screen, "show", show)
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    for step in range(100):
        animator.add(step + 0.5, 1.0)
        clock[0] += 0.5
    assert len(drawn) == pytest.approx(50 / module.SHARE, abs=1)  # a fifth of the time went into pictures
    animator.draw()
    assert not animator._is_drawn or animator.Y[0][-1] == 1.0
    count = len(drawn)
    animator.draw()  # nothing new
    assert len(drawn) == count


def test_lines_and_a_file_where_nothing_else_is(capsys: pytest.CaptureFixture[str]) -> None:
    animator = Animator(xlabel="epoch", legend=["loss", "acc"])
    assert isinstance(animator._screen, File)
    animator.add(0.5, (1.0, 0.1))
    assert capsys.readouterr().out == ""  # half an epoch is no line
    animator.add(1, (0.75, 0.25))
    assert capsys.readouterr().out == "epoch 1: loss 0.75, acc 0.25\n"
    animator.add(2, (0.5, None))
    assert capsys.readouterr().out == ""  # the rest of the epoch may come
    animator.add(3, (0.25, None))
    assert capsys.readouterr().out == "epoch 2: loss 0.5\n"
    animator.finish()
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "epoch 3: loss 0.25"
    path = Path(out[1].removeprefix("figure: "))
    assert path.parent == Path("d2l-figures")
    before = path.read_bytes()
    animator.finish()
    assert capsys.readouterr().out == ""  # said once
    animator.add(4, (0.1, 0.9))
    animator.finish()
    assert f"figure: {path}" in capsys.readouterr().out
    assert path.read_bytes() != before


def test_curves_without_names_are_numbered(capsys: pytest.CaptureFixture[str]) -> None:
    Animator(legend=["loss"]).add(1, (1, 2))
    assert capsys.readouterr().out == "x 1: loss 1, y1 2\n"


class Events:
    """A kernel's hooks."""

    def __init__(self) -> None:
        self.hooks: list[Any] = []

    def register(self, name: str, hook: Any) -> None:
        assert name == "post_execute"
        self.hooks.append(hook)

    def unregister(self, name: str, hook: Any) -> None:
        self.hooks.remove(hook)


def test_a_notebook_gets_one_picture_brought_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures: list[str] = []
    events = Events()

    class Handle:
        def update(self, picture: Any) -> None:
            pictures.append(picture.data)

    def display(picture: Any, display_id: bool) -> Handle:
        assert display_id
        assert not pictures
        pictures.append(picture.data)
        return Handle()

    monkeypatch.setattr(module, "surface", lambda: "notebook")
    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr("IPython.get_ipython", lambda: type("Shell", (), {"events": events}))
    animator = Animator(xlabel="epoch")
    assert isinstance(animator._screen, Notebook)
    for epoch in range(1, 30):
        animator.add(epoch, 1 / epoch)
    assert 1 <= len(pictures) < 29
    assert len(events.hooks) == 1
    animator._due = 0
    events.hooks[0]()  # the cell has ended
    assert events.hooks == []
    assert animator._is_drawn
    assert all("<svg" in picture for picture in pictures)
