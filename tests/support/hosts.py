"""Two machines as two network namespaces of Linux, joined by a cable of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.support.launchers import environment
from tests.support.patience import PATIENCE

ADDRESSES = ("10.213.7.1", "10.213.7.2")


def two_hosts() -> Iterator[tuple[str, str]]:
    """The names of two namespaces, which are removed at the end; skips the test where none can be made."""
    if shutil.which("ip") is None:
        pytest.skip("needs ip, of iproute2, to make network namespaces")
    names = (f"linnet{os.getpid()}a", f"linnet{os.getpid()}b")
    try:
        for name in names:
            _set_up("netns", "add", name)
        cable = [f"lv{os.getpid()}{letter}" for letter in "ab"]
        _set_up(
            "link", "add", cable[0], "netns", names[0], "type", "veth", "peer", "name", cable[1],
            "netns", names[1],
        )  # fmt: skip
        for name, end, address in zip(names, cable, ADDRESSES, strict=True):
            _set_up("-n", name, "addr", "add", f"{address}/24", "dev", end)
            for device in ("lo", end):
                _set_up("-n", name, "link", "set", device, "up")
        yield names
    finally:
        for name in names:  # with which the cable goes, too
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def _set_up(*words: str) -> None:
    """Run ip, or skip the test: it takes root, and a kernel or container that allows it."""
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no network namespaces here: ip {' '.join(words)}: {done.stderr.strip()}")


def call_on(
    hosts: Sequence[str], commands: Sequence[Sequence[str]], folder: Path, **variables: str
) -> list[str]:
    """What commands print that run at once, one on each host, and are all to succeed.

    Args:
        hosts: their namespaces.
        commands: one for each.
        folder: that they run in, as if all hosts shared it.
        variables: of their environment.
    """
    started = [
        subprocess.Popen(
            ["ip", "netns", "exec", host, *command], cwd=folder, env=environment(**variables), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        for host, command in zip(hosts, commands, strict=True)
    ]  # fmt: skip
    try:
        said = [one.communicate(timeout=PATIENCE)[0] for one in started]
    finally:
        for one in started:
            one.kill()
    assert [one.returncode for one in started] == [0] * len(started), "\n".join(said)
    return said
