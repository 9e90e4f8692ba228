from __future__ import annotations

import bz2
import gzip
import io
import lzma
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from sklearn.datasets import dump_svmlight_file, load_svmlight_file

import linnet
from linnet.data.formats.stored_arrays import MAX_FEATURES
from linnet.data.formats.svmlight_rows import read_rows
from linnet.data.sparse import SparseFeatures
from linnet.errors import FormatError, UsageError

ROWS = "1 1:0.5 3:2\n-1 2:1 # a remark\n\n# a line of remarks, qid:1 too\n+1 1:4 2:-3e-2\n-1 3:7\r\n" * 3
VALUES = np.array([[0.5, 0, 2], [0, 1, 0], [4, -3e-2, 0], [0, 0, 7]] * 3)


def put(folder: Path, text: str, name: str = "rows.svm") -> Path:
    (folder / name).write_text(text, newline="")
    return folder / name


def dense(rows: linnet.Dataset) -> NDArray[np.float64]:
    return np.asarray(rows.X[:].numpy(), np.float64)


def test_rows_of_libsvm_text_are_read_and_the_base_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    rows = linnet.load(put(tmp_path, ROWS), hold_out=False, say=said.append).train
    assert np.array_equal(dense(rows), VALUES)
    assert (rows.classes, rows.columns) == (("-1", "1"), ("x1", "x2", "x3"))
    assert rows.y.tolist() == [1, 0, 1, 0] * 3
    assert "3 features, whose indices count from 1, as none is 0; --index-base 0" in said[0]
    assert rows.origin is not None
    assert rows.origin.table == {"index_base": 1}


