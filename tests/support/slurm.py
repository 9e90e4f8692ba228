"""SLURM of one node: its three daemons under a configuration of their own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.launchers import environment
from tests.support.patience import until

DAEMONS = ("munged", "slurmctld", "slurmd")

SETTINGS = """\
ClusterName=linnet
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MpiDefault=none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def slurm_of_one_node() -> Iterator[dict[str, str]]:
    """The environment of commands for it; skips the test where it cannot be."""
    if missing := [name for name in (*DAEMONS, "srun") if shutil.which(name) is None]:
        pytest.skip(f"needs SLURM: apt-get install slurm-wlm munge (there is no {', '.join(missing)})")
    if os.geteuid() != 0:
        pytest.skip("needs root, as whom slurmd starts what others submit")
    if (os.cpu_count() or 1) < 2:
        pytest.skip("needs two cores, which SLURM gives out")
    # A socket's path is to be short, which those of pytest are not.
    folder = Path(tempfile.mkdtemp(prefix="slurm"))
    try:
        yield from _run_daemons(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run_daemons(folder: Path) -> Iterator[dict[str, str]]:
    folder.chmod(0o755)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    (folder / "key").write_bytes(os.urandom(64))
    (folder / "key").chmod(0o600)
    settings = folder / "slurm.conf"
    settings.write_text(
        SETTINGS.format(host=socket.gethostname(), folder=folder, ports=_free_ports(2), cores=os.cpu_count())
    )
    variables = environment(SLURM_CONF=str(settings))
    log = (folder / "log").open("w")
    commands = (
        ["munged", "--foreground", "--force", f"--key-file={folder}/key", f"--socket={folder}/munge",
         f"--pid-file={folder}/munged.pid", f"--seed-file={folder}/seed", f"--log-file={folder}/munged.log"],
        ["slurmctld", "-D", "-f", str(settings)], ["slurmd", "-D", "-f", str(settings)],
    )  # fmt: skip
    started = list[subprocess.Popen[bytes]]()
    try:
        for command in commands:
            started.append(subprocess.Popen(command, env=variables, stdout=log, stderr=log))
            if command[0] == "munged":
                until((folder / "munge").exists, "munge's socket")
        until(lambda: "idle" in _state(variables), "SLURM's node")
        yield variables
    finally:
        for one in reversed(started):
            one.terminate()
            one.wait()
        log.close()


def _state(variables: dict[str, str]) -> str:
    """The state of the node, as sinfo says it."""
    asked = ["sinfo", "--noheader", "--format=%T"]
    return subprocess.run(asked, env=variables, capture_output=True, text=True, check=False).stdout


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens at now."""
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports
