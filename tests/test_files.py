from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from linnet import files
from tests.support.patience import PATIENCE


def test_write_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file.txt"
    files.write(target, "one")
    files.write(target, b"two")
    assert target.read_bytes() == b"two"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("broken", ["write", "fsync", "replace"])
def test_failure_at_any_point_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    target = tmp_path / "file.txt"
    files.write(target, "old")

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device", str(target))

    if broken in ("fsync", "replace"):
        monkeypatch.setattr(os, broken, fail)
    with pytest.raises(OSError, match="No space"), files.replacing(target) as file:
        file.write(b"new")
        if broken == "write":
            fail()
    monkeypatch.undo()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "file.bin"
    files.write(target, b"old")
    code = (
        "import resource, signal, sys; from linnet import files;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096));"
        "files.write(sys.argv[1], b'x' * 100_000)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(target)], capture_output=True, check=False)
    assert done.returncode != 0
    assert b"File too large" in done.stderr
    assert target.read_bytes() == b"old"


def test_kill_at_random_instants_leaves_whole_files(tmp_path: Path) -> None:
    target = tmp_path / "file.bin"
    code = (
        "import sys; from linnet import files\n"
        "for i in range(10**9): files.write(sys.argv[1], bytes([65 + i % 26]) * 300_000)"
    )
    for delay in range(6):
        child = subprocess.Popen([sys.executable, "-c", code, str(target)])
        deadline = time.monotonic() + PATIENCE
        while not target.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.013 * delay)
        child.send_signal(signal.SIGKILL)
        child.wait()
        content = target.read_bytes()
        assert len(content) == 300_000
        assert len(set(content)) == 1
    files.sweep_temporaries(tmp_path)
    assert list(tmp_path.iterdir()) == [target]


def test_hexdigest(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert files.hexdigest(tmp_path / "x", "md5") == "900150983cd24fb0d6963f7d28e17f72"


def test_a_full_disk_names_the_file_that_was_to_be_written(tmp_path: Path) -> None:
    target = tmp_path / "rows.csv"
    with pytest.raises(OSError, match="No space left") as caught, files.replacing(target):
        raise OSError(errno.ENOSPC, "No space left on device")  # as writing to an open file says it
    assert caught.value.filename == str(target)
    assert list(tmp_path.iterdir()) == []
