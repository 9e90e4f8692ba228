from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import dump_svmlight_file

import linnet
from linnet.data.streams import svmlight
from linnet.data.streams.svmlight import Indices, iter_svmlight
from linnet.errors import FormatError
from linnet.model.predictor import Predictor
from linnet.runs.predict import predict, predict_file
from tests.support.commands import call

DRAWN = np.random.default_rng(0)
X = np.where(DRAWN.random((60, 5)) < 0.5, DRAWN.normal(size=(60, 5)).round(3), 0.0)
Y = (X[:, 1] + X[:, 3] > 0).astype(int)


def put(path: Path, rows: Any, base: int, labels: Any = None) -> Path:
    dump_svmlight_file(
        rows, np.zeros(len(rows)) if labels is None else labels, str(path), zero_based=base == 0
    )
    return path


@pytest.fixture(scope="module", params=[0, 1])
def base(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture(scope="module")
def run(base: int, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on rows whose indices count from the base."""
    folder = tmp_path_factory.mktemp("svm")
    splits = linnet.load(put(folder / "rows.svm", X, base, Y), index_base=base)
    linnet.solve(splits, l2=1e-2, out=folder / "run", report=False)
    return folder / "run"


def expected(run: Path, rows: Any) -> Any:
    model = Predictor.open(run)
    scores = rows @ model.W.T + model.b
    return np.exp(scores) / np.exp(scores).sum(1, keepdims=True)


def pieces(path: Path, base: int | None = 1, width: int = 5, *, is_lenient: bool = False) -> Any:
    return list(iter_svmlight({path.name: path}, Indices(base, width), is_lenient=is_lenient))


def test_rows_are_answered_by_the_base_of_the_training_with_labels_or_without(
    run: Path, base: int, tmp_path: Path
) -> None:
    rows = X[:20] + 0.5
    put(tmp_path / "a.svm", rows, base)
    text = (tmp_path / "a.svm").read_text()
    bare = "\n".join(line.partition(" ")[2] for line in text.splitlines()) + "\n"
    (tmp_path / "b.libsvm.gz").write_bytes(gzip.compress(bare.encode()))
    (tmp_path / "c.svm").write_text(text.replace("0 ", "? ", 1).replace("\n0 ", "\n1,2 ", 1))
    for name in ("a.svm", "b.libsvm.gz", "c.svm"):
        found = predict(run, tmp_path / name)
        assert np.allclose(found.iloc[:, 1:], expected(run, rows), atol=1e-12)
        assert found["prediction"].tolist() == [str(k) for k in expected(run, rows).argmax(1)]


def test_from_file_to_file_in_pieces_of_rows_and_of_bytes(
    run: Path, base: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, part in (("a", X[:30]), ("b", X[30:])):
        put(tmp_path / f"{name}.svm", part, base)
    monkeypatch.setattr(svmlight, "ROWS", 7)
    monkeypatch.setattr(svmlight, "BYTES", 150)
    sizes = list[int]()
    done = predict_file(Predictor.open(run), f"{tmp_path}/*.svm", tmp_path / "o.csv", progress=sizes.append,
                        options=linnet.config.TableOptions(index_base=base))  # fmt: skip
    found = pd.read_csv(tmp_path / "o.csv")
    assert np.allclose(found.filter(like="prob"), expected(run, X), atol=1e-12)
    assert found["file"].tolist() == [f"{tmp_path}/a.svm"] * 30 + [f"{tmp_path}/b.svm"] * 30
    assert (done.rows, list(done.files.values())) == (60, [30, 30])
    assert max(np.diff([0, *sizes])) <= 7
    assert call("predict", run, tmp_path / "a.svm", "--out", tmp_path / "c.parquet") == 0
    assert np.allclose(pd.read_parquet(tmp_path / "c.parquet").iloc[:, 1:], expected(run, X[:30]))


def test_a_base_that_a_file_contradicts_is_an_error_and_can_be_said(
    run: Path, base: int, tmp_path: Path
) -> None:
    other, rows = 1 - base, X[:9] + 0.5  # of which no number is 0
    path = put(tmp_path / "a.svm", rows, other)
    with pytest.raises(
        FormatError, match=rf"a.svm, line 1: the index {0 if base else 5} is none of the model"
    ):
        predict(run, path)
    assert np.allclose(predict(run, path, index_base=other).iloc[:, 1:], expected(run, rows))
    told = tmp_path / "told.svm"
    dump_svmlight_file(X[:9, :2], np.zeros(9), str(told), zero_based=other == 0, comment="rows")
    with pytest.raises(FormatError, match=f"a comment in .*told.svm says that indices count from {other}"):
        predict(run, told)
    assert call("predict", run, told, "--index-base", other, "--out", tmp_path / "o.csv") == 0


def test_where_nothing_tells_the_base_it_has_to_be_said(tmp_path: Path) -> None:
    splits = linnet.load(put(tmp_path / "rows.svm", X, 0, Y), index_base=0)
    linnet.solve(splits, l2=1e-2, out=tmp_path / "run", report=False)
    model, path = Predictor.open(tmp_path / "run"), put(tmp_path / "a.svm", X[:9], 0)
    with pytest.raises(FormatError, match="told neither by the model nor by a comment: say --index-base"):
        predict_file(model, path, tmp_path / "a.csv")
    dump_svmlight_file(X[:9], np.zeros(9), str(path), comment="rows")
    assert predict_file(model, path, tmp_path / "a.csv").rows == 9


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 1:1\n\n# x\n1 6:1\n", r"a.svm, line 4: the index 6 is beyond the 5 features of the model"),
        ("1 1:1\n1 2:x\n", "line 2: '2:x' is no index:value"),
        ("1 1:1\n1 2:nan\n", "line 2: a number is not finite"),
        ("1 qid:3 1:1\n", "line 1: qid is of rankings"),
        ("1 0:1\n", "line 1: the index 0 is none of the model's"),
        ("1:1\n2:1\n\n3:1\n", "line 3, is empty, and as rows have no label"),
        ("1:1\n2:1\n\n", "line 3, is empty"),
        ("1,2,3\n", "line 1: '1,2,3' are several labels"),
        ("spam\n", "line 1: the label 'spam' is no number"),
        ("1 3:1 2:1\n", "line 1: the index 2 stands behind 3"), ("", "no rows"), ("# none\n", "no rows"),
        ("1 :5\n", "line 1: ':5' is no"), (":5 1:1\n", "line 1: ':5' is no"),
    ],
)  # fmt: skip
def test_a_line_that_is_none_of_the_models_rows_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.svm").write_text(text)
    with pytest.raises(FormatError, match=message):
        pieces(tmp_path / "a.svm")


def test_lines_that_cannot_be_read_are_set_apart(run: Path, base: int, tmp_path: Path) -> None:
    good = put(tmp_path / "a.svm", X[:3], base).read_text().splitlines()
    lines = [good[0], "1 2:x", good[1], "# a remark", f"1 {base + 7}:1", "1 1:inf", good[2], "1 cost:2 1:1"]
    (tmp_path / "a.svm").write_text("\n".join(lines))
    assert (
        call("predict", run, tmp_path / "a.svm", "--out", tmp_path / "o.csv", "--errors", "quarantine") == 0
    )
    assert np.allclose(pd.read_csv(tmp_path / "o.csv").iloc[:, 1:], expected(run, X[:3]))
    aside = pd.read_csv(tmp_path / "o.csv.rejected.csv")
    assert aside["place"].tolist() == ["line 2", "line 5", "line 6", "line 8"]
    assert aside["reason"].tolist()[0] == "'2:x' is no index:value, such as 3:0.5"
    (tmp_path / "a.svm").write_text("1 2:x\n")
    assert call("predict", run, tmp_path / "a.svm", "--out", tmp_path / "p.csv", "--errors", "skip") == 0
    assert (
        pd.read_csv(tmp_path / "p.csv").columns.tolist() == pd.read_csv(tmp_path / "o.csv").columns.tolist()
    )


def test_what_is_of_tables_is_refused_of_numbers(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text("x1,x2\n1,2\n")
    with pytest.raises(FormatError, match=r"a.csv is a table, and the model of .* takes rows of 5 numbers"):
        predict(run, tmp_path / "a.csv")
    with pytest.raises(FormatError, match="the standard input is CSV, and the model"):
        predict(run, "-")
    assert call("predict", run, tmp_path / "a.csv", "--keep", "x1") == 2
    assert "--keep, --encoding, --header and --sheet are of tables" in capsys.readouterr().err


@given(st.data())
def test_pieces_are_the_rows_whatever_their_number(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    drawn = data.draw(
        st.lists(st.lists(st.sampled_from([0.0, 0.5, -3.0]), min_size=4, max_size=4), min_size=1)
    )
    rows, base = np.array(drawn), data.draw(st.integers(0, 1))
    path = put(tmp_path_factory.mktemp("rows") / "a.svm", rows, base)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(svmlight, "ROWS", data.draw(st.integers(1, 4)))
        found = pieces(path, base, 4)
    assert np.array_equal(sp.vstack([one.rows for one in found]).toarray(), rows)
    assert [one.before for one in found] == list(np.cumsum([0, *(one.rows.shape[0] for one in found)])[:-1])
