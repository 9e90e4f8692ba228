"""One process, or thread, at a time in a folder, by a lock on the folder itself.

A lock file would stay behind after a kill, in a folder that is somebody's. The folder's own lock leaves
nothing, and the system takes it back when the process ends, however it ends.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    fcntl = None


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until nobody else holds the folder, and hold it.

    Args:
        folder: is made where it is missing; one that is there need not be writable.

    Raises:
        OSError: the folder cannot be made or read.
    """
    descriptor = _hold(folder)
    if descriptor is None:  # by a lock file in the system's temporary folder
        name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
        with FileLock(Path(tempfile.gettempdir(), f"linnet-{name}.lock")):
            yield
        return
    try:
        yield
    finally:
        os.close(descriptor)  # gives the lock back


def _hold(folder: Path) -> int | None:
    """A descriptor that holds the folder's lock; None where the system locks no folders."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        if fcntl is None:  # pragma: no cover - Windows
            return None
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:  # some network file systems
            os.close(descriptor)
            return None
        with contextlib.suppress(OSError):
            if os.path.samestat(folder.stat(), os.fstat(descriptor)):
                return descriptor
        os.close(descriptor)  # who held it before has removed the folder
