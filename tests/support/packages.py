"""Packages of a folder, and code that imports them in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def run(code: str, *folders: Path) -> subprocess.CompletedProcess[str]:
    """Python code in a fresh process, with folders that packages are imported from."""
    lines = [f"import sys; sys.path[:0] = {[str(folder) for folder in folders]}", code]
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(lines)], capture_output=True, text=True
    )


def package(folder: Path, name: str, content: str, **modules: str) -> Path:
    place = folder / name
    place.mkdir(parents=True)
    (place / "__init__.py").write_text(content, encoding="utf-8")
    for module, text in modules.items():
        (place / f"{module}.py").write_text(text, encoding="utf-8")
    return folder
