"""The training figure in a notebook, redrawn when an epoch has ended."""

from __future__ import annotations

from typing import Any

from linnet.plot.curves import curves
from linnet.plot.save import render
from linnet.train.callbacks import Callback, State
from linnet.train.terminal import ending, line


class LiveFigure(Callback):
    """One figure in the cell's output, with the latest epoch in words under it."""

    def __init__(self) -> None:
        self._handle: Any = None

    def epoch_end(self, state: State) -> None:
        """Redraw."""
        from IPython.display import SVG, display

        picture = SVG(render(curves(state.history.records, state.dataset.name), ".svg").decode())
        if self._handle is None:
            self._handle = display(picture, display_id=True)
        else:
            self._handle.update(picture)

    def end(self, state: State) -> None:
        """Print the last epoch's figures, and why the run ended early if it did."""
        if state.history.last:
            print(line(state.history.last))
        if note := ending(state):
            print(note)
