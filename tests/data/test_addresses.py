"""Tables at addresses of fsspec, streamed: the rows of local files, by the bytes that are asked for."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pandas as pd
import pytest
import torch

import linnet
from linnet.data import addresses
from linnet.data.addresses import Address, Reader, find_files, is_address, local_path
from linnet.data.batches import Batches
from linnet.errors import DataError, DataNotFoundError, FormatError, MissingExtraError, UsageError
from tests.support.commands import call
from tests.support.streamed import make_table, write

SUFFIXES = ("parquet", "arrow", "feather")


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A file system in memory, empty before and after, which is asked at once whether a file has changed."""
    monkeypatch.setattr(addresses, "FRESH", 0.0)
    system: Any = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def put(system: Any, local: Path, far: str) -> str:
    """A local file at an address, too."""
    system.pipe_file(far, local.read_bytes())
    return f"memory://{far.lstrip('/')}"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_rows_are_those_of_local_files(memory: Any, suffix: str) -> None:
    local = write(make_table(330), Path(f"t.{suffix}"))
    name = put(memory, local, f"/days/t.{suffix}")
    here, there = linnet.load(name, stream=True), linnet.load(str(local), stream=True)
    for own, other in zip(here, there, strict=True):
        assert own is not None
        assert other is not None
        assert torch.equal(own.X[:], other.X[:])
        assert torch.equal(own.y, other.y)
        index = torch.tensor([100, 3, 3]) % len(own)
        assert torch.equal(own.X[index], other.X[index])
    assert here.train.origin is not None
    assert here.train.origin.source == name
    order = [block.rows for block in Batches(here.train, 32, seed=1).blocks(0)]
    assert sorted(torch.cat(order).tolist()) == list(range(264))  # type: ignore[arg-type]


def test_patterns_folders_parts_and_caches_are_found(memory: Any) -> None:
    for number in range(3):
        put(memory, write(make_table(100, seed=number), Path(f"{number}.parquet")), f"/days/{number}.parquet")
        put(memory, Path(f"{number}.parquet"), f"/years/2020/{number}.parquet")
    memory.pipe_file("/days/_SUCCESS", b"")
    memory.pipe_file("/days/.hidden.parquet", b"")
    whole = linnet.load("./*.parquet", stream=True).train
    for name in (
        "memory://days/*.parquet",
        "memory://days",
        "memory://years",
        "simplecache::memory://days/*.parquet",
    ):
        assert torch.equal(linnet.load(name, stream=True).train.X[:], whole.X[:]), name
    for part, number in (("train", 0), ("test", 1)):
        put(memory, Path(f"{number}.parquet"), f"/sets/{part}.parquet")
    splits = linnet.load("memory://sets", stream=True)
    assert splits.test is not None
    assert (len(splits.train), len(splits.test)) == (100, 100)
    named = linnet.load("0.parquet", stream=True, test="memory://sets/test.parquet").test
    assert named is not None
    assert torch.equal(named.X[:], splits.test.X[:])


