"""Rows that stay in files: in order, by number, shuffled, some of them; held against the whole table."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linnet.data.streams import rows as streamed
from linnet.data.streams.arrow_rows import Columns
from linnet.data.streams.row_files import PackedArrowFile, ParquetFile, open_rows
from linnet.data.streams.rows import StreamedRows
from linnet.data.streams.shuffle import mismatch, plan_windows
from linnet.data.streams.windows import find_sorted, read_windows
from linnet.errors import DataError, FormatError, UsageError
from tests.support.processes import Numbered
from tests.support.streamed import features_of, make_table, write

SUFFIXES = ("parquet", "arrow", "feather")
LISTS = Columns(("embedding",), (6,), np.dtype("float32"))


def open_all(*paths: Path, columns: Columns = LISTS) -> StreamedRows:
    return StreamedRows([open_rows(path, columns) for path in paths])


def in_order(rows: StreamedRows, first: int = 0) -> np.ndarray:
    return np.concatenate([np.empty((0, rows.features), rows.dtype), *rows.iterate(first)])


@pytest.fixture(params=SUFFIXES)
def files(request: pytest.FixtureRequest) -> tuple[StreamedRows, np.ndarray]:
    """Two files of 250 and 130 rows, in batches of 100, and all their rows."""
    tables = [make_table(250), make_table(130, seed=1)]
    paths = [write(one, Path(f"{number}.{request.param}")) for number, one in enumerate(tables)]
    return open_all(*paths), np.concatenate([features_of(one) for one in tables])


def test_rows_are_those_of_the_files_in_their_order(files: tuple[StreamedRows, np.ndarray]) -> None:
    rows, X = files
    assert (len(rows), rows.features) == X.shape
    for first in (0, 1, 99, 100, 249, 250, 379, 380):
        assert np.array_equal(in_order(rows, first), X[first:])


def test_rows_by_their_numbers_in_any_order(files: tuple[StreamedRows, np.ndarray]) -> None:
    rows, X = files
    index = np.random.default_rng(0).integers(0, len(X), 70)
    assert np.array_equal(rows.gather(index), X[index])
    assert rows.gather(index[:0]).shape == (0, 6)


def test_some_rows_and_some_of_them(files: tuple[StreamedRows, np.ndarray]) -> None:
    rows, X = files
    chosen = np.random.default_rng(1).random(len(X)) < 0.4
    chosen[100:200] = False  # nothing of a row group
    some = rows.take(chosen)
    assert np.array_equal(in_order(some), X[chosen])
    assert np.array_equal(in_order(some, 30), X[chosen][30:])
    assert np.array_equal(some.gather(np.array([40, 3, 3])), X[chosen][[40, 3, 3]])
    fewer = some.take(slice(10, 50))
    assert np.array_equal(in_order(fewer), X[chosen][10:50])
    assert np.array_equal(in_order(some.take(np.array([0, 5, 9]))), X[chosen][[0, 5, 9]])
    assert len({rows.fingerprint, some.fingerprint, fewer.fingerprint}) == 3
    for wrong in ([3, 2], [1, 1]):
        with pytest.raises(UsageError, match="keep their order"):
            rows.take(np.array(wrong))


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_an_epoch_has_each_row_once_in_an_order_of_its_own(
    files: tuple[StreamedRows, np.ndarray], share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed, "WINDOW_BYTES", 64 * 24)
    monkeypatch.setattr(streamed, "LANES", 3)
    rows, X = files
    if share < 1:
        chosen = np.random.default_rng(1).random(len(X)) < share
        rows, X = rows.take(chosen), X[chosen]
    orders = []
    for seed, epoch in ((1, 0), (1, 1), (2, 0), (1, 0)):
        windows = list(read_windows(rows, seed, epoch))
        assert len(windows) > 2
        order = np.concatenate([numbers for _, _, _, numbers, _ in windows])
        assert np.array_equal(np.sort(order), np.arange(len(X)))
        assert np.array_equal(np.concatenate([own for *_, own in windows]), X[order])
        orders.append(order.tolist())
    assert orders[0] == orders[3]
    assert orders[0] != orders[1] != orders[2] != orders[0]
    for first in (1, 50, 64, 65, len(X) - 1):
        later = list(read_windows(rows, 1, 0, first))
        assert np.concatenate([numbers for _, _, _, numbers, _ in later]).tolist() == orders[0][first:]
        assert np.array_equal(np.concatenate([own for *_, own in later]), X[orders[0][first:]])
    first = rows.first_windows(2, seed=1)
    assert sorted(np.concatenate(first).tolist()) == sorted(orders[0][: sum(map(len, first))])


@given(st.lists(st.integers(0, 40), max_size=12), st.integers(1, 5), st.integers(1, 9), st.integers(0, 3))
def test_windows_have_all_rows_in_order_and_no_more_than_fit(
    counts: list[int], lanes: int, piece: int, epoch: int
) -> None:
    seen: dict[int, int] = {}
    for window in plan_windows(counts, lanes, piece, 1, epoch):
        assert 1 <= len(window) <= lanes
        assert len({stretch.lane for stretch in window}) == len(window)
        for section, low, high, _ in window:
            assert 0 < high - low <= piece
            assert seen.get(section, 0) == low
            seen[section] = high
    assert seen == {section: count for section, count in enumerate(counts) if count}


@pytest.mark.parametrize("size", [2, 3])
def test_processes_share_the_rows_of_each_window(
    files: tuple[StreamedRows, np.ndarray], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed, "WINDOW_BYTES", 64 * 24)
    monkeypatch.setattr(streamed, "LANES", 3)
    rows, X = files
    for first in (0, 1, 70):
        alone = list(read_windows(rows, 1, 0, first))
        shared = [list(read_windows(rows, 1, 0, first, Numbered(rank, size))) for rank in range(size)]
        for whole, *parts in zip(alone, *shared, strict=True):
            places = np.concatenate([part.places for part in parts])
            assert all((part.start, part.stop) == (whole.start, whole.stop) for part in parts)
            assert np.array_equal(np.sort(places), whole.places)
            numbers = np.concatenate([part.numbers for part in parts])[np.argsort(places)]
            assert np.array_equal(numbers, whole.numbers)
            for part in parts:
                assert np.array_equal(part.rows, X[part.numbers])


def test_more_processes_than_sections_side_by_side_are_refused_with_the_numbers_that_fit(
    files: tuple[StreamedRows, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed, "LANES", 2)
    rows, _ = files
    rows.check_shared(Numbered(0, 2))
    if rows.is_mapped:
        rows.check_shared(Numbered(0, 300))
        return
    with pytest.raises(UsageError, match="take 1 to 2 processes, not 3"):
        rows.check_shared(Numbered(0, 3))


def test_columns_of_numbers_of_several_types_are_features(tmp_path: Path) -> None:
    table = pa.table({"a": pa.array([1, 2], pa.int8()), "b": pa.array([0.5, 1.5], pa.float32())})
    columns = Columns(("b", "a"), (0, 0), np.dtype("float32"))
    for suffix in SUFFIXES:
        rows = open_all(write(table, tmp_path / f"few.{suffix}"), columns=columns)
        assert in_order(rows).tolist() == [[0.5, 1.0], [1.5, 2.0]]
        assert rows.gather(np.array([1])).tolist() == [[1.5, 2.0]]


def bad_table(kind: str) -> pa.Table:
    """130 rows of which the 121st is wrong."""
    lists: list[list[float | None] | None] = [[1.0, 2.0] for _ in range(130)]
    lists[120] = {"no list": None, "a gap": [1.0, None], "shorter": [1.0], "infinite": [1.0, np.inf]}[kind]
    cells = pa.array(lists, pa.list_(pa.float32()))
    return pa.table({"embedding": cells if kind == "shorter" else cells.cast(pa.list_(pa.float32(), 2))})


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("kind", "said"),
    [("no list", "no embedding"), ("a gap", "a gap in embedding"), ("shorter", "1 numbers in embedding"),
     ("infinite", "not finite")],
)  # fmt: skip
def test_a_wrong_row_is_named(kind: str, said: str, suffix: str) -> None:
    path = write(bad_table(kind), Path(f"bad.{suffix}"))
    with pytest.raises(FormatError, match=rf"bad\.{suffix}: row 121 has .*{said}"):
        in_order(open_all(path, columns=Columns(("embedding",), (2,), np.dtype("float32"))))


def test_numbers_whose_sum_is_too_large_are_finite() -> None:
    table = pa.table({"a": pa.array([1e308, 1e308], pa.float64())})
    rows = open_all(write(table, Path("large.parquet")), columns=Columns(("a",), (0,), np.dtype("float64")))
    assert in_order(rows).tolist() == [[1e308], [1e308]]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_was_changed_or_has_gone_is_noticed(suffix: str) -> None:
    path = write(make_table(250), Path(f"own.{suffix}"))
    rows = open_all(path)
    before = path.stat()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    ways = (
        lambda: in_order(rows),
        lambda: rows.gather(np.array([3])),
        lambda: next(read_windows(rows, 1, 0)),
    )
    for read in ways:
        with pytest.raises(DataError, match="was changed since"):
            read()
    path.unlink()
    with pytest.raises(DataError, match="has gone since"):
        in_order(rows)


def test_sections_suit_the_format() -> None:
    table = make_table(250)
    parquet = open_rows(write(table, Path("a.parquet")), LISTS)
    packed = open_rows(write(table, Path("a.feather")), LISTS)
    mapped = open_rows(write(table, Path("a.arrow")), LISTS)
    assert isinstance(parquet, ParquetFile)
    assert isinstance(packed, PackedArrowFile)
    assert parquet.sections == packed.sections == (100, 100, 50)
    assert mapped.is_mapped
    assert set(mapped.sections) == {16, 10}
    assert (parquet.is_mapped, packed.is_mapped) == (False, False)


def test_no_file_of_its_format_is_refused() -> None:
    for name in ("a.parquet", "a.arrow"):
        Path(name).write_bytes(b"nothing of the kind")
        with pytest.raises(FormatError, match=f"{name} cannot be read"):
            open_rows(Path(name), LISTS)
        Path(name).unlink()
        with pytest.raises((DataError, FileNotFoundError)):
            open_rows(Path(name), LISTS)


def test_how_far_windows_are_from_all_rows_by_hand() -> None:
    classes = np.repeat(np.arange(4), 10)
    alike = [np.arange(0, 40, 2), np.arange(1, 40, 2)]
    assert mismatch(classes, alike) == pytest.approx((0, 4))
    assert mismatch(classes, [np.arange(10), np.arange(10, 20)]) == pytest.approx((3, 1))
    assert mismatch(classes, [np.arange(20)]) == pytest.approx((1, 2))


def test_rows_in_random_order_are_not_called_sorted_however_many_classes_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streamed, "WINDOW_BYTES", 2 * 6 * 4 * 320)  # 320 rows
    rows = open_all(write(make_table(6400), Path("t.parquet"), group=100))
    drawn = np.random.default_rng(0).integers(0, 400, 6400)
    assert mismatch(drawn, rows.first_windows(8))[0] > 1
    assert find_sorted(rows, drawn) is None
    found = find_sorted(rows, np.sort(drawn))
    assert found is not None
    assert found.window == 320
    assert 16 <= found.shown <= 48  # of 16 row groups 20 rows each, and a class has 16
