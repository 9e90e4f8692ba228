from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OneHotEncoder

import linnet
from linnet.data.registry import load_again
from linnet.errors import DataNotFoundError, FormatError, UsageError
from tests.support.tables import make_mixed

FRAME: Any = make_mixed(90)
TRAIN, TEST = FRAME[:60], FRAME[60:].reset_index(drop=True)


def write(folder: Path, **frames: Any) -> None:
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False)


def test_rows_to_test_on_are_encoded_by_those_to_train_on(tmp_path: Path) -> None:
    write(tmp_path, train=TRAIN, test=TEST[TEST.columns[::-1]])
    train, test = linnet.load(tmp_path / "train.csv", test=tmp_path / "test.csv", target="price")
    assert (len(train), test and len(test)) == (60, 30)
    median = TRAIN["carat"].median()
    scikit = ColumnTransformer([("cut", OneHotEncoder(sparse_output=False), ["cut"])])
    scikit.fit(TRAIN.fillna({"cut": "z"}))
    cuts = np.asarray(scikit.transform(TEST.fillna({"cut": "z"})))
    assert test is not None
    at = test.columns.index("cut=fair")
    np.testing.assert_array_equal(test.X[:, at : at + cuts.shape[1]], cuts)
    np.testing.assert_array_equal(test.X[:, 0], TEST["carat"].fillna(median))


def test_parts_of_a_folder_are_read_by_their_names_and_again(tmp_path: Path) -> None:
    write(tmp_path, train=TRAIN, val=TEST[:10], test=TEST[10:])
    train, test = linnet.load(tmp_path, target="price")
    assert train.validation is not None
    assert (len(train), len(train.validation), test and len(test)) == (60, 10, 20)
    assert train.origin is not None
    again, same = load_again(train.origin)
    assert again.checksum == train.checksum
    assert same is not None
    assert test is not None
    assert torch.equal(same.X, test.X)


def test_frames_are_parts_too() -> None:
    train, test = linnet.load(TRAIN, target="price", test=TEST)
    assert (len(train), test and len(test)) == (60, 30)
    run = linnet.fit(TRAIN, target="price", test=TEST, epochs=1, lr=1e-4, show=False)
    assert "test_loss" in run.history.last
    with pytest.raises(UsageError, match="a frame where they are one"):
        linnet.load(TRAIN, target="price", test="test.csv")


@pytest.mark.parametrize("bare", [TEST.drop(columns="price"), TEST.assign(price=None)])
def test_rows_without_the_target_are_for_predict(bare: Any, tmp_path: Path) -> None:
    write(tmp_path, train=TRAIN, test=bare)
    with pytest.raises(FormatError, match=r"test.csv: it has no price.*linnet predict RUN test.csv"):
        linnet.load(tmp_path / "train.csv", test=tmp_path / "test.csv", target="price")
    # Of a folder nobody said that they are to be tested on: some of the rows to train on are held out.
    train, test = linnet.load(tmp_path, target="price")
    alone, held_out = linnet.load(tmp_path / "train.csv", target="price")
    assert torch.equal(train.X, alone.X)
    assert test is not None and held_out is not None and torch.equal(test.X, held_out.X)  # noqa: PT018
    assert train.schema is not None
    assert train.schema.notes == (
        "test.csv has no price and is not tested on; linnet predict RUN test.csv answers its rows",
    )


def test_without_a_target_the_column_that_a_contest_lacks_is_proposed(tmp_path: Path) -> None:
    write(tmp_path, train=TRAIN.assign(last=range(60)), test=TEST.drop(columns="price").assign(last=1))
    with pytest.raises(FormatError, match=r"If price, the only column that it lacks.* --target price"):
        linnet.load(tmp_path)
    with pytest.raises(FormatError, match=r"lacks price: the model takes the columns [a-z, ]*$"):
        linnet.load(tmp_path, target="last")


