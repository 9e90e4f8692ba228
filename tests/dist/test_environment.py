from __future__ import annotations

import pytest

from linnet.dist.environment import PORTS, Launch, find_launch, first_host
from linnet.errors import UsageError

TORCHRUN = {
    "RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "node0",
    "MASTER_PORT": "29400", "TORCHELASTIC_RESTART_COUNT": "1", "TORCHELASTIC_MAX_RESTARTS": "3",
}  # fmt: skip

JOB = {
    "SLURM_JOB_ID": "1041", "SLURM_NTASKS": "5", "SLURM_NPROCS": "5", "SLURM_JOB_NODELIST": "gpu[03-06]",
    "SLURM_JOB_NUM_NODES": "2", "SLURM_PROCID": "0", "SLURM_LOCALID": "0", "SLURM_NODEID": "0",
    "SLURM_TASKS_PER_NODE": "3,2",
}  # fmt: skip
"""What stands in a batch script of a job of several tasks, which itself runs once."""

STEP = JOB | {
    "SLURM_STEP_ID": "2", "SLURM_STEP_NUM_TASKS": "5", "SLURM_STEP_NUM_NODES": "2", "SLURM_PROCID": "4",
    "SLURM_STEP_NODELIST": "gpu[03-04]", "SLURM_STEP_TASKS_PER_NODE": "3,2", "SLURM_LOCALID": "1",
    "SLURM_NODEID": "1",
}  # fmt: skip

OPEN_MPI = {
    "OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_LOCAL_RANK": "1",
    "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
}  # fmt: skip

MPICH = {"PMI_RANK": "1", "PMI_SIZE": "2", "MPI_LOCALRANKID": "1", "MPI_LOCALNRANKS": "2"}


def test_torchrun_says_all_and_where_to_meet_stands_in_the_environment() -> None:
    assert find_launch(TORCHRUN) == Launch(3, 4, 1, 2, None, attempt=1, attempts=3)


def test_a_launcher_without_restarts_sets_none() -> None:
    as_ray = {name: text for name, text in TORCHRUN.items() if not name.startswith("TORCHELASTIC")}
    assert find_launch(as_ray) == Launch(3, 4, 1, 2)


def test_srun_says_it_of_a_step_and_where_is_its_first_machine() -> None:
    launch = find_launch(STEP)
    assert launch is not None
    assert launch.address is not None
    assert (launch.rank, launch.size, launch.local, launch.local_size) == (4, 5, 1, 2)
    assert launch.address[0] == "gpu03"
    assert int(launch.address[1]) in PORTS


def test_steps_of_one_job_and_jobs_meet_at_ports_of_their_own() -> None:
    some = [
        STEP | {"SLURM_JOB_ID": str(job), "SLURM_STEP_ID": str(step)}
        for job in range(40, 60)
        for step in range(20)
    ]
    places = {launch.address for launch in map(find_launch, some) if launch is not None}
    assert len(places) == len(some)


def test_a_step_on_one_machine_meets_there_whatever_its_name() -> None:
    launch = find_launch(STEP | {"SLURM_STEP_NUM_NODES": "1", "SLURM_STEP_NODELIST": "nowhere"})
    assert launch is not None
    assert launch.address is not None
    assert launch.address[0] == "127.0.0.1"


@pytest.mark.parametrize("step", [STEP, OPEN_MPI, MPICH])
def test_a_meeting_place_that_the_environment_names_is_taken(step: dict[str, str]) -> None:
    launch = find_launch(step | {"MASTER_ADDR": "10.0.0.7", "MASTER_PORT": "4321"})
    assert launch is not None
    assert launch.address == ("10.0.0.7", "4321")


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({}, id="nothing"),
        pytest.param(JOB, id="a batch script"),
        pytest.param(JOB | {"SLURM_STEP_NUM_TASKS": "1", "SLURM_STEP_ID": "0"}, id="a step of one task"),
        pytest.param(TORCHRUN | {"RANK": "0", "WORLD_SIZE": "1"}, id="torchrun of one"),
        pytest.param({"WORLD_SIZE": "4"}, id="a size alone"),
        pytest.param({"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "1"}, id="mpirun of one"),
        pytest.param({"PMI_RANK": "0", "PMI_SIZE": "1"}, id="MPICH of one"),
    ],
)
def test_one_process_is_alone(environment: dict[str, str]) -> None:
    assert find_launch(environment) is None


@pytest.mark.parametrize("outer", [STEP, OPEN_MPI, MPICH])
def test_torchrun_goes_before_what_has_started_it(outer: dict[str, str]) -> None:
    assert find_launch(outer | TORCHRUN) == find_launch(TORCHRUN)


@pytest.mark.parametrize("variables", [OPEN_MPI, MPICH])
def test_mpirun_on_one_machine_meets_there(variables: dict[str, str]) -> None:
    assert find_launch(variables) == Launch(1, 2, 1, 2, ("127.0.0.1", "29500"))


def test_jobs_of_open_mpi_meet_at_ports_of_their_own() -> None:
    places = {
        find_launch(OPEN_MPI | {"PMIX_NAMESPACE": name}) for name in ("10551297", "3158441985", "prte-1@1")
    }
    assert len(places) == 3


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"RANK": "0", "WORLD_SIZE": "2"}, "no MASTER_ADDR where they meet"),
        ({"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "a"}, "no MASTER_PORT where they meet"),
        (TORCHRUN | {"RANK": "4"}, "RANK must be below the 4 processes that there are, not 4"),
        (TORCHRUN | {"RANK": "-1"}, "RANK must be a whole number, not '-1'"),
        (TORCHRUN | {"WORLD_SIZE": "two"}, "WORLD_SIZE must be a whole number, not 'two'"),
        (STEP | {"SLURM_PROCID": ""}, "SLURM_PROCID must be a whole number, not ''"),
        (OPEN_MPI | {"OMPI_COMM_WORLD_LOCAL_SIZE": "1"}, "-x MASTER_ADDR=HOST"),
        (MPICH | {"MPI_LOCALNRANKS": "1"}, "-genv MASTER_ADDR HOST"),
    ],
)
def test_what_cannot_be_is_refused(environment: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        find_launch(environment)


@pytest.mark.parametrize(
    ("nodes", "first"),
    [
        ("vm", "vm"),
        ("gpu03,gpu07", "gpu03"),
        ("gpu[03-06,9],other", "gpu03"),
        ("gpu[9,12]", "gpu9"),
        ("login,gpu[1-2]", "login"),
        ("rack[2-3]node[01-16]", "rack2node01"),
        ("node[1-4].cluster.local", "node1.cluster.local"),
        ("", ""),
    ],
)
def test_the_first_machine_of_a_list_as_slurm_writes_it(nodes: str, first: str) -> None:
    assert first_host(nodes) == first


@pytest.mark.parametrize(
    ("counts", "node", "here"),
    [
        ("2", 0, 2),
        ("4(x2),3", 0, 4),
        ("4(x2),3", 1, 4),
        ("4(x2),3", 2, 3),
        ("1,4(x3)", 3, 4),
        ("2(x2)", 5, 1),
    ],
)
def test_how_many_tasks_a_machine_has(counts: str, node: int, here: int) -> None:
    launch = find_launch(STEP | {"SLURM_STEP_TASKS_PER_NODE": counts, "SLURM_NODEID": str(node)})
    assert launch is not None
    assert launch.local_size == here