def test_the_command_line_trains_goes_on_evaluates_predicts_and_converts(
    memory: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    name = put(memory, write(make_table(330), Path("t.parquet")), "/t.parquet")
    how = ("--data", name, "--stream", "--batch-size", 32, "--quiet")
    assert call("train", *how, "--epochs", 4, "--out", "whole") == 0
    assert call("train", *how, "--epochs", 2, "--out", "half") == 0
    assert call("train", "--resume", "half", "--epochs", 4, "--quiet") == 0
    assert torch.equal(linnet.Run.load("whole").bank.theta, linnet.Run.load("half").bank.theta)
    assert call("evaluate", "whole") == 0
    assert call("report", "whole") == 0
    assert call("predict", "whole", name, "--out", "answers.csv") == 0
    assert call("predict", "whole", "t.parquet", "--out", "others.csv") == 0
    assert Path("answers.csv").read_text() == Path("others.csv").read_text()
    memory.pipe_file("/t.csv", b"a,label")
    assert call("predict", "whole", "memory://t.csv", "--out", "none.csv") == 1
    assert "memory://t.csv: of addresses Parquet is read so" in capsys.readouterr().err
    assert call("data", "convert", name, "t.arrow") == 0
    assert torch.equal(
        linnet.load("t.arrow", stream=True).train.X[:], linnet.load(name, stream=True).train.X[:]
    )


def test_bytes_are_asked_for_where_rows_are_read(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linnet.data.streams.arrow_rows.REQUEST", 1 << 12)
    monkeypatch.setattr(addresses, "BUFFER", 1 << 12)
    name = put(memory, write(make_table(8000, features=64), Path("t.parquet"), group=1000), "/t.parquet")
    train = linnet.load(name, stream=True, hold_out=False).train
    asked, content, read = list[int](), Path("t.parquet").read_bytes(), Reader.readinto
    monkeypatch.setattr(Reader, "readinto", lambda self, out: asked.append(read(self, out)) or asked[-1])
    train.X[torch.tensor([4500])]
    assert sum(asked) < len(content) / 3
    assert max(asked) < len(content) / 8


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_is_changed_or_gone_is_named(memory: Any, suffix: str) -> None:
    name = put(memory, write(make_table(330), Path(f"t.{suffix}")), f"/t.{suffix}")
    train = linnet.load(name, stream=True).train
    put(memory, write(make_table(331), Path(f"t.{suffix}")), f"/t.{suffix}")
    with pytest.raises(DataError, match=rf"{name} was changed since"):
        linnet.fit(train, epochs=1)
    train = linnet.load(name, stream=True).train
    memory.rm_file(f"/t.{suffix}")
    with pytest.raises(DataError, match=rf"{name} has gone since it was first read: No such file"):
        linnet.fit(train, epochs=1)


def test_text_is_streamed_from_addresses_and_asked_for_by_the_piece(
    memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    X, y = np.round(rng.normal(size=(400, 3)), 3), rng.integers(0, 2, 400)
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(label=np.array(["u", "v"])[y])
    Path("t.svm").write_text("\n".join(f"{k} 1:{a} 2:{b} 3:{c}" for k, (a, b, c) in zip(y, X, strict=True)))
    frame.to_csv("t.csv", index=False)
    frame.to_csv("t.csv.gz", index=False)
    frame.to_json("t.jsonl", orient="records", lines=True)
    asked, read = list[int](), Reader.readinto
    monkeypatch.setattr(Reader, "readinto", lambda self, out: asked.append(len(out)) or read(self, out))
    for local in map(Path, ("t.svm", "t.csv", "t.csv.gz", "t.jsonl")):
        name = put(memory, local, f"/{local}")
        here, there = linnet.load(name, stream=True).train, linnet.load(str(local), stream=True).train
        assert torch.equal(here.X[:], there.X[:])
        assert torch.equal(here.y, there.y)
    assert len(asked) < 200  # and none is of a single line, or byte


def test_whether_a_file_has_changed_is_asked_once_in_some_seconds(
    memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "FRESH", 1000.0)
    name = put(memory, write(make_table(30), Path("t.parquet")), "/t.parquet")
    address, asked = Address(name), list[str]()
    monkeypatch.setattr(
        type(memory), "info", lambda self, path, **more: asked.append(path) or {"size": 1, "created": 2}
    )
    assert address.stat() == address.stat()
    assert len(asked) == 1


def test_what_cannot_be_reached_is_refused_with_what_to_do(memory: Any) -> None:
    name = put(memory, write(make_table(30), Path("t.parquet")), "/t.parquet")
    with pytest.raises(UsageError, match=rf"{name} is an address.*--stream"):
        linnet.load(name)
    with pytest.raises(DataNotFoundError, match=r"there is nothing at memory://nowhere/x\.parquet"):
        linnet.load("memory://nowhere/x.parquet", stream=True)
    memory.pipe_file("/own/readme.md", b"text")
    with pytest.raises(FormatError, match="memory://own has no tables"):
        linnet.load("memory://own", stream=True)
    memory.pipe_file("/broken.parquet", b"text")
    with pytest.raises(FormatError, match=r"memory://broken\.parquet cannot be read"):
        linnet.load("memory://broken.parquet", stream=True)
    with pytest.raises(DataError, match=r"nosuch://a/x\.parquet cannot be reached: Protocol not known"):
        linnet.load("nosuch://a/x.parquet", stream=True)
    with pytest.raises(UsageError, match="an address within another"):
        linnet.load("zip://x.parquet::memory://a.zip", stream=True)


@pytest.mark.skipif(importlib.util.find_spec("s3fs") is not None, reason="s3fs is installed")
def test_a_package_that_is_missing_is_named() -> None:
    with pytest.raises(MissingExtraError, match=r"s3://.*pip install 'linnet\[s3\]'"):
        linnet.load("s3://bucket/days/*.parquet", stream=True)


def test_file_addresses_are_paths() -> None:
    write(make_table(30), Path("a b.parquet"))
    name = f"file://{Path('a b.parquet').resolve()}"
    assert not is_address(name)
    assert local_path(name.replace(" ", "%20")) == str(Path("a b.parquet").resolve())
    assert len(linnet.load(name, stream=True, hold_out=False).train) == 30
    assert linnet.load(name, hold_out=False).train.X.shape == (30, 6)


def test_names_are_told_apart_and_addresses_ordered(memory: Any) -> None:
    for name in ("s3://a/b", "simplecache::gs://a/b.csv", "memory://x"):
        assert is_address(name)
    for name in ("a/b.csv", "C:\\x.csv", "./a::b.csv", "s3:/a", "auto", Path("a"), None):
        assert not is_address(name)
    memory.pipe_file("/b/2.parquet", b"")
    memory.pipe_file("/b/1.parquet", b"")
    found = find_files("memory://b")
    assert [one.name for one in found] == ["1.parquet", "2.parquet"]
    assert str(found[0]) == "memory://b/1.parquet"
    assert found[0] == Address("memory://b/1.parquet")
    assert (found[0].stem, found[0].suffix, found[0].parent.name) == ("1", ".parquet", "b")
