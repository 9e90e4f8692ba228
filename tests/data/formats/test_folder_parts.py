from __future__ import annotations

import dataclasses
import io
import zipfile
from pathlib import Path

import pytest

import linnet
from linnet.data import user_data
from linnet.data.dataset import Splits
from linnet.data.formats.folder_parts import part_of, place_pictures
from linnet.errors import FormatError, UsageError
from linnet.evaluate.rows import calibration_split
from tests.support.uploads import load_files, parted, png, zipped


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("train training Train TRAINING train_images training_set trainset train2017 ｔｒａｉｎ", "train"),
        ("训练 训练集 训练数据 訓練集", "train"),
        ("test testing eval Test test-set TestData 测试 测试集 测试数据 測試集", "test"),
        ("val valid validation dev VAL validation_set val2017 验证 验证集 驗證", "validation"),
        ("cats latest trainer testament bus holdout 训练师", None),
    ],
)  # fmt: skip
def test_a_folder_says_which_part_it_is_in_any_case(words: str, part: str | None) -> None:
    found = {word: part_of(word) for word in words.split()}
    assert found == dict.fromkeys(found, part)


def shades(rows: linnet.Dataset | None) -> set[int]:
    return set() if rows is None else set(rows.X.max(1).values.tolist())


@pytest.mark.parametrize(
    "names",
    [("Training", "Testing", "Validation"), ("train", "eval", "dev"), ("TRAIN", "TEST", "VAL"),
     ("训练集", "测试集", "验证集"), ("train", "test", "valid")],
)  # fmt: skip
@pytest.mark.parametrize("is_zip", [True, False])
def test_each_part_is_what_its_folder_says(names: tuple[str, ...], is_zip: bool, tmp_path: Path) -> None:
    files = parted(**dict(zip(names, (6, 2, 3), strict=True)))
    said: list[str] = []
    if is_zip:
        deep = [(f"all/data/{path}", content) for path, content in files]
        extra = [("__MACOSX/all/data/other/x/._1.png", b"\0\5\x16\7")]
        train, test = load_files([("a.zip", zipped([*deep, *extra]))], "a", say=said.append)
    else:
        for path, content in files:
            (tmp_path / "set" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "set" / path).write_bytes(content)
        train, test = user_data.load(tmp_path / "set", say=said.append)
    assert (len(train), len(test or ()), len(train.validation or ())) == (12, 4, 6)
    assert (shades(train), shades(test), shades(train.validation)) == ({90, 200}, {100, 210}, {110, 220})
    (sentence,) = said
    for word, name, n in zip(("train", "test", "validation"), names, (12, 4, 6), strict=True):
        assert f"{word} {name} ({n})" in sentence


def test_a_validation_part_without_a_test_part_is_not_tested_on() -> None:
    train, test = load_files(parted(train=5, val=2), "p")
    assert test is None
    assert (len(train), shades(train.validation)) == (10, {100, 210})


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (["train/a/1.png", "holdout/a/1.png"], r"holdout beside train \(train\).*validation: val\|valid"),
        (["Train/a/1.png", "Test/b/1.png", "other/a/1.png"], "other beside test .Test.; train .Train."),
        (["train/a/1.png", "test/a/1.png", "b/1.png"], "b/1.png is beside the parts"),
        (["train/a/1.png", "test/a/1.png", "train/2.png"], "train/2.png is beside the parts"),
        (["train/1.png", "test/2.png"], "parts, not classes"),
        (["test/a/1.png", "val/a/1.png"], "no part to train on"),
        (
            ["train/cat/1.png", "test/Cat/2.png", "train/dog/1.png"],
            "Cat in test but not in the part to train",
        ),
        (["a/train/1.png", "a/test/1.png", "b/train/1.png", "b/extra/1.png"], "extra beside"),
        (["1.png", "a/2.png"], "in no folder"),
    ],
)
def test_what_is_not_understood_is_refused(paths: list[str], said: str) -> None:
    with pytest.raises(FormatError, match=said):
        place_pictures(paths, "p")


