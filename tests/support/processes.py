"""Processes that are only numbered, and groups of several real ones."""

from __future__ import annotations

import importlib
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from linnet.dist.processes import Processes

ROOT = Path(__file__).parents[2]


class Numbered(Processes):
    """One of several processes that never meet: for what each of them takes."""

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size


def together(work: Callable[[Path], Any], size: int, folder: Path, timeout: float = 60) -> list[Any]:
    """What each of several processes, one group of torch.distributed, makes of a function of a module.

    Args:
        work: given a folder.
        size: how many.
        folder: empty, for what it leaves.
        timeout: after which a process that does not answer ends the others, in seconds.
    """
    return [
        pickle.loads(Path(folder, f"result{one}").read_bytes()) for one in _wait(work, size, folder, timeout)
    ]


def _wait(work: Callable[[Path], Any], size: int, folder: Path, timeout: float) -> range:
    started = [start(work, rank, size, folder, timeout) for rank in range(size)]
    said = [one.communicate()[0] for one in started]
    for one, text in zip(started, said, strict=True):
        assert one.returncode == 0, "\n".join(said) + text
    return range(size)


def start(
    work: Callable[[Path], Any], rank: int, size: int, folder: Path, timeout: float = 60
) -> subprocess.Popen[str]:
    """One process of a group, under way."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "LINNET_TIMEOUT": str(timeout), "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE",
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        __name__,
        work.__module__,
        work.__name__,
        str(rank),
        str(size),
        str(folder),
    ]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder
    )


def _main() -> None:
    import torch.distributed as distributed

    module, name, rank, size, folder = sys.argv[1:]
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=int(rank), world_size=int(size)
    )
    result = getattr(importlib.import_module(module), name)(Path(folder))
    Path(folder, f"result{rank}").write_bytes(pickle.dumps(result))
    distributed.destroy_process_group()


if __name__ == "__main__":
    _main()
