from __future__ import annotations

import gzip
import hashlib
import os
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from linnet.data.download import fetch
from linnet.data.formats import idx
from linnet.data.sources import fashion_mnist
from linnet.errors import DataNotFoundError, DownloadError, FormatError
from tests.support.mnist import fill, places

__all__ = ["places"]  # the fixture: small files, every place below the test's own folder

SUBFOLDERS = ["", "FashionMNIST/raw", "fashion_mnist", "fashion-mnist"]


@pytest.mark.parametrize("below", SUBFOLDERS)
@pytest.mark.parametrize("place", ["named", "near"])
def test_search_places(places: dict[str, Path], place: str, below: str) -> None:
    assert fashion_mnist.SOURCE.find() is None
    expected = fill(places[place] / below)
    found = fashion_mnist.SOURCE.find()
    assert found is not None
    assert found.resolve() == expected


def test_search_order(places: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("cache", "near", "named"):
        fill(places[place])
        found = fashion_mnist.SOURCE.find()
        assert found is not None
        assert found.resolve() == places[place]
    monkeypatch.delenv("LINNET_DATA")
    found = fashion_mnist.SOURCE.find()
    assert found is not None
    assert found.resolve() == places["near"]


@pytest.mark.parametrize("below", SUBFOLDERS)
def test_a_given_folder_is_the_only_place(places: dict[str, Path], tmp_path: Path, below: str) -> None:
    fill(places["cache"])
    given = tmp_path / "given"
    assert fashion_mnist.SOURCE.find(given) is None
    fill(given / below)
    assert fashion_mnist.SOURCE.find(str(given)) == given / below


def test_three_files_are_not_enough_and_plain_may_stand_for_gzip(places: dict[str, Path]) -> None:
    folder = fill(places["cache"])
    zipped = folder / "train-labels-idx1-ubyte.gz"
    labels = idx.read(zipped)
    zipped.unlink()
    assert fashion_mnist.SOURCE.find() is None
    idx.write(zipped.with_suffix(""), labels)
    assert fashion_mnist.SOURCE.find() == folder
    assert len(fashion_mnist.SOURCE.load().train) == 30


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_load(places: dict[str, Path], suffix: str) -> None:
    folder = fill(places["near"], suffix)
    train, test = fashion_mnist.SOURCE.load(folder, download=False)
    assert test is not None
    assert (train.X.shape, train.X.dtype) == ((30, 784), torch.uint8)
    assert (test.y.shape, test.y.dtype) == ((10,), torch.int64)
    assert train.name == "fashion_mnist"
    assert train.classes[0] == "t-shirt"
    assert train.classes[9] == "ankle boot"
    assert len(train.classes) == 10
    assert train.image_shape == (28, 28)
    assert train.scale == 1 / 255
    assert train.source == str(folder)
    images = idx.read(folder / f"train-images-idx3-ubyte{suffix}").copy()
    assert torch.equal(train.images(slice(None)), torch.from_numpy(images))
    assert train.y[:11].tolist() == [*range(10), 0]


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize(
    ("name", "array", "said"),
    [
        ("train-images-idx3-ubyte.gz", np.zeros((30, 28, 27), np.uint8), "30 × 28 × 27 numbers"),
        ("t10k-images-idx3-ubyte", np.zeros((10, 28, 28), np.uint8), "10 × 28 × 28 numbers"),
        ("train-labels-idx1-ubyte.gz", np.full(30, 1, np.uint8), "30 numbers"),
        ("train-labels-idx1-ubyte", np.full(30, 1, np.int32), "30 numbers"),
    ],
)
def test_own_files_under_these_names_are_refused_by_what_they_hold_and_stay(
    places: dict[str, Path], name: str, array: idx.Array, said: str, given: bool
) -> None:
    folder = fill(places["named"], "" if not name.endswith(".gz") else ".gz")
    idx.write(folder / name, array)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(FormatError, match=said) as caught:
        fashion_mnist.SOURCE.load(folder if given else None)
    assert f"{folder / name} is not Fashion-MNIST's" in str(caught.value)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert fashion_mnist.SOURCE.find(folder) is None


def test_a_file_packed_anew_is_known_by_what_is_in_it(places: dict[str, Path]) -> None:
    folder = fill(places["named"])
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), 1, mtime=1))
    assert len(fashion_mnist.SOURCE.load(folder).train) == 30
    assert fashion_mnist.SOURCE.verify(folder)[path.name] == "ok"


