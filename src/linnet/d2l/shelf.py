"""Where the book's figures go when a program, not a notebook, makes them.

In a notebook the kernel shows them. In a program without a display each becomes a file,
`d2l-figures/PROGRAM-1.svg` and so on, and the program says so; with a display, windows that are still open
when the program ends stay until they are closed.
"""

from __future__ import annotations

import atexit
import sys
from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from linnet.plot.save import save, surface

FOLDER = Path("d2l-figures")


class Shelf:
    """The figures of this program, numbered as they come."""

    def __init__(self) -> None:
        self._count = 0
        self._open: Figure | None = None
        self._last_words: list[Callable[[], None]] = []

    def place(self) -> Path:
        """The path of a new figure."""
        self._count += 1
        program = Path(sys.argv[0]).stem if sys.argv and sys.argv[0] not in ("", "-c", "-") else "figure"
        return FOLDER / f"{program}-{self._count}.svg"

    def put(self, figure: Figure) -> None:
        """Keep a pyplot figure that may still be added to; it is saved when the next one comes, or last."""
        self.finish()
        self._open = figure
        self.at_exit(self.finish)

    def finish(self) -> None:
        """Save the figure that is being added to, and close it."""
        from matplotlib import pyplot

        figure, self._open = self._open, None
        if figure is not None and pyplot.fignum_exists(figure.number):
            path = self.place()
            save(figure, path, tight=True)  # as notebooks do
            pyplot.close(figure)
            print(f"figure: {path}", flush=True)

    def at_exit(self, work: Callable[[], None]) -> None:
        """Do something, once, when the program ends."""
        if work not in self._last_words:
            self._last_words.append(work)
            atexit.register(work)

    def forget(self, work: Callable[[], None]) -> None:
        """Do something no more when the program ends: it has been done."""
        if work in self._last_words:
            self._last_words.remove(work)
            atexit.unregister(work)

    def keep_windows(self) -> None:
        """Let the windows that are still open when the program ends stay until they are closed."""
        self.at_exit(_wait_for_windows)


def _wait_for_windows() -> None:
    from matplotlib import pyplot

    if surface() == "window" and pyplot.get_fignums():
        print("close the figure's window to end", flush=True)
        pyplot.show(block=True)


shelf = Shelf()
