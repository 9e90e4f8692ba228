"""Where pictures can be seen: in a notebook, in a window, or only as files."""

from __future__ import annotations

import sys
from typing import Literal

import matplotlib
from matplotlib.backends.registry import BackendFilter, backend_registry

Surface = Literal["notebook", "window", "file"]


def surface() -> Surface:
    """What this program's pictures appear on.

    A Jupyter kernel is a notebook whatever its backend; otherwise it is a window where matplotlib finds
    a display and a toolkit, and a file where it does not (or where the backend is Agg).
    """
    if in_notebook():
        return "notebook"
    windows = backend_registry.list_builtin(BackendFilter.INTERACTIVE)
    return "window" if matplotlib.get_backend().lower() in {name.lower() for name in windows} else "file"


def in_notebook() -> bool:
    """Whether the program runs in a Jupyter kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return any(kind.__name__ == "ZMQInteractiveShell" for kind in type(shell).__mro__)  # Colab has its own
