"""Several data sets come in files of the same names: none takes another's place, and nothing is replaced."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import hashlib
import struct
import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

import linnet
from linnet.cli import main
from linnet.d2l.torchvision import FashionMNIST
from linnet.data.formats import idx
from linnet.data.sources import checksums, fashion_mnist, mnist
from linnet.errors import DataNotFoundError, FormatError
from tests.support.http import Silent
from tests.support.mnist import fill, places, small

__all__ = ["places"]  # the fixture: small files, every place below the test's own folder


@pytest.fixture
def digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of another data set of the same names, which is known as MNIST from here on."""
    made = fill(tmp_path / "digits", seed=1)
    monkeypatch.setattr(mnist, "SOURCE", small(mnist.SOURCE, made))
    sums = [*mnist.SOURCE.checksums.values(), *mnist.SOURCE.contents.values()]
    monkeypatch.setattr(checksums, "_TITLES", {**checksums._TITLES, **dict.fromkeys(sums, "MNIST")})
    return made


def copied_to(folder: Path, made: Path, suffix: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for path in made.iterdir():
        content = path.read_bytes()
        (folder / path.stem).with_suffix(suffix).write_bytes(content if suffix else gzip.decompress(content))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("suffix", [".gz", ""])
def test_files_of_the_same_names_are_not_taken_for_each_other(
    places: dict[str, Path], digits: Path, suffix: str
) -> None:
    copied_to(places["named"], digits, suffix)
    assert (fashion_mnist.SOURCE.find(), mnist.SOURCE.find()) == (None, places["named"])
    assert mnist.SOURCE.load().train.y[0] == 1
    assert "it is MNIST's" in fashion_mnist.SOURCE.verify(places["named"])["t10k-labels-idx1-ubyte.gz"]
    below = fill(places["named"] / "fashion_mnist", suffix)
    assert fashion_mnist.SOURCE.find() == below


def test_one_folder_may_hold_one_set_packed_and_another_unpacked(
    places: dict[str, Path], digits: Path
) -> None:
    folder = fill(copied_to(places["named"], digits, ""))
    assert (fashion_mnist.SOURCE.find(), mnist.SOURCE.find()) == (folder, folder)
    assert fashion_mnist.SOURCE.load().train.y[0] == 0
    assert mnist.SOURCE.load().train.y[0] == 1


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A mirror that has the small files of Fashion-MNIST."""
    handler = partial(Silent, directory=str(tmp_path / "made"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        mirror = f"http://127.0.0.1:{server.server_port}/"
        monkeypatch.setattr(
            fashion_mnist, "SOURCE", dataclasses.replace(fashion_mnist.SOURCE, mirrors=(mirror,))
        )
        yield
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("suffix", [".gz", ""])
def test_a_download_goes_beside_the_other_set_and_leaves_nothing_else(
    places: dict[str, Path], digits: Path, served: None, suffix: str
) -> None:
    folder = copied_to(places["named"], digits, suffix)
    before = contents(folder)
    assert linnet.load("fashion_mnist", folder).train.y[0] == 0
    made = {f"fashion_mnist/{name}" for name in fashion_mnist.SOURCE.checksums}
    assert contents(folder).keys() == before.keys() | made  # no lock, no part
    assert contents(folder).items() >= before.items()


def test_a_download_that_fails_leaves_nothing(places: dict[str, Path], digits: Path) -> None:
    folder = copied_to(places["named"], digits, ".gz")
    before = sorted(folder.iterdir())
    with pytest.raises(DataNotFoundError, match="no mirror gave"):
        linnet.load("fashion_mnist", folder)
    assert sorted(folder.iterdir()) == before


def test_another_sets_files_in_its_own_folder_are_refused(
    places: dict[str, Path], digits: Path, served: None
) -> None:
    folder = copied_to(places["named"] / "fashion_mnist", digits, ".gz")
    before = contents(folder)
    with pytest.raises(FormatError, match="is not Fashion-MNIST's but MNIST's"):
        linnet.load("fashion_mnist", places["named"])
    assert contents(folder) == before


@pytest.mark.parametrize("title", ["KMNIST", "MNIST", "Fashion-MNIST"])
def test_the_known_checksums_are_one_a_file(title: str) -> None:
    every = [md5 for sums in checksums.PACKED.values() for md5 in sums.values()]
    assert len(set(every)) == len(every) == 12
    assert set(checksums.PACKED[title]) == set(checksums.NAMES)


def test_kmnist_in_the_folder_is_named_and_not_passed_over(
    places: dict[str, Path], served: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fill(places["named"], seed=2)
    labels = folder / "train-labels-idx1-ubyte.gz"
    md5 = hashlib.md5(labels.read_bytes()).hexdigest()
    monkeypatch.setattr(checksums, "_TITLES", {**checksums._TITLES, md5: "KMNIST"})
    before = contents(folder)
    with pytest.raises(FormatError, match=r"train-images-idx3-ubyte\.gz is not"):
        linnet.load("fashion_mnist", folder)
    (folder / "train-images-idx3-ubyte.gz").unlink()
    with pytest.raises(FormatError, match="not Fashion-MNIST's but KMNIST's"):
        linnet.load("fashion_mnist", folder)
    assert contents(folder).items() <= before.items()


def test_the_stand_in_for_torchvision_downloads_to_its_folder_or_beside_what_is_there(
    tmp_path: Path, places: dict[str, Path], digits: Path, served: None
) -> None:
    assert len(FashionMNIST(tmp_path / "new", download=True)) == 30
    assert fashion_mnist.SOURCE.find(tmp_path / "new") == tmp_path / "new" / "FashionMNIST" / "raw"
    taken = copied_to(tmp_path / "taken" / "FashionMNIST" / "raw", digits, "")
    before = contents(taken)
    places["named"].mkdir()
    assert len(FashionMNIST(tmp_path / "taken", download=True)) == 30
    assert contents(taken) == before
    own = fill(tmp_path / "own" / "FashionMNIST" / "raw", "", seed=3)
    before = contents(own)
    with pytest.raises(FormatError, match="own"):
        FashionMNIST(tmp_path / "own", download=True)
    assert contents(own) == before


def test_the_list_says_what_is_not_there(places: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.suppress(SystemExit):
        main(["data", "list"])
    said = capsys.readouterr().out.splitlines()
    there = {line.split()[0]: after.strip() for line, after in zip(said[::2], said[1::2], strict=True)}
    assert there["mnist"] == "not found: linnet data fetch mnist"
    assert there["digits"] == there["synthetic"] == "always there"


def test_a_gzip_is_unpacked_no_further_than_its_header_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    plain = gzip.GzipFile.read

    def watch(file: gzip.GzipFile, size: int | None = -1) -> bytes:
        asked.append(len(piece := plain(file, size)))
        return piece

    monkeypatch.setattr(gzip.GzipFile, "read", watch)
    name = "train-images-idx3-ubyte.gz"
    for header, most in (
        (struct.pack(">HBBIII", 0, 8, 3, 2, 5, 5), 100),
        (struct.pack(">HBBI", 0, 8, 1, 2**30), 8),
    ):
        (tmp_path / name).write_bytes(gzip.compress(header + bytes(8 << 20)))  # 8 MiB of zeros
        asked.clear()
        assert mnist.SOURCE.verify(tmp_path)[name].startswith("changed: ")
        assert sum(asked) <= 2 * most
        with pytest.raises(FormatError, match=r"goes on after|can unpack to"):
            idx.read(tmp_path / name)
