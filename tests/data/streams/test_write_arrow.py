"""Tables as one Arrow file: every row and column as it stands, or nothing at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
import torch

import linnet
from linnet.data.streams import arrow_sources
from linnet.data.streams.write_arrow import check_written, write_arrow, write_each
from linnet.errors import FormatError, UsageError
from tests.support.streamed import make_mixed_frame, make_table, write, write_text


def read(path: Path) -> pa.Table:
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


@pytest.mark.parametrize("suffix", ["parquet", "feather", "arrow"])
def test_rows_of_several_files_stand_one_after_another(suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_sources, "BATCH_BYTES", 2000)
    tables = [make_table(250), make_table(130, seed=1)]
    paths = [write(one, Path(f"{number}.{suffix}")) for number, one in enumerate(tables)]
    told: list[tuple[int, int]] = []
    assert write_arrow(paths, Path("all.arrow"), lambda done, total: told.append((done, total))) == 380
    assert read(Path("all.arrow")).equals(pa.concat_tables(tables))
    sizes = sum(path.stat().st_size for path in paths)
    assert told[-1] == (sizes, sizes)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_dictionaries_become_their_values() -> None:
    table = pa.table({"label": pa.array(["a", "b", None, "a"]).dictionary_encode(), "x": [1, 2, 3, 4]})
    write_arrow([write(table, Path("t.parquet"), group=2)], Path("t.arrow"))
    assert read(Path("t.arrow")).to_pydict() == table.to_pydict()
    assert read(Path("t.arrow")).schema.field("label").type == pa.string()


def test_what_is_there_stays_and_nothing_is_left_of_what_fails() -> None:
    own, other = (
        write(make_table(50), Path("a.parquet")),
        write(make_table(50, kind="float64"), Path("b.parquet")),
    )
    Path("there.arrow").write_bytes(b"mine")
    with pytest.raises(UsageError, match="is there already"):
        write_arrow([own], Path("there.arrow"))
    with pytest.raises(FormatError, match=r"embedding is .*double.* in b\.parquet"):
        write_arrow([own, other], Path("new.arrow"))
    with pytest.raises(UsageError, match="no rows to write"):
        write_arrow([write(make_table(50).slice(0, 0), Path("none.parquet"))], Path("new.arrow"))

    def put(done: int, total: int) -> None:
        Path("new.arrow").write_bytes(b"mine")

    with pytest.raises(UsageError, match="is there already"):
        write_arrow([own], Path("new.arrow"), put)
    assert Path("new.arrow").read_bytes() == Path("there.arrow").read_bytes() == b"mine"
    assert not list(Path().glob(".*"))


def test_rows_that_are_not_there_are_noticed() -> None:
    write_arrow([write(make_table(50), Path("a.parquet"))], Path("a.arrow"))
    check_written(Path("a.arrow"), 50)
    with pytest.raises(FormatError, match="has 50 rows, and 51 were written"):
        check_written(Path("a.arrow"), 51)


def test_bytes_that_are_not_those_written_are_noticed() -> None:
    write_arrow([write(make_table(50), Path("a.parquet"))], Path("a.arrow"))
    with pytest.raises(FormatError, match="has not the bytes that were written"):
        check_written(Path("a.arrow"), 50, "0" * 64)


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "csv.gz"])
def test_text_becomes_a_file_that_is_read_alike(suffix: str) -> None:
    write_text(make_mixed_frame(), f"t.{suffix}")
    write_arrow([Path(f"t.{suffix}")], Path("t.arrow"))
    here, memory = linnet.load("t.arrow", target="label"), linnet.load(f"t.{suffix}", target="label")
    assert here.train.schema == memory.train.schema
    assert torch.equal(here.train.X[:], memory.train.X[:])


def test_a_folder_of_files_goes_on_where_it_was_left() -> None:
    paths = [write(make_table(100, seed=seed), Path(f"{seed}.parquet")) for seed in range(3)]
    assert write_each(paths[:2], Path("out")) == 200  # of which a third is missing, as after a kill
    times = {path: path.stat().st_mtime_ns for path in Path("out").iterdir()}
    assert write_each(paths, Path("out")) == 300
    assert {path: path.stat().st_mtime_ns for path in times} == times
    whole = pa.concat_tables([read(Path(f"out/{seed}.arrow")) for seed in range(3)])
    assert whole.equals(pa.concat_tables([make_table(100, seed=seed) for seed in range(3)]))
    write(make_table(90), paths[1])
    with pytest.raises(UsageError, match=r"out/1\.arrow is there already, and (older than|has not)"):
        write_each(paths, Path("out"))
    Path("other").mkdir()
    with pytest.raises(UsageError, match=r"several files would be out/1\.arrow"):
        write_each([paths[1], Path("other/1.parquet")], Path("out"))


LIMITED = """
import resource, sys
from pathlib import Path
from linnet.data.streams.write_arrow import write_arrow
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    write_arrow([Path("a.parquet")], Path("a.arrow"))
except OSError as error:
    print(error)
"""


def test_a_full_disk_is_an_error_that_leaves_nothing() -> None:
    write(make_table(20_000), Path("a.parquet"), group=5000)
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True)
    assert "File too large" in done.stdout
    assert sorted(path.name for path in Path().iterdir()) == ["a.parquet"]


KILLED = """
import os, sys
from pathlib import Path
from linnet.data.streams.write_arrow import write_arrow
end = lambda done, total: os._exit(9) if 2 * done > total else None
write_arrow([Path("a.parquet")], Path("a.arrow"), end)
"""


def test_what_a_kill_leaves_is_no_file_and_is_swept_by_the_next() -> None:
    write(make_table(20_000), Path("a.parquet"), group=2000)
    code = KILLED.replace(
        "import os", "import linnet.data.streams.arrow_sources as s\ns.BATCH_BYTES = 1 << 15\nimport os", 1
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert not Path("a.arrow").exists()
    assert len(list(Path().glob(".a.arrow.*.tmp"))) == 1
    assert write_arrow([Path("a.parquet")], Path("a.arrow")) == 20_000
    assert read(Path("a.arrow")).equals(make_table(20_000))
    assert not list(Path().glob(".a.arrow.*"))
