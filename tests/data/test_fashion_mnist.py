from __future__ import annotations

import dataclasses
import hashlib
import os
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from linnet.data import fashion_mnist, idx, mnist, mnist_files
from linnet.errors import DataNotFoundError, DownloadError, FormatError

ROWS = {"train": 30, "t10k": 10}
SUBFOLDERS = ["", "FashionMNIST/raw", "fashion_mnist", "fashion-mnist"]


def fill(folder: Path, suffix: str = ".gz") -> Path:
    for part, rows in ROWS.items():
        source = np.random.default_rng(rows)
        images = source.integers(0, 256, (rows, 28, 28)).astype(np.uint8)
        idx.write(folder / f"{part}-images-idx3-ubyte{suffix}", images)
        idx.write(folder / f"{part}-labels-idx1-ubyte{suffix}", (np.arange(rows) % 10).astype(np.uint8))
    return folder


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Small files, no mirror, and every search place below the test's own folder."""
    sums = {
        path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in fill(tmp_path / "made").iterdir()
    }
    small = dataclasses.replace(
        fashion_mnist.SOURCE,
        checksums={name: sums[name] for name in fashion_mnist.SOURCE.checksums},
        rows=ROWS,
        mirrors=("http://127.0.0.1:9/",),  # nothing listens there
    )
    monkeypatch.setattr(fashion_mnist, "SOURCE", small)
    monkeypatch.setattr(
        mnist_files.platformdirs, "user_cache_dir", lambda name: str(tmp_path / "cache" / name)
    )
    monkeypatch.setenv("LINNET_DATA", str(tmp_path / "named"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return {
        "named": tmp_path / "named",
        "near": tmp_path / "data",
        "cache": tmp_path / "cache" / "linnet" / "fashion_mnist",
    }


@pytest.mark.parametrize("below", SUBFOLDERS)
@pytest.mark.parametrize("place", ["named", "near"])
def test_search_places(places: dict[str, Path], place: str, below: str) -> None:
    assert fashion_mnist.find() is None
    expected = fill(places[place] / below)
    found = fashion_mnist.find()
    assert found is not None
    assert found.resolve() == expected


def test_search_order(places: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("cache", "near", "named"):
        fill(places[place])
        found = fashion_mnist.find()
        assert found is not None
        assert found.resolve() == places[place]
    monkeypatch.delenv("LINNET_DATA")
    found = fashion_mnist.find()
    assert found is not None
    assert found.resolve() == places["near"]


@pytest.mark.parametrize("below", SUBFOLDERS)
def test_a_given_folder_is_the_only_place(places: dict[str, Path], tmp_path: Path, below: str) -> None:
    fill(places["cache"])
    given = tmp_path / "given"
    assert fashion_mnist.find(given) is None
    fill(given / below)
    assert fashion_mnist.find(str(given)) == given / below


def test_three_files_are_not_enough_and_plain_may_stand_for_gzip(places: dict[str, Path]) -> None:
    folder = fill(places["cache"])
    zipped = folder / "train-labels-idx1-ubyte.gz"
    labels = idx.read(zipped)
    zipped.unlink()
    assert fashion_mnist.find() is None
    idx.write(zipped.with_suffix(""), labels)
    assert fashion_mnist.find() == folder
    assert len(fashion_mnist.load().train) == 30


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_load(places: dict[str, Path], suffix: str) -> None:
    folder = fill(places["near"], suffix)
    train, test = fashion_mnist.load(folder, download=False)
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


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("train-images-idx3-ubyte.gz", np.zeros((30, 28, 27), np.uint8), "expected uint8"),
        ("train-images-idx3-ubyte.gz", np.zeros((29, 28, 28), np.uint8), "expected uint8"),
        ("train-images-idx3-ubyte.gz", np.zeros((30, 28, 28), np.int16), "expected uint8"),
        ("t10k-images-idx3-ubyte.gz", np.zeros(30, np.uint8), "expected uint8"),
        ("train-labels-idx1-ubyte.gz", np.zeros(31, np.uint8), "one for each image"),
        ("train-labels-idx1-ubyte.gz", np.full(30, 10, np.uint8), "row 0 is 10"),
    ],
)
def test_files_that_do_not_fit(places: dict[str, Path], name: str, array: idx.Array, message: str) -> None:
    folder = fill(places["cache"])
    idx.write(folder / name, array)
    with pytest.raises(FormatError, match=message) as caught:
        fashion_mnist.load()
    assert name in str(caught.value)


def test_verify(places: dict[str, Path]) -> None:
    folder = fill(places["near"] / "fashion-mnist")
    assert set(fashion_mnist.verify(places["near"]).values()) == {"ok"}
    train, labels, test, test_labels = (folder / name for name in fashion_mnist.SOURCE.checksums)
    train.write_bytes(train.read_bytes()[:-1])
    idx.write(labels.with_suffix(""), idx.read(labels))
    labels.unlink()
    idx.write(test_labels.with_suffix(""), np.full(10, 11, np.uint8))
    test.unlink()
    states = fashion_mnist.verify(folder)
    md5 = hashlib.md5(train.read_bytes()).hexdigest()
    assert states[train.name] == f"changed: md5 {md5}, expected {fashion_mnist.SOURCE.checksums[train.name]}"
    assert states[labels.name] == "ok (plain)"
    assert states[test.name] == "missing"
    assert states[test_labels.name].startswith("changed: ")


def test_verify_of_an_empty_place(tmp_path: Path) -> None:
    assert fashion_mnist.verify(tmp_path / "absent") == dict.fromkeys(
        fashion_mnist.SOURCE.checksums, "missing"
    )


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("download", [True, False])
def test_offline_says_what_to_put_where(
    places: dict[str, Path], tmp_path: Path, given: bool, download: bool
) -> None:
    started = time.monotonic()
    with pytest.raises(DataNotFoundError) as caught:
        fashion_mnist.load(tmp_path / "given" if given else None, download=download)
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
        fashion_mnist.load(tmp_path / "file" / "below")


def test_download_goes_to_the_named_folder_or_the_cache(
    places: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DownloadError, match=r"http://127\.0\.0\.1:9/train-images"):
        fashion_mnist.download()

    def copied(urls: list[str], path: Path, md5: str, **_: object) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((tmp_path / "made" / path.name).read_bytes())
        return path

    monkeypatch.setattr(mnist_files, "fetch", copied)
    assert fashion_mnist.download() == places["named"]
    assert fashion_mnist.download(tmp_path / "given") == tmp_path / "given"
    monkeypatch.delenv("LINNET_DATA")
    assert fashion_mnist.download() == places["cache"]
    assert len(fashion_mnist.load(tmp_path / "new").train) == 30


def test_what_is_there_is_not_downloaded_again_even_where_nothing_can_be_written(
    places: dict[str, Path],
) -> None:
    folder = fill(places["named"])
    folder.chmod(0o555)
    try:
        assert fashion_mnist.download() == folder
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

    monkeypatch.setattr(mnist_files, "fetch", copied)
    fashion_mnist.download(progress=lambda done, total: calls.append((done, total)))
    assert calls == [(done, fashion_mnist.SOURCE.download_bytes) for done in (10, 20, 30, 40)]


@pytest.fixture
def real() -> Path:
    # read before `places` hides the variable: see REAL
    if not REAL or fashion_mnist.find(REAL) is None:
        pytest.skip("needs the real Fashion-MNIST: set LINNET_DATA to the folder with its four files")
    return Path(REAL)


REAL = os.environ.get("LINNET_DATA", "")


@pytest.mark.fashion
def test_the_real_data(real: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    train, test = fashion_mnist.load(real, download=False)
    assert test is not None
    assert train.X.shape == (60_000, 784)
    assert train.y.bincount().tolist() == [6_000] * 10
    assert test.y.bincount().tolist() == [1_000] * 10
    assert train.y[:5].tolist() == [9, 0, 0, 3, 0]
    assert abs(float(train.X.float().mean()) / 255 - 0.2860) < 1e-4
    assert all(state.startswith("ok") for state in fashion_mnist.verify(real).values())


MNIST_LABELS = bytes([7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
FASHION_LABELS = bytes([9, 2, 1, 1, 6, 1, 4, 6, 5, 7])


@pytest.mark.parametrize("suffix", [".gz", ""])
def test_files_of_the_same_names_are_not_taken_for_each_other(
    places: dict[str, Path], monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    digits = dataclasses.replace(mnist.SOURCE, rows=ROWS, mirrors=("http://127.0.0.1:9/",))
    labels = fill(places["named"], suffix) / f"t10k-labels-idx1-ubyte{suffix}"

    idx.write(labels, np.frombuffer(MNIST_LABELS, np.uint8))
    assert (fashion_mnist.find(), digits.find()) == (None, places["named"])
    assert digits.load().train.name == "mnist"

    idx.write(labels, np.frombuffer(FASHION_LABELS, np.uint8))
    assert (fashion_mnist.find(), digits.find()) == (places["named"], None)
    below = fill(places["named"] / "mnist", suffix)
    assert digits.find() == below


def test_a_download_goes_beside_the_other_set_not_over_it(
    places: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    idx.write(fill(places["named"]) / "t10k-labels-idx1-ubyte.gz", np.frombuffer(FASHION_LABELS, np.uint8))

    def written(urls: list[str], path: Path, md5: str, **_: object) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"new")
        return path

    monkeypatch.setattr(mnist_files, "fetch", written)
    assert mnist.SOURCE.download() == places["named"] / "mnist"
