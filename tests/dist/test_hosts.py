from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gate import gate
from tests.support.hosts import ADDRESSES, call_on, two_hosts
from tests.support.launchers import TORCHRUN, TRAIN, assert_same_weights, train_alone

LINNET = ("-m", "linnet", *TRAIN, "together")
STATIC = ("--node-rank", "{rank}", "--master-addr", ADDRESSES[0])
ELASTIC = (
    "--rdzv-backend", "c10d", "--rdzv-endpoint", f"{ADDRESSES[0]}:29400", "--rdzv-id", "job",
    "--rdzv-conf", "is_host={is_host}", "--local-addr", "{address}",
)  # fmt: skip

COMMANDS = {
    "processes": ("env", "RANK={rank}", "WORLD_SIZE=2", f"MASTER_ADDR={ADDRESSES[0]}", "MASTER_PORT=29500",
                  sys.executable, *LINNET),
    "torchrun": (sys.executable, *TORCHRUN, "--nnodes", "2", "--nproc-per-node", "1", *STATIC, *LINNET),
    "an elastic torchrun": (sys.executable, *TORCHRUN, "--nnodes", "2", *ELASTIC, *LINNET),
}  # fmt: skip
"""How processes are started on two hosts: one way in the words of each."""


@pytest.fixture
def hosts() -> Iterator[tuple[str, str]]:
    """The names of two hosts."""
    yield from two_hosts()


@pytest.mark.parametrize("way", gate(COMMANDS, 0))
def test_processes_of_two_hosts_train_as_one_does(way: str, hosts: tuple[str, str], tmp_path: Path) -> None:
    commands = [
        [word.format(rank=rank, is_host=int(rank == 0), address=ADDRESSES[rank]) for word in COMMANDS[way]]
        for rank in range(2)
    ]
    said = call_on(hosts, commands, tmp_path)
    assert "\n".join(said).count("test accuracy") == 1  # one of them prints
    assert_same_weights(tmp_path / "together", train_alone(tmp_path))
