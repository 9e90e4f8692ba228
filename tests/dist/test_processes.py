from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import linnet
from linnet.dist.processes import ALONE, alone, current, job, time_limit
from linnet.errors import ProcessError, UsageError
from tests.support.blobs import make_blobs
from tests.support.processes import Numbered, start, together


@given(count=st.integers(0, 300), size=st.integers(1, 9), unit=st.integers(1, 40))
def test_shares_have_everything_once_in_order_and_keep_units_together(
    count: int, size: int, unit: int
) -> None:
    shares = [Numbered(rank, size).share(count, unit) for rank in range(size)]
    assert [number for share in shares for number in range(count)[share]] == list(range(count))
    assert all(share.start % unit == 0 for share in shares if share.start < count)
    lengths = [-(-(share.stop - share.start) // unit) for share in shares]
    assert max(lengths) - min(lengths) <= 1


def test_a_process_alone_has_nothing_to_wait_for() -> None:
    assert current() is ALONE
    values = torch.ones(3)
    assert ALONE.sum_(values) is values
    assert ALONE.gather("a") == ["a"]
    assert ALONE.first(lambda: 3) == 3
    assert ALONE.any(True)
    assert not ALONE.any(False)


def primitives(_: Path) -> dict[str, Any]:
    """What each process of a group sees."""
    group = current()
    every_other = torch.arange(6, dtype=torch.float64)[::2]
    found: dict[str, Any] = {
        "sum": group.sum_(torch.tensor([1.0, group.rank])).tolist(),
        "strided": group.sum_(every_other).tolist(),
        "any": (group.any(group.rank == 1), group.any(False)),
        "gathered": group.gather(f"of {group.rank}"),
        "first": group.first(lambda: (os.getpid(), current() is ALONE)),
        "is the same": current() is group,
        "job": job() is ALONE,
    }
    with alone():
        found["alone"] = current() is ALONE
    if group.is_first:
        found["received"] = [group.receive(rank) for rank in range(1, group.size)]
    else:
        group.send({"rank": group.rank})
    try:
        group.first(lambda: linnet.load("no such data"))
    except linnet.LinnetError as error:
        found["error"] = (type(error).__name__, str(error)[:20])
    return found


def test_sums_gathering_and_what_the_first_does_for_all(tmp_path: Path) -> None:
    found = together(primitives, 3, tmp_path)
    for one in found:
        assert one["sum"] == [3.0, 3.0]
        assert one["strided"] == [0.0, 6.0, 12.0]
        assert one["any"] == (True, False)
        assert one["gathered"] == ["of 0", "of 1", "of 2"]
        assert one["first"] == found[0]["first"]
        assert one["first"][1]  # which computes alone meanwhile
        assert one["is the same"]
        assert one["job"]  # a group that was made in Python is no command line
        assert one["alone"]
        assert one["error"] == found[0]["error"] != None  # noqa: E711
    assert found[0]["received"] == [{"rank": 1}, {"rank": 2}]


def late(folder: Path) -> str:
    """Training of which one process falls silent in mid-epoch."""

    class Silent(linnet.Callback):
        def block_end(self, state: Any) -> None:
            while current().rank == 1 and not (folder / "over").exists():
                time.sleep(0.05)

    try:
        linnet.fit(make_blobs(300), epochs=1, batch_size=8, show=False, callbacks=[Silent()])
    except ProcessError as error:
        (folder / "over").touch()
        return str(error)
    return ""


def test_a_process_that_hangs_ends_the_others_with_its_name(tmp_path: Path) -> None:
    under_way = [start(late, rank, 3, tmp_path, timeout=4) for rank in range(3)]
    said = [one.communicate()[0] for one in under_way]
    import pickle

    assert under_way[0].returncode == 0, said[0]
    found = pickle.loads((tmp_path / "result0").read_bytes())
    assert "process 1 of 3 does not answer after 4 seconds (LINNET_TIMEOUT sets how many)" in found


def ending(folder: Path) -> str:
    """Training of which one process is killed in mid-epoch."""

    class Killed(linnet.Callback):
        def block_end(self, state: Any) -> None:
            if current().rank == 1:
                os.kill(os.getpid(), signal.SIGKILL)

    try:
        linnet.fit(make_blobs(300), epochs=1, batch_size=8, show=False, callbacks=[Killed()])
    except ProcessError as error:
        return str(error)
    return ""


def test_a_process_that_is_killed_is_an_error_of_the_others(tmp_path: Path) -> None:
    under_way = [start(ending, rank, 2, tmp_path) for rank in range(2)]
    said = [one.communicate()[0] for one in under_way]
    assert [one.returncode for one in under_way] == [0, -signal.SIGKILL], said
    assert b"another of the 2 processes has ended" in (tmp_path / "result0").read_bytes()


def stopping(_: Path) -> tuple[str, int, int]:
    """Training that one process alone is told to stop."""

    class Stop(linnet.Callback):
        def block_end(self, state: Any) -> None:
            if current().rank == 1:
                state.stop("one has had enough")

    run = linnet.fit(make_blobs(300), epochs=3, batch_size=8, show=False, callbacks=[Stop()])
    return run.status, len(run.history), int(run.bank.theta.sum() * 1e6)


def test_processes_stop_together_where_one_is_to_stop(tmp_path: Path) -> None:
    found = together(stopping, 2, tmp_path)
    assert found[0] == found[1]
    assert found[0][0] == "stopped: one has had enough"


@pytest.mark.parametrize("said", ["soon", "0", "-3", "nan", "inf", ""])
def test_a_timeout_that_is_none_is_refused(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINNET_TIMEOUT", said)
    with pytest.raises(UsageError, match="positive number of seconds"):
        time_limit()


def what_is_of_one(folder: Path) -> list[Any]:
    """What a process of a group does by itself, and what is refused."""
    found: list[Any] = []
    if current().is_first:
        with linnet.alone():
            run = linnet.fit(make_blobs(60), epochs=1, show=False, out=folder / "one")
        found.append(run.folder)
    try:
        linnet.tune(make_blobs(60), {"lr": [0.1, 0.2]}, trials=2, show=False)
    except UsageError as error:
        found.append(str(error))
    return found


def test_a_process_trains_alone_where_it_says_so_and_a_study_has_one(tmp_path: Path) -> None:
    first, second = together(what_is_of_one, 2, tmp_path)
    assert first[0] == tmp_path / "one"
    assert (tmp_path / "one" / "run.json").is_file()
    assert "a study has one process" in first[1]
    assert second == first[1:]
