"""Tables of text and JSON lines that stay in their files: read in blocks, by columns that all rows tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import linnet
from linnet.config.table import TableOptions
from linnet.data.formats.text_blocks import TextBlocks
from linnet.errors import DataError, FormatError
from tests.support.commands import call
from tests.support.streamed import assert_same, make_mixed_frame, write_text


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linnet.data.formats.line_blocks.PIECE", 1 << 14)


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.jsonl", "t.jsonl.gz"])
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
def test_the_schema_and_the_rows_are_those_of_memory(name: str, seed: int) -> None:
    write_text(make_mixed_frame(seed=seed), name)
    options: dict[str, Any] = {"target": "label"} if seed else {"target": "b", "ignore": ["label"]}
    here, memory = linnet.load(name, stream=True, **options), linnet.load(name, **options)
    assert_same(here.train, memory.train)
    assert_same(here.test, memory.test)
    again = linnet.load(name, stream=True, **options)  # from the cache
    assert_same(again.train, memory.train)


def test_a_column_is_what_its_last_rows_show_it_to_be() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({
        "late": [*map(str, rng.integers(0, 9, 1999)), "ten"], "big": [*range(1999), 2**60],
        "a": rng.normal(size=2000), "y": rng.integers(0, 2, 2000),
    })  # fmt: skip
    write_text(frame, "t.csv")
    assert TextBlocks(Path("t.csv"), TableOptions()).kinds["late"] == "cells"
    here, memory = linnet.load("t.csv", stream=True), linnet.load("t.csv")
    assert_same(here.train, memory.train)


def test_several_files_are_one_table_whatever_the_order_of_their_columns() -> None:
    Path("days").mkdir()
    first, second = make_mixed_frame(200, 0), make_mixed_frame(200, 1)
    second["count"] = second["count"].map(lambda cell: "many" if cell == 3 else str(cell))
    write_text(first, "days/1.csv")
    write_text(second[second.columns[::-1]], "days/2.csv")
    options: dict[str, Any] = {"target": "label", "category": ["count"]}
    here, memory = linnet.load("./days", stream=True, **options), linnet.load("./days", **options)
    assert_same(here.train, memory.train)


def test_rows_too_long_or_too_short_are_named_or_left_out() -> None:
    write_text(make_mixed_frame(), "t.csv")
    lines = Path("t.csv").read_text().split("\n")
    good = linnet.load("t.csv", target="label")
    ends = [at for at, line in enumerate(lines) if line.startswith(("100,", "200,"))]
    for at, more in zip(reversed(ends), ("1,2,3", "1," * 40), strict=True):
        lines.insert(at, more)
    Path("t.csv").write_text("\n".join(lines))
    with pytest.raises(FormatError, match=rf"more cells.*line {ends[0] + 1:,} of the file|row 101"):
        linnet.load("t.csv", stream=True, target="label")
    with pytest.warns(UserWarning, match="2 rows of t.csv could not be read and are in t.csv.rejected.csv"):
        here = linnet.load("t.csv", stream=True, target="label", errors="quarantine")
    rows = pd.read_csv("t.csv.rejected.csv")
    assert list(rows["place"]) == [f"line {ends[0] + 1:,}", f"line {ends[1] + 2:,}"]
    assert_same(here.train, good.train)


def test_words_among_numbers_are_named_or_left_out() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=4000), "b": rng.normal(size=4000), "y": np.arange(4000) % 2})
    good = write_text(frame.drop(index=[3000]), "good.csv")
    write_text(
        frame.astype({"a": object}).assign(a=lambda f: f["a"].where(f.index != 3000, "oops")), "bad.csv"
    )
    with pytest.raises(FormatError, match=r"something else in 1: 'oops' in block \d+, row 3,001 of bad\.csv"):
        linnet.load("bad.csv", stream=True)
    with pytest.warns(UserWarning, match=r"1 row of bad\.csv.*row 3,001 of bad\.csv, which has 'oops' in a"):
        here = linnet.load("bad.csv", stream=True, errors="skip")
    memory = linnet.load(good)
    assert here.train.schema is not None
    assert memory.train.schema is not None
    assert here.train.schema.columns == memory.train.schema.columns
    assert torch.equal(here.train.X[:], memory.train.X)


def test_lines_that_are_no_objects_are_named_or_left_out() -> None:
    write_text(make_mixed_frame(), "t.jsonl")
    good = linnet.load("t.jsonl", target="label")
    lines = Path("t.jsonl").read_text().splitlines()
    Path("t.jsonl").write_text("\n".join([*lines[:50], "{broken", *lines[50:], "[1, 2]"]) + "\n")
    with pytest.raises(FormatError, match="line 51 cannot be read"):
        linnet.load("t.jsonl", stream=True, target="label")
    with pytest.warns(UserWarning, match="2 rows of t.jsonl could not be read: the first is line 51"):
        here = linnet.load("t.jsonl", stream=True, target="label", errors="skip")
    assert_same(here.train, good.train)


def test_keys_may_lack_and_come_late() -> None:
    rows: list[dict[str, Any]] = [{"a": k / 3, "y": k % 2} for k in range(400)]
    for k in range(300, 400):
        rows[k]["late"] = "x" if k % 4 else "z"
        rows[k]["mixed"] = k if k % 2 else "word"
    Path("t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    here, memory = (
        linnet.load("t.jsonl", stream=way, target="y", category=["mixed"]) for way in (True, None)
    )
    assert_same(here.train, memory.train)


def test_a_quote_that_has_no_end_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linnet.data.formats.line_blocks.LONGEST", 1 << 13)
    rows = "\n".join(f'{k},"text {k}",{k % 2}' for k in range(4000))
    Path("t.csv").write_text("a,b,y\n" + rows.replace('"text 9"', '"text 9'))
    with pytest.raises(FormatError, match=r"has no end: a quote is not closed"):
        linnet.load("t.csv", stream=True)


def test_what_blocks_cannot_have_is_refused() -> None:
    Path("t.csv").write_bytes("a,b,y\n1,é,2\n".encode("utf-16"))
    with pytest.raises(FormatError, match="utf-16, and a stream takes UTF-8"):
        linnet.load("t.csv", stream=True)


def test_a_file_that_is_cut_while_it_is_read_is_noticed() -> None:
    write_text(make_mixed_frame(), "t.csv")
    rows = linnet.load("t.csv", stream=True, target="label").train
    content = Path("t.csv").read_bytes()
    Path("t.csv").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"t\.csv was changed since it was first read"):
        rows.X[:]
    Path("t.csv").unlink()
    with pytest.raises(DataError, match=r"t\.csv has gone since it was first read"):
        rows.X[:]


def test_a_run_that_goes_on_is_the_run_that_was_not_interrupted() -> None:
    write_text(make_mixed_frame(), "t.csv")
    how = ("--data", "t.csv", "--stream", "--target", "label", "--batch-size", 32, "--quiet",
           "--no-report")  # fmt: skip
    assert call("train", *how, "--epochs", 4, "--out", "whole") == 0
    assert call("train", *how, "--epochs", 2, "--out", "part") == 0
    assert call("train", "--resume", "part", "--epochs", 4, "--quiet", "--no-report") == 0
    whole, part = (linnet.Run.load(name) for name in ("whole", "part"))
    assert torch.equal(whole.bank.theta, part.bank.theta)
    assert whole.card.schema is not None
    assert call("replay", "whole") == 0


def test_a_line_of_spaces_is_no_row() -> None:
    rows = [f"{k},{k % 7},{'uv'[k % 2]}" for k in range(60)]
    Path("t.csv").write_text("\n".join(["a,b,y", *rows[:30], "   ", *rows[30:], " ", ""]))
    assert_same(linnet.load("t.csv", stream=True).train, linnet.load("t.csv").train)
