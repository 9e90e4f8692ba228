"""`join`: a command line that torchrun, srun or mpirun has started several times becomes one job."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from linnet.dist.processes import launched, time_limit
from linnet.errors import LinnetError, ProcessError, UsageError

FAILED, MOMENT = "linnet/failed", 2.0
"""What the first process writes where all meet when it fails; how long others wait to see it, in seconds."""


@dataclass(frozen=True)
class Launch:
    """How a process was started.

    Args:
        rank: which it is, from 0.
        size: of how many.
        local: which it is on its machine, from 0.
        local_size: of how many on its machine.
        address: of the machine of the first, and a port there; empty where the environment has them.
        attempt: how often all were started before, by an elastic launcher.
        attempts: how often they may be started again.
    """

    rank: int
    size: int
    local: int = 0
    local_size: int = 1
    address: tuple[str, str] | None = None
    attempt: int = 0
    attempts: int = 0

    @property
    def is_first(self) -> bool:
        """Whether this is the one that writes and prints."""
        return self.rank == 0


def find_launch(environment: Mapping[str, str] = os.environ) -> Launch | None:
    """How this process was started; None where it was started alone.

    torchrun (and Ray Train, TorchDistributor and PyTorchJob, which set the same variables) says it by RANK
    and WORLD_SIZE; srun by the variables of a job's step, for those of the job stand in its batch script
    too, which runs once; mpirun by Open MPI's.

    Raises:
        UsageError: there are several processes, and nothing says where they meet.
    """
    if int(environment.get("WORLD_SIZE", 1)) > 1 and "RANK" in environment:
        return Launch(
            int(environment["RANK"]), int(environment["WORLD_SIZE"]), int(environment.get("LOCAL_RANK", 0)),
            int(environment.get("LOCAL_WORLD_SIZE", 1)),
            attempt=int(environment.get("TORCHELASTIC_RESTART_COUNT", 0)),
            attempts=int(environment.get("TORCHELASTIC_MAX_RESTARTS", 0)),
        )  # fmt: skip
    if int(environment.get("SLURM_STEP_NUM_TASKS", 1)) > 1 and "SLURM_PROCID" in environment:
        return Launch(
            int(environment["SLURM_PROCID"]), int(environment["SLURM_STEP_NUM_TASKS"]),
            int(environment.get("SLURM_LOCALID", 0)), _tasks_here(environment),
            _meeting_of_slurm(environment),
        )  # fmt: skip
    if int(environment.get("OMPI_COMM_WORLD_SIZE", 1)) > 1:
        if "MASTER_ADDR" not in environment and not _is_one_machine(environment):
            raise UsageError(
                "mpirun over several machines does not say where processes meet: give mpirun "
                "-x MASTER_ADDR=HOST -x MASTER_PORT=29500, HOST being that of the first process"
            )
        return Launch(
            int(environment["OMPI_COMM_WORLD_RANK"]), int(environment["OMPI_COMM_WORLD_SIZE"]),
            int(environment.get("OMPI_COMM_WORLD_LOCAL_RANK", 0)),
            int(environment.get("OMPI_COMM_WORLD_LOCAL_SIZE", 1)),
            (environment.get("MASTER_ADDR", "127.0.0.1"), environment.get("MASTER_PORT", "29500")),
        )  # fmt: skip
    return None


def _tasks_here(environment: Mapping[str, str]) -> int:
    """The processes of a step of SLURM on this machine: "4(x2),3" says so of each machine."""
    counts = list[int]()
    for count, times in re.findall(r"(\d+)(?:\(x(\d+)\))?", environment.get("SLURM_STEP_TASKS_PER_NODE", "")):
        counts += [int(count)] * int(times or 1)
    node = int(environment.get("SLURM_NODEID", 0))
    return counts[node] if node < len(counts) else 1


def _meeting_of_slurm(environment: Mapping[str, str]) -> tuple[str, str]:
    """The first machine of a step, and a port of its own by the job's and the step's numbers."""
    nodes = environment.get("SLURM_STEP_NODELIST", "127.0.0.1")
    if "MASTER_ADDR" in environment:
        host = environment["MASTER_ADDR"]
    elif int(environment.get("SLURM_STEP_NUM_NODES", 1)) == 1:
        host = "127.0.0.1"
    else:  # "gpu[03-06,9],other": the first number of the first name
        first = re.match(r"([^\[,]+)(?:\[([^\],-]+)[^\]]*\]([^,\[]*))?", nodes)
        host = "".join(part or "" for part in first.groups()) if first else nodes
    number = 131 * int(environment.get("SLURM_JOB_ID", 0)) + int(environment.get("SLURM_STEP_ID", 0))
    return host, environment.get("MASTER_PORT", str(20_000 + number % 12_000))


def _is_one_machine(environment: Mapping[str, str]) -> bool:
    return environment.get("OMPI_COMM_WORLD_LOCAL_SIZE") == environment["OMPI_COMM_WORLD_SIZE"]


def restarted(folder: Path | None) -> Path | None:
    """The folder to go on in, where an elastic launcher has started the processes again; None at first.

    Raises:
        UsageError: they may be started again, and no folder is named that they could go on in.
    """
    launch = find_launch()
    if launch is None or not launch.attempts:
        return None
    if folder is None:
        raise UsageError("processes that may be started again go on in one folder: say which by --out")
    return folder if launch.attempt and folder.exists() else None


@contextlib.contextmanager
def joined(launch: Launch | None) -> Iterator[None]:
    """Within it the processes that were started together are one job, of which the first prints.

    Raises:
        ProcessError: they do not meet.
    """
    if launch is None:
        yield
        return
    if launch.address is not None:
        os.environ["MASTER_ADDR"], os.environ["MASTER_PORT"] = launch.address
    # Read by `device.available_cores`, by whatever launcher there is.
    os.environ["LOCAL_WORLD_SIZE"] = str(launch.local_size)
    import torch
    import torch.distributed as distributed
    from torch.distributed.rendezvous import rendezvous

    is_cuda = torch.cuda.is_available() and distributed.is_nccl_available()
    if is_cuda:
        torch.cuda.set_device(launch.local % torch.cuda.device_count())
    wait = timedelta(seconds=time_limit())
    try:
        store, _, _ = next(rendezvous("env://", launch.rank, launch.size, timeout=wait))
        distributed.init_process_group(
            "cpu:gloo,cuda:nccl" if is_cuda else "gloo", store=store, rank=launch.rank,
            world_size=launch.size, timeout=wait,
        )  # fmt: skip
    except RuntimeError as error:  # DistError and its kin are such
        raise ProcessError(
            f"process {launch.rank} of {launch.size} does not meet the others at "
            f"{os.environ.get('MASTER_ADDR')}:{os.environ.get('MASTER_PORT')}: {str(error).splitlines()[0]}"
        ) from error
    launched.set(True)
    try:
        with _silent(is_silent=not launch.is_first):
            yield
    except (LinnetError, OSError) as error:
        if launch.is_first:
            store.set(FAILED, "1")
            raise
        if _has_failed(store):  # which says what there is to say
            sys.exit(getattr(error, "exit_code", 1))
        raise ProcessError(f"process {launch.rank} of {launch.size}: {error}") from error
    distributed.destroy_process_group()


def _has_failed(store: Any) -> bool:
    """Whether the first process has an error to say, or comes to it within a moment."""
    try:
        store.wait([FAILED], timedelta(seconds=MOMENT))
    except RuntimeError:
        return False
    return True


@contextlib.contextmanager
def _silent(*, is_silent: bool) -> Iterator[None]:
    """Within it nothing is printed, if so."""
    if not is_silent:
        yield
        return
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        yield
