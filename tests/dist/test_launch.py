from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch.distributed as distributed

import linnet
from linnet.cli.app import COMMANDS, TOGETHER, main
from linnet.dist.environment import Launch
from linnet.dist.launch import joined, restarted
from linnet.errors import ApartWarning, ProcessError, UsageError
from tests.support.blobs import make_blobs
from tests.support.launchers import TORCHRUN, TRAIN, assert_same_weights, call, train_alone
from tests.support.processes import together

STARTED = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of the first of two processes that torchrun has started."""
    for name, text in STARTED.items():
        monkeypatch.setenv(name, text)
    return monkeypatch


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in TOGETHER])
def test_what_one_process_does_is_refused_of_several_and_said_once(
    name: str, started: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as first:
        main([name, "runs/one"])
    assert first.value.code == 2
    assert f"linnet {name} runs in one process: start it without torchrun" in capsys.readouterr().err
    started.setenv("RANK", "1")
    with pytest.raises(SystemExit) as second:
        main([name, "runs/one"])
    assert second.value.code == 0  # a failure would have torchrun end the first before it has said why
    assert capsys.readouterr() == ("", "")


def test_an_environment_that_cannot_be_is_an_error_of_the_command_line(
    started: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started.setenv("RANK", "x")
    with pytest.raises(SystemExit) as ended:
        main(["train"])
    assert ended.value.code == 2
    assert capsys.readouterr().err == "linnet: the environment's RANK must be a whole number, not 'x'\n"


def test_processes_that_may_be_started_again_need_a_folder(
    started: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert restarted(None) is None  # they may not
    started.setenv("TORCHELASTIC_MAX_RESTARTS", "3")
    with pytest.raises(UsageError, match="say which by --out"):
        restarted(None)
    assert restarted(tmp_path) is None  # for the first time
    started.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    assert restarted(tmp_path) == tmp_path
    assert restarted(tmp_path / "ended before it began") is None


def test_who_does_not_meet_the_others_says_so_within_the_time(started: pytest.MonkeyPatch) -> None:
    started.setenv("LINNET_TIMEOUT", "1")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # a port where nobody listens
        address = ("127.0.0.1", str(taken.getsockname()[1]))
        said = f"process 1 of 2 does not meet the others at 127.0.0.1:{address[1]}"
        with pytest.raises(ProcessError, match=said), joined(Launch(1, 2, address=address)):
            pass


def test_a_process_alone_joins_nothing() -> None:
    with joined(None):
        assert linnet.fit(make_blobs(20), epochs=1, show=False).history.last["epoch"] == 1


@pytest.mark.parametrize("verb", ["fit", "sweep"])
def test_processes_that_are_no_group_are_warned_that_each_trains_alone(
    verb: str, started: pytest.MonkeyPatch
) -> None:
    call = {
        "fit": lambda: linnet.fit(make_blobs(20), epochs=1, show=False),
        "sweep": lambda: linnet.sweep(make_blobs(20), {"lr": [0.1, 0.2]}, epochs=1, show=False),
    }[verb]
    with pytest.warns(ApartWarning, match="process 0 of 2 computes alone"):
        call()


def test_processes_of_a_group_are_not_warned(started: pytest.MonkeyPatch, tmp_path: Path) -> None:
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meeting", rank=0, world_size=1)
    try:
        linnet.fit(make_blobs(20), epochs=1, show=False)  # where warnings are errors
    finally:
        distributed.destroy_process_group()


def test_torchrun_trains_by_the_command_line_as_one_process_does(tmp_path: Path) -> None:
    several = [sys.executable, *TORCHRUN, "--standalone", "--nproc-per-node", "2", "-m", "linnet"]
    said = call([*several, *TRAIN, "together"], tmp_path)
    assert said.count("test accuracy") == 1  # one of them prints
    assert_same_weights(tmp_path / "together", train_alone(tmp_path))


def resumed_where_the_first_alone_sees_the_folder(folder: Path) -> Path | None:
    """The folder to go on in, of a process that was started again."""
    rank = distributed.get_rank()
    os.environ |= STARTED | {"TORCHELASTIC_MAX_RESTARTS": "3", "TORCHELASTIC_RESTART_COUNT": "1"}
    own = folder / f"machine {rank}"
    own.mkdir()
    os.chdir(own)
    if rank == 0:
        Path("run").mkdir()
    return restarted(Path("run"))


def test_processes_go_on_where_the_first_finds_the_folder(tmp_path: Path) -> None:
    assert together(resumed_where_the_first_alone_sees_the_folder, 2, tmp_path) == [Path("run")] * 2


INTERRUPTED = """
import sys, time
from pathlib import Path
from linnet.dist.environment import find_launch
from linnet.dist.launch import joined

launch = find_launch()
with joined(launch):
    if launch.is_first:
        time.sleep(2)  # for which torchrun would not wait once the other has ended
        Path("written").touch()
    sys.exit(130)
"""


def test_what_was_learned_is_written_before_any_of_an_interrupted_job_ends(tmp_path: Path) -> None:
    Path(tmp_path, "job.py").write_text(INTERRUPTED)
    command = [sys.executable, *TORCHRUN, "--standalone", "--nproc-per-node", "2", "job.py"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "LINNET_TIMEOUT": "60"}
    assert subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True).returncode
    assert Path(tmp_path, "written").exists()
