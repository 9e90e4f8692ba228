"""Tables as one Arrow file: every row and column as it stands, or nothing at all."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from linnet.data.streams import write_arrow as module
from linnet.data.streams.write_arrow import check_written, write_arrow
from linnet.errors import FormatError, UsageError
from tests.support.streamed import make_table, write


def read(path: Path) -> pa.Table:
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


@pytest.mark.parametrize("suffix", ["parquet", "feather", "arrow"])
def test_rows_of_several_files_stand_one_after_another(suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_BYTES", 2000)
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
