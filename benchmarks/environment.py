"""What benchmarks need beside linnet: a folder for their files, and packages that its environment lacks."""

from __future__ import annotations

import hashlib
import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import platformdirs

HERE = Path(__file__).parent


def data_folder() -> Path:
    """Where real data and peers are kept: `LINNET_BENCH_DATA`, or a folder of the user's cache."""
    named = os.environ.get("LINNET_BENCH_DATA")
    return Path(named) if named else platformdirs.user_cache_path("linnet") / "benchmarks"


def add_packages(name: str) -> bool:
    """Make the packages of a list importable, installed at the first time; False where that fails.

    They stand in a folder of their own, made anew when the list changes, which is searched after linnet's
    environment, and come without what they depend on, so that nothing of linnet's is there twice.

    Args:
        name: of the list beside this file, of pinned requirements.
    """
    listed = HERE / name
    mark = hashlib.sha256(listed.read_bytes()).hexdigest()[:12]
    folder = data_folder() / f"{listed.stem}-{mark}"
    if not folder.is_dir() and not _install(listed, folder):
        return False
    sys.path.append(str(folder))
    importlib.invalidate_caches()
    return True


def _install(listed: Path, folder: Path) -> bool:
    """Install a list into a folder, which is there only when all of it is."""
    print(f"Installing what {listed.name} lists into {folder}", file=sys.stderr, flush=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = folder.with_name(f"{folder.name}.{os.getpid()}")
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--no-deps"]
    done = subprocess.run([*command, "--target", str(aside), "-r", str(listed)], check=False)
    if done.returncode:
        print(f"{listed.name} could not be installed, so what needs it is left out", file=sys.stderr)
        return False
    aside.rename(folder)
    return True


def find(package: str) -> Any:
    """A package; None where there is none."""
    try:
        return importlib.import_module(package)
    except ImportError:
        return None
