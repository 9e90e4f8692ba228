"""Threads spin where the cores are free and sleep beside other programs; results stay the same."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from linnet import device
from linnet.d2l import waiting

OF_LINUX = pytest.mark.skipif(
    sys.platform != "linux" or device.available_cores() < 2, reason="of GNU's OpenMP alone"
)

SLEEPERS = """
import threading, torch
from linnet.d2l import waiting
X = torch.rand(256, 784, generator=torch.Generator().manual_seed(0))
before = X @ X.T
for change in (waiting.sleep, waiting.sleep, waiting.spin, waiting.sleep):
    change()
    print([thread.daemon for thread in threading.enumerate() if thread.name == "linnet-sleeper"])
print(torch.get_num_threads(), torch.equal(X @ X.T, before))
"""


@OF_LINUX
@pytest.mark.parametrize(("policy", "sleepers"), [(None, "[True]"), ("passive", "[]"), ("active", "[]")])
def test_threads_sleep_and_compute_what_they_did_unless_people_chose_how_they_wait(
    policy: str | None, sleepers: str
) -> None:
    cores = str(device.available_cores())
    environment = {k: v for k, v in os.environ.items() if k not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")}
    environment |= {"OMP_NUM_THREADS": cores} | ({"OMP_WAIT_POLICY": policy} if policy else {})
    ended = subprocess.run(
        [sys.executable, "-c", SLEEPERS], env=environment, capture_output=True, text=True, check=True
    )
    assert ended.stdout.splitlines() == [sleepers, sleepers, "[]", sleepers, f"{cores} True"]


def test_one_thread_waits_for_nobody() -> None:
    with device.limit_threads(1):
        waiting.sleep()
    assert all(thread.name != "linnet-sleeper" for thread in threading.enumerate())


class Watch(waiting.Waiting):
    """One that only notes what it would do."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asleep = False

    def sleep(self) -> None:
        self.is_asleep = True

    def spin(self) -> None:
        self.is_asleep = False


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> dict[str, float | None]:
    """The clock, and the seconds that threads stood in line."""
    told: dict[str, float | None] = {"now": 100.0, "stood": 5.0}
    monkeypatch.setattr(waiting.time, "perf_counter", lambda: told["now"])
    monkeypatch.setattr(waiting, "stood_in_line", lambda: told["stood"])
    return told


def pass_time(watch: Watch, clocks: dict[str, float | None], seconds: float, stood: float) -> bool:
    assert clocks["now"] is not None
    assert clocks["stood"] is not None
    clocks["now"] += seconds
    clocks["stood"] += stood
    watch.adapt()
    return watch.is_asleep


def test_threads_sleep_beside_a_program_and_spin_after_two_quiet_looks(
    clocks: dict[str, float | None],
) -> None:
    watch = Watch()
    watch.adapt()
    assert not pass_time(watch, clocks, 0.11, 0.005)
    assert pass_time(watch, clocks, 0.11, 0.04), "it stood in line for a third of the time"
    assert pass_time(watch, clocks, 0.05, 0), "it is too early to look"
    assert pass_time(watch, clocks, 0.06, 0.003), "one quiet look is not enough"
    assert not pass_time(watch, clocks, 0.11, 0.003)
    assert pass_time(watch, clocks, 0.11, 0.1)
    assert pass_time(watch, clocks, 0.11, 0)
    assert pass_time(watch, clocks, 0.11, 0.1), "a busy look in between begins the count anew"
    assert pass_time(watch, clocks, 0.11, 0)


def test_a_thread_that_ended_takes_its_seconds_along(clocks: dict[str, float | None]) -> None:
    watch = Watch()
    watch.adapt()
    assert not pass_time(watch, clocks, 0.2, -3.0)


def test_where_the_system_does_not_say_threads_stay_as_they_are(clocks: dict[str, float | None]) -> None:
    watch = Watch()
    watch.is_asleep = True
    clocks["stood"] = None
    for _ in range(5):
        clocks["now"] = (clocks["now"] or 0) + 1.0
        watch.adapt()
    assert watch.is_asleep


def test_where_the_system_does_not_say_it_is_not_asked_at_each_minibatch(
    clocks: dict[str, float | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    monkeypatch.setattr(waiting, "stood_in_line", lambda: looks.append(1))
    watch = Watch()
    for _ in range(50):
        watch.adapt()
    assert len(looks) == 1


@pytest.fixture
def two_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads on two cores of Linux, and nothing in the environment."""
    monkeypatch.setattr(waiting.torch, "get_num_threads", lambda: 2)
    monkeypatch.setattr(waiting, "available_cores", lambda: 2)
    monkeypatch.setattr(waiting.sys, "platform", "linux")
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
        monkeypatch.delenv(name, raising=False)


class Racing(threading.Thread):
    """A thread; beside the start of one that sleeps another has threads spin."""

    other: Callable[[], None]

    def start(self) -> None:
        if self.name == "linnet-sleeper":
            ThreadPoolExecutor(1).submit(self.other).result(5)
        super().start()


@pytest.mark.usefixtures("two_of_two")
def test_two_threads_that_train_at_once_disturb_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    watch, before = waiting.Waiting(), set(threading.enumerate())
    monkeypatch.setattr(Racing, "other", staticmethod(watch.spin), raising=False)
    with monkeypatch.context() as racing:
        racing.setattr(waiting.threading, "Thread", Racing)
        watch.sleep()
    begun = set(threading.enumerate()) - before
    (sleeper,) = [thread for thread in begun if thread.name == "linnet-sleeper"]
    watch.spin()
    assert not sleeper.is_alive()


@pytest.mark.usefixtures("two_of_two")
def test_without_another_thread_training_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    watch = waiting.Waiting()
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", refuse)
        watch.sleep()
    watch.spin()


@pytest.mark.usefixtures("two_of_two")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_without_memory_training_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(count: int) -> torch.Tensor:
        raise RuntimeError("not enough memory")

    watch = waiting.Waiting()
    monkeypatch.setattr(waiting.torch, "zeros", refuse)
    done = threading.Thread(target=watch.sleep, daemon=True)
    done.start()
    done.join(5)
    assert not done.is_alive()
    watch.spin()


def test_seconds_in_line_are_those_of_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(waiting, "_TASKS", tmp_path)
    for number, text in (("7", "900 1500000000 3"), ("8", "100 250000000 1")):
        (tmp_path / number).mkdir()
        (tmp_path / number / "schedstat").write_text(text + "\n")
    (tmp_path / "9").mkdir()  # of a thread that has just ended
    assert waiting.stood_in_line() == 1.75
    for number in "78":
        (tmp_path / number / "schedstat").write_text("0 0 0\n")
    assert waiting.stood_in_line() is None, "a kernel that does not count"
    monkeypatch.setattr(waiting, "_TASKS", tmp_path / "nowhere")
    assert waiting.stood_in_line() is None


@OF_LINUX
def test_this_system_says_so_or_says_nothing() -> None:
    first = waiting.stood_in_line()
    torch.rand(300, 300) @ torch.rand(300, 300)
    assert first is None or first >= 0
