"""Checksums of files are computed again only after a file has changed, however it has."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from linnet.data.sources.checksums import content_md5_of, md5_of


def test_another_file_of_the_same_size_and_time_has_its_own_checksum(tmp_path: Path) -> None:
    path, other = tmp_path / "labels", tmp_path / "others"
    path.write_bytes(b"first")
    assert md5_of(path) == content_md5_of(path) == hashlib.md5(b"first").hexdigest()
    other.write_bytes(b"other")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))  # as a copy that keeps times
    other.replace(path)
    assert md5_of(path) == content_md5_of(path) == hashlib.md5(b"other").hexdigest()
