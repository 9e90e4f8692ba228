"""`find_launch`: how this process was started, by the variables of torchrun, srun or mpirun."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from linnet.errors import UsageError

Environment = Mapping[str, str]

PORT = "29500"
"""Where processes meet if the environment has neither a port nor the number of a job: torchrun's default."""

PORTS = range(20_000, 32_000)
"""Of which a job takes one by its number: below those that Linux hands out to connections."""

MPI = (
    (
        "OMPI_COMM_WORLD_RANK",
        "OMPI_COMM_WORLD_SIZE",
        "OMPI_COMM_WORLD_LOCAL_RANK",
        "OMPI_COMM_WORLD_LOCAL_SIZE",
    ),
    ("PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"),
)
"""The variables of Open MPI and of MPICH, whose kin, Intel's, has the same."""


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


def find_launch(environment: Environment = os.environ) -> Launch | None:
    """How this process was started; None where it was started alone.

    torchrun (and Ray Train, TorchDistributor and PyTorchJob, which set the same variables) says it by RANK
    and WORLD_SIZE; srun by the variables of a job's step, for those of the job stand in its batch script
    too, which runs once; mpirun by Open MPI's or MPICH's. torchrun's go first, as srun may start it.

    Raises:
        UsageError: a variable is no number of a process, or nothing says where several processes meet.
    """
    return _by_torchrun(environment) or _by_srun(environment) or _by_mpirun(environment)


def _by_torchrun(environment: Environment) -> Launch | None:
    if "RANK" not in environment or (size := _number(environment, "WORLD_SIZE", 1)) == 1:
        return None
    for name in ("MASTER_ADDR", "MASTER_PORT"):
        if name not in environment:
            raise UsageError(
                f"RANK and WORLD_SIZE say that there are {size} processes, and no {name} where they meet: "
                "start them by torchrun, or set it in each"
            )
    return Launch(
        _rank(environment, "RANK", size), size, _number(environment, "LOCAL_RANK", 0),
        _number(environment, "LOCAL_WORLD_SIZE", 1),
        attempt=_number(environment, "TORCHELASTIC_RESTART_COUNT", 0),
        attempts=_number(environment, "TORCHELASTIC_MAX_RESTARTS", 0),
    )  # fmt: skip


def _by_srun(environment: Environment) -> Launch | None:
    if "SLURM_PROCID" not in environment or (size := _number(environment, "SLURM_STEP_NUM_TASKS", 1)) == 1:
        return None
    return Launch(
        _rank(environment, "SLURM_PROCID", size), size, _number(environment, "SLURM_LOCALID", 0),
        _tasks_here(environment), _meeting_of_slurm(environment),
    )  # fmt: skip


def _by_mpirun(environment: Environment) -> Launch | None:
    for rank, size, local, local_size in MPI:
        if rank in environment and (count := _number(environment, size, 1)) > 1:
            here = _number(environment, local_size, 1)
            return Launch(
                _rank(environment, rank, count), count, _number(environment, local, 0), here,
                _meeting_of_mpi(environment, is_one_machine=here == count),
            )  # fmt: skip
    return None


def _number(environment: Environment, name: str, default: int) -> int:
    """The whole number that a variable holds."""
    said = environment.get(name, str(default))
    if not re.fullmatch("[0-9]+", said):
        raise UsageError(f"the environment's {name} must be a whole number, not {said!r}")
    return int(said)


def _rank(environment: Environment, name: str, size: int) -> int:
    rank = _number(environment, name, 0)
    if rank >= size:
        raise UsageError(
            f"the environment's {name} must be below the {size} processes that there are, not {rank}"
        )
    return rank


def _tasks_here(environment: Environment) -> int:
    """The processes of a step of SLURM on this machine: "4(x2),3" says so of each machine."""
    counts = list[int]()
    for count, times in re.findall(r"(\d+)(?:\(x(\d+)\))?", environment.get("SLURM_STEP_TASKS_PER_NODE", "")):
        counts += [int(count)] * int(times or 1)
    node = _number(environment, "SLURM_NODEID", 0)
    return counts[node] if node < len(counts) else 1


def _meeting_of_slurm(environment: Environment) -> tuple[str, str]:
    """The first machine of a step, and a port of its own by the job's and the step's numbers."""
    is_one_machine = _number(environment, "SLURM_STEP_NUM_NODES", 1) == 1
    host = "127.0.0.1" if is_one_machine else first_host(environment.get("SLURM_STEP_NODELIST", ""))
    job, step = (_number(environment, name, 0) for name in ("SLURM_JOB_ID", "SLURM_STEP_ID"))
    return _said(environment, host, _port(131 * job + step))


def first_host(nodes: str) -> str:
    """The first machine of a list as SLURM writes it: "gpu03" of "gpu[03-06,9],other"."""
    first = re.match(r"(?:[^,\[]|\[[^\]]*\])*", nodes)
    return re.sub(r"\[([^\],-]*)[^\]]*\]", r"\1", first[0] if first else "")


def _meeting_of_mpi(environment: Environment, *, is_one_machine: bool) -> tuple[str, str]:
    """Here where all are on one machine, and a port by the name that Open MPI gives a job."""
    if "MASTER_ADDR" not in environment and not is_one_machine:
        raise UsageError(
            "mpirun over several machines does not say where processes meet: set MASTER_ADDR to the machine "
            "of the first process, by Open MPI's -x MASTER_ADDR=HOST or MPICH's -genv MASTER_ADDR HOST"
        )
    job = environment.get("PMIX_NAMESPACE")
    return _said(environment, "127.0.0.1", PORT if job is None else _port(zlib.crc32(job.encode())))


def _said(environment: Environment, host: str, port: str) -> tuple[str, str]:
    """The meeting place, each part of which the environment may say itself."""
    return environment.get("MASTER_ADDR", host), environment.get("MASTER_PORT", port)


def _port(number: int) -> str:
    return str(PORTS[number % len(PORTS)])
