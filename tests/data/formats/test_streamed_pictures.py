"""Folders of pictures that are decoded whenever rows are wanted: the rows are those of memory."""

from __future__ import annotations

import io
import json
import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import linnet
from linnet.data.batches import Batches
from linnet.data.pictures.decode import beside_threads, has_colors
from linnet.data.pictures.prepare import prepare as made
from linnet.data.streams import picture_rows
from linnet.data.streams import rows as streamed
from linnet.errors import DataError, FormatError
from tests.support.colors import files, write
from tests.support.commands import call
from tests.support.streamed import assert_same_parts
from tests.support.uploads import png, zipped

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _own_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same numbers for a test, whichever ran before it."""
    monkeypatch.setattr(f"{__name__}.RNG", np.random.default_rng(0))


def lay_out(parts: tuple[str, ...] = ("",), each: int = 20, size: tuple[int, int] = (8, 8)) -> str:
    """A folder of pictures, dark and light by their class; its path."""
    for part in parts:
        for label, shade in (("dim", 90), ("lit", 240)):
            folder = Path("set", part, label)
            folder.mkdir(parents=True, exist_ok=True)
            for number in range(each):
                (folder / f"{number}.png").write_bytes(png(shade + int(RNG.integers(0, 15)), size))
    return "./set"


@pytest.mark.parametrize("size", [(8, 8), (40, 90)])
def test_pictures_are_those_of_memory(size: tuple[int, int]) -> None:
    name, told = lay_out(size=size), list[str]()
    here = linnet.load(name, stream=True, say=told.append)
    assert_same_parts(here, linnet.load(name))
    assert here.train.image_shape == ((8, 8) if size == (8, 8) else (28, 28))
    assert any("of 40 × 90 pixels, are brought to 28 × 28" in line for line in told) == (size != (8, 8))


def test_sizes_turns_and_forms_of_all_kinds_are_those_of_memory() -> None:
    name = lay_out()
    for number, form in enumerate(("JPEG", "WEBP", "TIFF", "BMP", "GIF")):
        Path(f"set/dim/{form}.{form.lower()}").write_bytes(png(100 + number, (30, 20), form))
    turned = Image.fromarray(RNG.integers(0, 255, (70, 50), np.uint8))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save("set/lit/turned.jpg", exif=exif)
    buffer = io.BytesIO()
    Image.fromarray(RNG.integers(0, 255, (600, 500, 3), np.uint8)).save(buffer, "PNG")
    Path("set/lit/large.png").write_bytes(buffer.getvalue())
    assert len(buffer.getvalue()) > 1 << 16
    assert_same_parts(linnet.load(name, stream=True), linnet.load(name))


@pytest.mark.parametrize("color", [None, True])
def test_colours_are_kept_where_that_is_asked_for(color: bool | None) -> None:
    told = list[str]()
    write(Path("squares"))
    here = linnet.load("./squares", stream=True, color=color, say=told.append)
    assert_same_parts(here, linnet.load("./squares", color=color))
    expected = "are read in colour, 6 × 6 × 3" if color else "--color keeps the colours"
    assert any(expected in line for line in told)


def test_parts_are_those_of_memory() -> None:
    name = lay_out(("train", "val", "test"))
    here, memory = linnet.load(name, stream=True), linnet.load(name)
    assert_same_parts(here, memory)
    assert here.train.validation is not None
    assert memory.train.validation is not None
    assert torch.equal(here.train.validation.X[:], memory.train.validation.X)


def test_the_same_order_gives_the_same_model_and_a_run_goes_on_bit_for_bit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = lay_out(each=40)
    monkeypatch.setattr(streamed, "WINDOW_BYTES", 20 * 64)
    how = ("--data", name, "--stream", "--batch-size", 16, "--quiet")
    assert call("train", *how, "--epochs", 4, "--out", "whole") == 0
    assert call("train", *how, "--epochs", 2, "--out", "half") == 0
    assert call("train", "--resume", "half", "--epochs", 4, "--quiet") == 0
    assert torch.equal(linnet.Run.load("whole").bank.theta, linnet.Run.load("half").bank.theta)
    monkeypatch.setattr(
        Batches, "shuffle", property(lambda self: False, lambda self, value: None), raising=False
    )
    options = {"lr": 0.1, "batch_size": 32, "epochs": 3, "dtype": "float64"}
    one, other = (linnet.fit(linnet.load(name, stream=how).train, **options) for how in (True, None))
    assert torch.allclose(one.bank.theta, other.bank.theta, rtol=1e-12, atol=1e-12)


def test_the_command_line_evaluates_and_reports(capsys: pytest.CaptureFixture[str]) -> None:
    name = lay_out()
    assert call("train", "--data", name, "--stream", "--batch-size", 4, "--out", "run", "--quiet") == 0
    capsys.readouterr()
    assert call("evaluate", "run", "--json") == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] == 1
    shutil.copytree("set/lit", "other/lit")
    assert call("evaluate", "run", "--data", "./other") == 0  # a class of the model may be missing
    assert call("predict", "run", "set/lit", "--out", "answers.csv") == 0


def test_a_picture_that_is_changed_damaged_or_gone_is_named() -> None:
    name = lay_out()
    path = Path("set/dim/3.png")
    content = path.read_bytes()
    rows = linnet.load(name, stream=True, hold_out=False).train
    os.utime(path, ns=(0, 0))
    with pytest.raises(DataError, match=r"set/dim/3\.png was changed since"):
        linnet.fit(rows, epochs=1)
    path.unlink()
    with pytest.raises(DataError, match=r"set/dim/3\.png has gone since"):
        linnet.fit(rows, epochs=1)
    path.write_bytes(content[:60])
    lay_out(("more",), size=(80, 80))  # no pictures behind a large one are looked at beforehand
    with pytest.raises(FormatError, match=r"3\.png is damaged"):
        linnet.load(name, stream=True, hold_out=False).train.X[:]
    shutil.rmtree("set/lit")
    shutil.rmtree("set/more")
    with pytest.raises(FormatError, match="in 1 folders: expected"):
        linnet.load(name, stream=True)
    Path("set.zip").write_bytes(zipped(files()))
    with pytest.raises(FormatError, match=r"set\.zip cannot be streamed: unpack it"):
        linnet.load("set.zip", stream=True)


def test_no_more_is_decoded_than_two_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "WINDOW_BYTES", 10 * 64)
    rows, decoded = linnet.load(lay_out(each=40), stream=True, hold_out=False).train, list[str]()
    monkeypatch.setattr(
        picture_rows, "prepare", lambda *given, **more: decoded.append("") or made(*given, **more)
    )
    blocks = Batches(rows, 5).blocks(0)
    first = len(next(blocks).X)
    assert 10 <= len(decoded) <= 20  # of 80: the window in use and the one that is read meanwhile
    assert first + sum(len(block.X) for block in blocks) == 80
    assert len(decoded) == 80


def test_checksums_tell_pictures_apart() -> None:
    name = lay_out()
    before = linnet.load(name, stream=True).train.checksum
    assert linnet.load(name, stream=True).train.checksum == before
    Path("set/dim/3.png").write_bytes(png(33))
    assert linnet.load(name, stream=True).train.checksum != before


def test_threads_leave_the_warnings_that_are_shown_alone() -> None:
    before = list(warnings.filters)
    with beside_threads():
        assert not has_colors(png(9), "a picture", 100)
    assert warnings.filters == before
