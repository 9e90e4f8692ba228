"""The schema of a table that stays in its files: the one that the reader of tables in memory makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch

import linnet
from linnet.data.dataset import Dataset
from linnet.data.formats.pass_cache import cache_folder
from linnet.data.formats.streamed_schema import describe_rows
from linnet.errors import DataError, FormatError
from linnet.schema.columns import Number
from linnet.schema.schema import Schema
from linnet.schema.words import Words
from tests.support.commands import call
from tests.support.streamed import assert_same, known, make_mixed, write

SUFFIXES = ("parquet", "arrow", "feather")


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linnet.data.formats.blocks.CELLS", 1 << 11)
    monkeypatch.setattr("linnet.data.formats.arrow_blocks.SLICE", 1 << 7)


OPTIONS: list[dict[str, Any]] = [
    {}, {"references": True, "rare": 3, "category": ["count"]}, {"hash": ["colour=8"], "date": "day"},
    {"target": "a", "ignore": ["label", "list[1]"]}, {"target": "when", "task": "classification"},
]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_schema_and_the_rows_are_those_of_memory(suffix: str, seed: int) -> None:
    name = str(write(make_mixed(600, seed), Path(f"t.{suffix}"), group=250))
    options = OPTIONS[seed]
    here, memory = linnet.load(name, stream=True, **options), linnet.load(name, **options)
    assert_same(here.train, memory.train)
    assert_same(here.test, memory.test)


def test_without_rows_to_test_on_all_rows_tell_the_schema() -> None:
    name = str(write(make_mixed(600, 1), Path("t.parquet"), group=250))
    assert_same(linnet.load(name, stream=True, split="none").train, linnet.load(name, split="none").train)
    here, memory = (linnet.load(name, stream=way, hold_out=False) for way in (True, None))
    assert_same(here.train, memory.train)


def _without(schema: Schema, *names: str) -> dict[str, Any]:
    """The columns of a schema as plain values, without some of what they hold."""
    return {one.name: {k: v for k, v in one.to_json().items() if k not in names} for one in schema.columns}


def test_of_many_rows_medians_are_those_of_a_sample_and_all_else_is_as_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("linnet.data.formats.counted_pass.SAMPLED", 0)
    monkeypatch.setattr("linnet.data.formats.counted_pass.FEWEST", 400)
    name = str(write(make_mixed(2000, 2), Path("t.parquet"), group=500))
    here, memory = linnet.load(name, stream=True).train, linnet.load(name).train
    own, other = known(here.schema), known(memory.schema)
    assert _without(own, "fill") == _without(other, "fill")
    said = "the medians of numbers are those of 400 rows taken at random"
    assert [one for one in own.notes if one != said] == list(other.notes)
    assert said in own.notes
    fills = {one.name: one.fill for one in other.columns if one.kind == "number"}  # type: ignore[attr-defined]
    for column in own.columns:
        if column.name in fills and isinstance(column, Number):
            cells = memory.X[:][:, list(memory.columns).index(column.name)].numpy()
            # The rank of the median of 320 rows is off by .03 with a standard error.
            assert abs(np.mean(cells <= column.fill) - np.mean(cells <= fills[column.name])) < 0.12


def test_of_many_texts_the_first_ones_tell_the_kind_and_all_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("linnet.schema.cell_counter.MOST", 60)
    name = str(write(make_mixed(900, 1), Path("t.parquet"), group=300))
    here, memory = linnet.load(name, stream=True).train, linnet.load(name).train
    own, other = known(here.schema), known(memory.schema)
    assert _without(own, "fill") == _without(other, "fill")
    assert own.left_out == other.left_out
    assert [column.words for column in own.columns if isinstance(column, Words)] != [()]


def test_whole_numbers_of_many_values_have_no_gap_for_want_of_a_fraction(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("linnet.schema.cell_counter.MOST", 60)
    table = pa.table({"paid": [f"$ {k}" for k in range(500, 0, -1)], "y": ["a", "b"] * 250})
    name = str(write(table, Path("t.parquet")))
    assert linnet.load(name, stream=True).train.columns == ("paid",)


def test_too_many_levels_are_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linnet.schema.cell_counter.MOST", 60)
    table = pa.table({"shop": [f"shop {k % 300}" for k in range(3000)], "y": [0.5, 1.5] * 1500})
    name = str(write(table, Path("t.parquet")))
    with pytest.raises(FormatError, match=r"shop has more than 60 levels.*--hash shop"):
        linnet.load(name, stream=True, category=["shop"])
    own = linnet.load(name, stream=True, hash=["shop"]).train
    assert torch.equal(own.X[:], linnet.load(name, hash=["shop"]).train.X)


def test_what_was_counted_is_taken_from_the_cache_until_the_files_change() -> None:
    path = write(make_mixed(400, 1), Path("t.parquet"), group=250)
    done, told = list[int](), list[str]()

    def load() -> tuple[Dataset, bool]:
        done.clear()
        told.clear()
        rows = linnet.load(
            str(path), stream=True, progress=lambda read, total: done.append(read), say=told.append
        ).train
        return rows, any("counted before" in line for line in told)

    first, was_counted = load()
    assert not was_counted
    assert done[-1] == path.stat().st_size
    again, was_counted = load()
    assert was_counted
    assert not done
    assert known(again.schema) == known(first.schema)
    assert torch.equal(again.y, first.y)
    assert torch.equal(again.X[:], first.X[:])
    (entry,) = (file for file in cache_folder().iterdir() if len(file.name) == 64)
    content = bytearray(entry.read_bytes())
    content[len(content) // 2] ^= 1
    entry.write_bytes(content)
    assert not load()[1]  # damaged, and made anew
    assert load()[1]
    write(make_mixed(400, 2), path, group=250)
    other, was_counted = load()
    assert not was_counted
    assert known(other.schema) != known(first.schema)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_that_is_replaced_while_its_rows_are_counted_is_noticed(
    suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng, name = np.random.default_rng(0), f"t.{suffix}"

    def put() -> None:
        frame = pd.DataFrame({"a": rng.normal(size=300), "b": rng.normal(size=300), "y": np.arange(300) % 2})
        frame.to_csv(name, index=False) if suffix == "csv" else frame.to_parquet(name)

    def count(*args: Any, **options: Any) -> Any:
        found = describe_rows(*args, **options)
        put()
        return found

    put()
    monkeypatch.setattr("linnet.data.formats.streamed_tables.describe_rows", count)
    rows = linnet.load(name, stream=True, split="none").train
    with pytest.raises(DataError, match=f"{name} was changed since it was first read"):
        rows.X[:]


def test_a_cache_that_cannot_be_written_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("file").write_text("")
    monkeypatch.setenv("LINNET_CACHE", "file/below")
    name = str(write(make_mixed(300, 1), Path("t.parquet")))
    assert linnet.load(name, stream=True).train.is_streamed


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_index_of_pandas_is_no_column(suffix: str) -> None:
    frame = make_mixed(300, 1).drop_columns(["list"]).to_pandas()
    for stem, index in (("no name", frame.index[::-1]), ("name", frame.index[::-1].rename("number"))):
        table = pa.Table.from_pandas(frame.set_index(index))
        name = str(write(table, Path(f"{stem}.{suffix}")))
        here, memory = linnet.load(name, stream=True), linnet.load(name)
        assert_same(here.train, memory.train)
        call("data", "convert", name, f"{stem}-new.arrow")
        assert_same(linnet.load(f"{stem}-new.arrow", stream=True).train, memory.train)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_two_columns_of_one_name_and_lists_without_numbers_are_refused(suffix: str) -> None:
    columns = [pa.array(range(60)), pa.array(range(60)), pa.array(["u", "v"] * 30)]
    twice = write(pa.Table.from_arrays(columns, names=["a", "a", "y"]), Path(f"t.{suffix}"))
    with pytest.raises(FormatError, match="has two columns called a"):
        linnet.load(str(twice), stream=True)
    lists = pa.array([[]] * 60, pa.list_(pa.float64()))
    empty = write(pa.table({"a": range(60), "b": lists, "y": ["u", "v"] * 30}), Path(f"e.{suffix}"))
    with pytest.raises(FormatError, match="no row has a list of numbers in b"):
        linnet.load(str(empty), stream=True)