def test_verify(places: dict[str, Path]) -> None:
    folder = fill(places["near"] / "fashion-mnist")
    assert set(fashion_mnist.SOURCE.verify(places["near"]).values()) == {"ok"}
    train, labels, test, test_labels = (folder / name for name in fashion_mnist.SOURCE.checksums)
    train.write_bytes(train.read_bytes()[:-1])
    idx.write(labels.with_suffix(""), idx.read(labels))
    labels.unlink()
    idx.write(test_labels.with_suffix(""), np.full(10, 11, np.uint8))
    test.unlink()
    states = fashion_mnist.SOURCE.verify(folder)
    md5 = hashlib.md5(train.read_bytes()).hexdigest()
    expected = f"changed: md5 {md5}, expected {fashion_mnist.SOURCE.checksums[train.name]}"
    assert states[train.name].startswith(expected)
    assert states[labels.name] == "ok (plain)"
    assert states[test.name] == "missing"
    assert states[test_labels.name].startswith("changed: ")


def test_verify_of_an_empty_place(tmp_path: Path) -> None:
    assert fashion_mnist.SOURCE.verify(tmp_path / "absent") == dict.fromkeys(
        fashion_mnist.SOURCE.checksums, "missing"
    )


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("download", [True, False])
def test_offline_says_what_to_put_where(
    places: dict[str, Path], tmp_path: Path, given: bool, download: bool
) -> None:
    started = time.monotonic()
    with pytest.raises(DataNotFoundError) as caught:
        fashion_mnist.SOURCE.load(tmp_path / "given" if given else None, download=download)
    assert time.monotonic() - started < 3
    message = str(caught.value)
    assert message.startswith("Fashion-MNIST was not found, and ")
    assert ("could not be downloaded" in message) == download
    for name, md5 in fashion_mnist.SOURCE.checksums.items():
        assert name in message
        assert md5 in message
    expected = [tmp_path / "given"] if given else [places["named"], places["cache"]]
    assert all(str(place) in message for place in expected)
    assert "LINNET_DATA" in message or given


def test_a_folder_that_cannot_be_written_is_not_found_data(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataNotFoundError, match="could not be downloaded"):
        fashion_mnist.SOURCE.load(tmp_path / "file" / "below")


def test_a_download_goes_to_a_folder_of_its_own_below_the_named_one_or_in_the_cache(
    places: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DownloadError, match=r"http://127\.0\.0\.1:9/train-images"):
        fashion_mnist.SOURCE.fetch()

    def copied(urls: list[str], path: Path, md5: str, **_: object) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((tmp_path / "made" / path.name).read_bytes())
        return path

    monkeypatch.setattr(fetch, "fetch", copied)
    assert fashion_mnist.SOURCE.fetch() == places["named"] / "fashion_mnist"
    assert fashion_mnist.SOURCE.fetch(tmp_path / "given") == tmp_path / "given" / "fashion_mnist"
    monkeypatch.delenv("LINNET_DATA")
    assert fashion_mnist.SOURCE.fetch() == places["cache"]
    assert len(fashion_mnist.SOURCE.load(tmp_path / "new").train) == 30


def test_what_is_there_is_not_downloaded_again_even_where_nothing_can_be_written(
    places: dict[str, Path],
) -> None:
    folder = fill(places["named"])
    folder.chmod(0o555)
    try:
        assert fashion_mnist.SOURCE.fetch() == folder
        assert len(list(folder.iterdir())) == 4  # no lock either
    finally:
        folder.chmod(0o755)


def test_progress_runs_over_all_files(
    places: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[int, int | None]] = []

    def copied(urls: list[str], path: Path, md5: str, **options: object) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(10))
        progress = options["progress"]
        assert callable(progress)
        progress(10, 10)
        return path

    monkeypatch.setattr(fetch, "fetch", copied)
    fashion_mnist.SOURCE.fetch(progress=lambda done, total: calls.append((done, total)))
    assert calls == [(done, fashion_mnist.SOURCE.download_bytes) for done in (10, 20, 30, 40)]


@pytest.fixture
def real() -> Path:
    # read before `places` hides the variable: see REAL
    if not Path(REAL, "train-images-idx3-ubyte.gz").is_file():
        pytest.skip("needs the real Fashion-MNIST: set LINNET_DATA to the folder with its four files")
    return Path(REAL)


REAL = os.environ.get("LINNET_DATA", "")


@pytest.mark.fashion
def test_the_real_data(real: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    train, test = fashion_mnist.SOURCE.load(real, download=False)
    assert test is not None
    assert train.X.shape == (60_000, 784)
    assert train.y.bincount().tolist() == [6_000] * 10
    assert test.y.bincount().tolist() == [1_000] * 10
    assert train.y[:5].tolist() == [9, 0, 0, 3, 0]
    assert abs(float(train.X.float().mean()) / 255 - 0.2860) < 1e-4
    assert all(state.startswith("ok") for state in fashion_mnist.SOURCE.verify(real).values())
