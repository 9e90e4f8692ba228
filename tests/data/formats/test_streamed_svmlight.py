"""LIBSVM text that stays in its files: the rows of memory, read in sections of lines."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import linnet
from linnet.data.batches import Batches
from linnet.data.formats import streamed_svmlight
from linnet.data.streams import rows as streamed
from linnet.data.streams import svmlight_sections
from linnet.errors import DataError, FormatError
from tests.support.commands import call
from tests.support.streamed import assert_same_parts

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _own_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same numbers for a test, whichever ran before it."""
    monkeypatch.setattr(f"{__name__}.RNG", np.random.default_rng(0))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sections of some 10 lines, and windows of 64 rows."""
    monkeypatch.setattr(svmlight_sections, "SECTION_BYTES", 400)
    monkeypatch.setattr(streamed, "WINDOW_BYTES", 64 * 2 * 8 * 5)


def write(name: str, rows: int = 300, base: int = 1, is_regression: bool = False, ending: str = "\n") -> str:
    """Rows of five features, some of them zeros that are not written, told by their classes; the path."""
    y = RNG.integers(0, 3, rows)
    X = np.round(RNG.normal(size=(rows, 5)) + y[:, None], 3) * (RNG.random((rows, 5)) < 0.7)
    X[0, 4] = 1
    lines = ["# a comment", ""]
    for k in range(rows):
        label = f"{X[k].sum():.3f}" if is_regression else str(y[k])
        pairs = " ".join(f"{j + base}:{X[k, j]:g}" for j in range(5) if X[k, j])
        lines += [f"{label} {pairs}", *(["# between"] if k % 50 == 0 else [])]
    Path(name).write_text(ending.join(lines), newline="")
    return f"./{name}"


@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_rows_are_those_of_memory(base: int, ending: str) -> None:
    name, told, others = write("a.svm", base=base, ending=ending), list[str](), list[str]()
    here, memory = linnet.load(name, stream=True, say=told.append), linnet.load(name, say=others.append)
    assert_same_parts(here, memory)
    assert told == others
    rows = here.train.X.rows  # type: ignore[attr-defined]
    assert len(rows.files[0].sections) > 20
    index = torch.tensor([200, 3, 3, 77])
    assert torch.equal(here.train.X[index], memory.train.X[index])
    assert here.train.origin is not None
    assert here.train.origin.table["index_base"] == base
    assert len(linnet.load(name, stream=True, test_size=0.1).test or ()) == 30


def test_parts_named_files_and_solutions_are_those_of_memory() -> None:
    Path("sets").mkdir()
    for part in ("train", "valid", "test"):
        write(f"sets/{part}.svm", is_regression=True)
    assert_same_parts(linnet.load("./sets", stream=True), linnet.load("./sets"))
    here, memory = (linnet.load("sets/train.svm", stream=how, test="sets/test.svm") for how in (True, None))
    assert_same_parts(here, memory)
    one, other = (linnet.solve(part.train, l2=0.1) for part in (here, memory))
    assert torch.allclose(one.value.bank.theta, other.value.bank.theta, rtol=1e-9, atol=1e-9)


def test_the_same_order_gives_the_same_model_and_a_run_goes_on_bit_for_bit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = write("a.svm")
    how = ("--data", name, "--stream", "--batch-size", 16, "--lr", 0.5, "--quiet")
    assert call("train", *how, "--epochs", 4, "--out", "whole") == 0
    assert call("train", *how, "--epochs", 2, "--out", "half") == 0
    assert call("train", "--resume", "half", "--epochs", 4, "--quiet") == 0
    assert torch.equal(linnet.Run.load("whole").bank.theta, linnet.Run.load("half").bank.theta)
    capsys.readouterr()
    assert call("evaluate", "whole", "--json") == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] > 0.6
    shown = []
    for flag in ([], ["--stream"]):
        assert call("data", "show", name, *flag) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    assert call("evaluate", "whole", "--data", write("b.svm")) == 0
    Path("b.svm.gz").write_bytes(gzip.compress(Path("b.svm").read_bytes()))
    assert call("evaluate", "whole", "--data", "b.svm.gz") == 0  # which is read whole
    monkeypatch.setattr(
        Batches, "shuffle", property(lambda self: False, lambda self, value: None), raising=False
    )
    options = {"lr": 0.1, "batch_size": 32, "epochs": 3, "dtype": "float64"}
    one, other = (linnet.fit(linnet.load(name, stream=how).train, **options) for how in (True, None))
    assert torch.allclose(one.bank.theta, other.bank.theta, rtol=1e-9, atol=1e-9)


def test_a_window_has_rows_of_many_sections_and_sections_are_parsed_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    train = linnet.load(write("a.svm"), stream=True, hold_out=False).train
    parsed = list[int]()
    parse = svmlight_sections._parse
    monkeypatch.setattr(
        svmlight_sections, "_parse", lambda *given: parsed.append(len(given[1])) or parse(*given)
    )
    order = torch.cat([block.rows for block in Batches(train, 16, seed=1).blocks(0)])  # type: ignore[misc]
    assert sorted(order.tolist()) == list(range(300))
    assert int((order[:32] // 10).unique().numel()) > 5
    assert max(parsed) < 500
    assert sum(parsed) == Path("a.svm").stat().st_size  # each once


def test_a_pass_is_kept_until_the_file_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    name, passes = write("a.svm"), list[Path]()
    scan = svmlight_sections.scan
    monkeypatch.setattr(streamed_svmlight, "scan", lambda path: passes.append(path) or scan(path))
    first = linnet.load(name, stream=True).train
    again = linnet.load(name, stream=True).train
    assert len(passes) == 1
    assert torch.equal(first.X[:], again.X[:])
    assert torch.equal(first.y, again.y)
    assert first.checksum == again.checksum
    write("a.svm")
    assert linnet.load(name, stream=True).train.checksum != first.checksum
    assert len(passes) == 2


def test_a_short_file_has_as_many_sections_as_are_read_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svmlight_sections, "SECTION_BYTES", 1 << 20)
    X: Any = linnet.load(write("a.svm"), stream=True).train.X
    assert 14 <= len(X.rows.files[0].sections) <= 17
    few: Any = linnet.load(write("few.svm", rows=4), stream=True, hold_out=False).train.X
    assert sum(few.rows.files[0].sections) == 4
    assert few[:].shape == (4, 5)


def test_a_file_that_is_changed_cut_or_gone_is_named() -> None:
    name = write("a.svm")
    content = Path(name).read_bytes()
    train = linnet.load(name, stream=True).train
    os.truncate(name, 2000)
    with pytest.raises(DataError, match=r"a\.svm was changed since"):
        linnet.fit(train, epochs=1)
    Path(name).write_bytes(content)
    train = linnet.load(name, stream=True).train
    Path(name).unlink()
    with pytest.raises(DataError, match=r"a\.svm has gone since"):
        linnet.fit(train, epochs=1)


def test_what_cannot_be_streamed_is_refused_with_what_to_do() -> None:
    name = write("a.svm")
    content = Path(name).read_bytes()
    Path("a.svm.gz").write_bytes(gzip.compress(content))
    with pytest.raises(FormatError, match=r"a\.svm\.gz is packed.*unpack it"):
        linnet.load("a.svm.gz", stream=True)
    Path("wide.svm").write_bytes(content + b"\n1 20000:1\n")
    with pytest.raises(FormatError, match=r"wide\.svm has 20,000 features.*compact in memory"):
        linnet.load("wide.svm", stream=True)
    lines = content.decode().splitlines()
    Path("bad.svm").write_text("\n".join([*lines[:250], "1 3:x", *lines[250:]]))
    with pytest.raises(FormatError, match=r"bad\.svm, line 251: '3:x' is no index:value"):
        linnet.load("bad.svm", stream=True)
    Path("bad.svm").write_text("\n".join([*lines[:250], "1 3:inf", *lines[250:]]))
    with pytest.raises(FormatError, match=r"bad\.svm, line 251: a number is not finite"):
        linnet.load("bad.svm", stream=True)
    Path("none.svm").write_text("# nothing\n")
    with pytest.raises(FormatError, match=r"none\.svm has no rows"):
        linnet.load("none.svm", stream=True)
    with pytest.raises(FormatError, match=r"b\.svm has the index 6, beyond the 5 features"):
        Path("b.svm").write_bytes(content + b"\n1 6:1\n")
        linnet.load("a.svm", stream=True, test="b.svm")


def test_a_warning_says_where_lines_lie_by_their_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linnet.data.streams.svmlight_sections.SECTION_BYTES", 1 << 9)
    monkeypatch.setattr("linnet.data.streams.rows.WINDOW_BYTES", 1 << 12)
    lines = [f"{k // 60} 1:{k % 7}.5 2:{k % 3}\n" for k in range(6000)]
    Path("sorted.svm").write_text("".join(lines))
    Path("mixed.svm").write_text("".join(RNG.permutation(lines)))
    said = r"sorted\.svm lie by their classes: of 100 about 1\d are among the"
    with pytest.warns(UserWarning, match=said):
        linnet.load("sorted.svm", stream=True, task="classification")
    linnet.load("mixed.svm", stream=True, task="classification")