@pytest.mark.parametrize(
    ("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
@pytest.mark.parametrize("kind", [".svm", ".libsvm", ".svmlight"])
def test_packed_files_are_unpacked(tmp_path: Path, suffix: str, pack: object, kind: str) -> None:
    (tmp_path / f"rows{kind}{suffix}").write_bytes(pack(ROWS.encode()))  # type: ignore[operator]
    assert np.array_equal(dense(linnet.load(tmp_path / f"rows{kind}{suffix}", hold_out=False).train), VALUES)
    (tmp_path / f"rows{kind}{suffix}").write_bytes(ROWS.encode())
    with pytest.raises(FormatError, match="not packed as its suffix says"):
        linnet.load(tmp_path / f"rows{kind}{suffix}")


def test_a_zero_among_the_indices_makes_them_count_from_zero(tmp_path: Path) -> None:
    said: list[str] = []
    path = put(tmp_path, ROWS + "1 0:3\n")
    rows = linnet.load(path, hold_out=False, say=said.append).train
    assert rows.columns == ("x0", "x1", "x2", "x3")
    assert "count from 0, as an index is 0" in said[0]
    with pytest.raises(FormatError, match="has an index 0, and indices count from 1, as asked"):
        linnet.load(path, index_base=1)


def test_what_scikit_learn_writes_keeps_a_first_column_of_zeros_when_the_base_is_said(tmp_path: Path) -> None:
    X = np.array([[0.0, 1.5, 2.0], [0.0, 0.0, 3.0]] * 5)
    dump_svmlight_file(X, np.arange(10) % 2, str(tmp_path / "rows.svm"))  # from 0, by default
    assert load_svmlight_file(str(tmp_path / "rows.svm"))[0].shape == (10, 2)  # and read as from 1
    rows = linnet.load(tmp_path / "rows.svm", hold_out=False, index_base=0).train
    assert np.array_equal(dense(rows), X)
    dump_svmlight_file(X, np.arange(10) % 2, str(tmp_path / "said.svm"), comment="rows")
    said: list[str] = []
    assert np.array_equal(dense(linnet.load(tmp_path / "said.svm", hold_out=False, say=said.append).train), X)
    assert "count from 0, as a comment says" in said[0]


def test_large_sparse_rows_stay_sparse_and_are_those_of_scikit_learn(tmp_path: Path) -> None:
    drawn = np.random.default_rng(0).normal(size=(300, 20_000))
    X = sp.csr_array(np.where(drawn > 3, drawn, 0))
    dump_svmlight_file(X, np.arange(300) % 3, str(tmp_path / "rows.svm"), zero_based=False)
    rows = linnet.load(tmp_path / "rows.svm", hold_out=False).train
    assert isinstance(rows.X, SparseFeatures)
    theirs, y = load_svmlight_file(str(tmp_path / "rows.svm"))
    assert abs(rows.X.matrix - theirs).max() == 0
    assert rows.y.tolist() == y.tolist()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 1:2\n1,3 1:2\n", r"rows.svm, line 2: '1,3' are several labels"),
        ("1 1:2\n\n1 qid:3 1:2\n", r"line 3: qid is of rankings"),
        ("1 1:2 sid:4\n", "line 1: sid is of rankings"),
        ("# x\n1:2 2:3\n", "line 2: it begins with '1:2', where the label"),
        ("spam 1:2\n", "line 1: the label 'spam' is no number"),
        ("1 1:2 3\n", "line 1: '3' is no index:value"),
        ("1 1:2 3:x\n", "line 1: '3:x' is no index:value"),
        ("1 1:2 3:1_0\n", "line 1: '3:1_0' is no index:value"),
        ("1 1.5:2\n", "line 1: '1.5:2' is no index:value"),
        ("1 -1:2\n", "line 1: '-1:2' is no index:value"),
        ("1 3:1 2:1\n", "line 1: the index 2 stands behind 3"),
        ("1 3:1 3:1\n", "line 1: the index 3 stands behind 3"),
        ("1 99999999999:1\n", "line 1: the index 99999999999 is too large"),
        (f"1 1:1\n\n1 2:1\n1 {MAX_FEATURES + 1}:1\n", "line 4: the index 134,217,729 is beyond"),
        ("1 1:1\n1 2:nan\n", "line 2: a number is not finite"),
        ("1 1:1\n\ninf 2:1\n", "line 3: a number is not finite"),
        ("1\n-1\n", "no feature"),
        ("", "no rows"), ("# nothing\n", "no rows"),
        ("1 1:2\x00\n", "line 1"),
        ("1 1:1\n" * 20, "classes"),
    ],
)  # fmt: skip
def test_a_line_that_is_none_is_named_by_its_number(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        linnet.load(put(tmp_path, text))


def test_labels_are_told_as_the_target_of_a_table(tmp_path: Path) -> None:
    numbers = "".join(f"{k / 7} 1:{k}\n" for k in range(30))
    assert linnet.load(put(tmp_path, numbers)).train.classes == ()
    assert linnet.load(put(tmp_path, ROWS), task="regression").train.classes == ()
    assert linnet.load(put(tmp_path, ROWS), positive="-1").train.classes == ("1", "-1")
    with pytest.raises(UsageError, match="--loss poisson"):
        linnet.load(put(tmp_path, ROWS), task="counts")
    with pytest.raises(UsageError, match="target is of a table"):
        linnet.load(put(tmp_path, ROWS), target="y")


def test_what_is_said_of_such_text_is_of_nothing_else(tmp_path: Path) -> None:
    for source in (put(tmp_path, "a,y\n1,2\n", "rows.csv"), "digits"):
        with pytest.raises(UsageError, match="index_base is of"):
            linnet.load(source, index_base=0)
    with pytest.raises(UsageError, match="index_base must be one of 0 1"):
        linnet.load(put(tmp_path, ROWS), index_base=2)


def test_files_to_test_on_have_the_features_of_those_to_train_on(tmp_path: Path) -> None:
    train, test = put(tmp_path, ROWS, "train.svm"), put(tmp_path, "1 2:5\n-1 1:1\n", "test.svm")
    for parts in (linnet.load(train, test=test), linnet.load(tmp_path)):
        assert parts.test is not None
        assert np.array_equal(dense(parts.test), [[0, 5, 0], [1, 0, 0]])
        assert len(parts.train) == 12
    put(tmp_path, "1 4:5\n-1 1:1\n", "test.svm")
    with pytest.raises(FormatError, match=r"test.svm has the index 4, beyond the 3 features"):
        linnet.load(train, test=test)
    put(tmp_path, "3 2:5\n-1 1:1\n", "test.svm")
    with pytest.raises(FormatError, match="which the model does not know"):
        linnet.load(train, test=test)
    with pytest.raises(UsageError, match="leave out test_size"):
        linnet.load(train, test=test, test_size=0.5)
    with pytest.raises(FormatError, match="files of one format"):
        linnet.load(train, test=put(tmp_path, "a,y\n1,2\n", "rows.csv"))


def test_a_share_to_test_on_is_as_asked(tmp_path: Path) -> None:
    path = put(tmp_path, ROWS)
    half, none = linnet.load(path, test_size=0.5), linnet.load(path, split="none")
    assert (len(half.train), len(half.test or ())) == (6, 6)
    assert (len(none.train), none.test) == (12, None)


def test_a_model_reads_other_files_by_its_own_base_and_features(tmp_path: Path) -> None:
    path = put(tmp_path, ROWS + "1 0:1\n")
    run = linnet.solve(linnet.load(path), l2=1e-2).value
    rows = linnet.Evaluation.named(run, put(tmp_path, "1 1:5\n-1 2:1\n", "new.svm")).rows
    assert np.array_equal(dense(rows), [[0, 5, 0, 0], [0, 0, 1, 0]])
    with pytest.raises(FormatError, match="index 4, beyond the 4 features"):
        linnet.Evaluation.named(run, put(tmp_path, "1 4:5\n", "new.svm"))
    told = put(tmp_path, "# Column indices are one-based\n1 1:5\n-1 2:1\n", "new.svm")
    with pytest.raises(
        FormatError, match=r"a comment in new.svm says that indices count from 1, and the mod"
    ):
        linnet.Evaluation.named(run, told)


def test_a_model_that_tells_no_base_takes_none_for_granted(tmp_path: Path) -> None:
    rows = linnet.Dataset(torch.tensor(VALUES), np.array(["1", "-1"] * 6))  # type: ignore[arg-type]
    run = linnet.solve(rows, l2=1e-2).value
    assert len(linnet.Evaluation.named(run, put(tmp_path, "1 3:5\n-1 2:1\n")).rows) == 2
    with pytest.raises(FormatError, match="write 0:0 into a line"):
        linnet.Evaluation.named(run, put(tmp_path, "1 1:5\n-1 2:1\n"))


def test_bytes_are_read_as_a_file_is() -> None:
    assert np.array_equal(read_rows(ROWS.encode(), "rows.svm").matrix.toarray()[0, 1:], VALUES[0])
    packed = io.BytesIO()
    with gzip.open(packed, "wb") as file:
        file.write(b"1 1:1\n" * (1 << 24))
    with pytest.raises(FormatError, match="too long at line"):
        read_rows(packed.getvalue(), "rows.svm.gz", most=1 << 10)