def test_a_competitions_folder_is_read_and_what_it_wants_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, train=TRAIN, test=TEST.drop(columns="price"), val=TEST, sample_submission=TEST[["price"]])
    train, test = linnet.load(tmp_path, target="price")
    assert test is None  # rows to validate on are there, so that none are held out
    assert train.validation is not None
    assert (len(train), len(train.validation)) == (60, 30)
    assert train.schema is not None
    assert train.schema.notes[:2] == (
        "to train on: train.csv; to validate on: val.csv", "passed over: sample_submission.csv",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("test", "message"),
    [
        (TEST.drop(columns="cut"), "test.csv: the table lacks cut"),
        (TEST.assign(carat="many"), "test.csv: the column carat has no finite number"),
        (TEST.assign(new="perhaps"), "test.csv: the column new has neither 'yes' nor 'no'"),
    ],
)
def test_what_does_not_fit_is_named_with_its_file(test: Any, message: str, tmp_path: Path) -> None:
    write(tmp_path, train=TRAIN, test=test)
    with pytest.raises(FormatError, match=message):
        linnet.load(tmp_path, target="price")


def test_a_class_that_training_has_not_is_named(tmp_path: Path) -> None:
    write(tmp_path, train=TRAIN.dropna(), test=TEST.assign(cut="rough"))
    with pytest.raises(FormatError, match=r"test.csv: the target cut has rows of 'rough'"):
        linnet.load(tmp_path, target="cut")


def test_codes_stay_as_they_are_written_in_a_file_where_they_look_like_numbers(tmp_path: Path) -> None:
    write(
        tmp_path,
        train=pd.DataFrame({"zip": ["01234", "99999"] * 5, "response": np.arange(10) / 3}),
        test=pd.DataFrame({"zip": ["01234", "1"], "response": [0.5, 1.5]}),
    )
    _, test = linnet.load(tmp_path)
    assert test is not None
    assert test.X.tolist() == [[1, 0], [0, 0]]


def test_weights_of_rows_to_train_on_stay_where_those_to_test_on_have_none(tmp_path: Path) -> None:
    write(tmp_path, train=TRAIN.assign(w=2.0), test=TEST)
    train, test = linnet.load(tmp_path, target="price", sample_weight="w")
    assert train.weights is not None
    assert train.weights.unique().tolist() == [2]
    assert test is not None
    assert test.weights is None  # they count alike


def test_pixels_are_pixels_in_both_parts(tmp_path: Path) -> None:
    picture = pd.DataFrame({"label": ["a", "b"] * 3, **{f"pixel{k}": [k, 255 - k] * 3 for k in range(4)}})
    write(tmp_path, train=picture, test=picture)
    _, test = linnet.load(tmp_path)
    assert test is not None
    assert test.image_shape == (2, 2)
    write(tmp_path, test=picture.assign(pixel1=0.5))
    with pytest.raises(FormatError, match="whole numbers of 0…255"):
        linnet.load(tmp_path)


def test_what_is_no_table_or_has_a_test_already_is_refused(tmp_path: Path) -> None:
    write(tmp_path, train=TRAIN, test=TEST)
    with pytest.raises(UsageError, match="leave out --test"):
        linnet.load(tmp_path, target="price", test=tmp_path / "test.csv")
    with pytest.raises(DataNotFoundError, match=r"nowhere.csv"):
        linnet.load(tmp_path / "train.csv", target="price", test=tmp_path / "nowhere.csv")
    np.savez(tmp_path / "a.npz", X=np.eye(4), y=np.array([0, 1, 0, 1]))
    with pytest.raises(UsageError, match="test is of a table"):
        linnet.load(tmp_path / "a.npz", test=tmp_path / "test.csv")


def test_a_share_of_rows_to_test_on_and_a_file_of_them_are_not_both(tmp_path: Path) -> None:
    write(tmp_path, train=TRAIN, test=TEST)
    with pytest.raises(UsageError, match="leave out test_size"):
        linnet.load(tmp_path, target="price", test_size=0.5)


def test_groups_of_rows_to_train_on_stay_where_those_to_test_on_have_none(tmp_path: Path) -> None:
    write(tmp_path, train=TRAIN.assign(who=[f"p{k % 7}" for k in range(60)]), test=TEST)
    train, _ = linnet.load(tmp_path, target="price", groups="who")
    assert train.groups is not None
    assert len(train.groups.unique()) == 7