@pytest.mark.parametrize(
    ("paths", "parts", "labels"),
    [
        (["cats/1.png", "dogs/1.png"], ["", ""], ["cats", "dogs"]),
        (["train/1.png", "bus/1.png"], ["", ""], ["train", "bus"]),  # vehicles
        (["train/train/1.png", "test/train/2.png"], ["train", "test"], ["train", "train"]),
        (["train/test/1.png", "test/test/2.png"], ["train", "test"], ["test", "test"]),
        (["train/train/a/1.png", "train/test/a/1.png"], ["train", "test"], ["a", "a"]),  # train.zip
        (["a/train/1.png", "a/test/1.png", "b/train/1.png"], ["train", "test", "train"], ["a", "a", "b"]),
        (["x/y/Train/a/1.png", "x/y/Test/a/1.png"], ["train", "test"], ["a", "a"]),
        (["train/a/1.png", "training/a/2.png"], ["train", "train"], ["a", "a"]),
        (["train/cafe\u0301/1.png", "test/café/1.png"], ["train", "test"], ["café", "café"]),
    ],
)
def test_parts_and_classes_by_their_folders(paths: list[str], parts: list[str], labels: list[str]) -> None:
    found = place_pictures(paths, "p")
    assert [place.part for place in found] == parts
    assert [place.label for place in found] == labels


def test_one_part_alone_is_all_the_data() -> None:
    train, test = load_files(parted(training=5), "p")
    assert (len(train), len(test or ())) == (8, 2)


def test_a_class_that_only_train_has_is_said() -> None:
    said: list[str] = []
    load_files([*parted(train=2, test=2), ("train/new/1.png", png(1))], "p", say=said.append)
    assert said[0].endswith("; test has no new")


@pytest.mark.parametrize("encoding", ["utf-8", "gb2312"])
def test_chinese_names_in_a_zip_that_does_not_say_how_they_are_written(encoding: str) -> None:
    class Unsaid(zipfile.ZipInfo):
        def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802
            return self.filename.encode(encoding), self.flag_bits

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in parted(训练=3, 测试=2):
            archive.writestr(Unsaid(path), content)
    train, test = load_files([("p.zip", buffer.getvalue())], "p")
    assert (len(train), len(test or ())) == (6, 4)


def test_backslashes_in_a_zip_part_folders() -> None:
    files = [(path.replace("/", "\\"), content) for path, content in parted(train=3, test=2)]
    train, test = load_files([("p.zip", zipped(files))], "p")
    assert (len(train), len(test or ())) == (6, 4)


@pytest.fixture(scope="module")
def data() -> Splits:
    return load_files(parted(train=6, val=3, test=2), "p")


def test_a_validation_part_is_measured_and_never_trained_on(data: Splits) -> None:
    run = linnet.fit(data, epochs=3, batch_size=4, patience=2)
    alone = linnet.fit(dataclasses.replace(data.train, validation=None), epochs=1, batch_size=4)
    assert run.history.last["validation_loss"] >= 0
    assert alone.history.records[0]["train_loss"] == run.history.records[0]["train_loss"]
    kept = calibration_split(run, data.train)
    assert (kept.source, kept.is_unseen, len(kept.rows)) == ("validation rows", True, 6)
    with pytest.raises(UsageError, match="has a validation part of its own"):
        linnet.fit(data, epochs=1, validation=0.1)


def test_a_sweep_chooses_by_the_validation_part(data: Splits) -> None:
    result = linnet.sweep(data, {"lr": [0.01, 0.1]}, epochs=3, batch_size=4, show=False)
    for lr, loss in zip(result.table["lr"], result.table["validation_loss"], strict=True):
        run = linnet.fit(data, epochs=3, batch_size=4, lr=lr)
        assert loss == pytest.approx(run.history.last["validation_loss"], rel=1e-4)
    assert len(result.refit().history) == 3


def test_the_checksum_counts_the_validation_part() -> None:
    one, other = (load_files(parted(train=6, val=n, test=2), "p").train for n in (2, 3))
    assert one.X.tolist() == other.X.tolist()
    assert one.checksum != other.checksum
