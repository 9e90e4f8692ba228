"""What people hold in memory becomes a data set, or is refused in a sentence; never an error from inside."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch

import linnet
from linnet.data.coerce import features_of
from linnet.errors import LinnetError, ShapeError, UsageError
from linnet.evaluate.score import score
from linnet.inference.infer import infer
from linnet.model.run import Run

A = np.arange(12.0).reshape(6, 2)
Y = np.array([1.0, 3.0, 2.0, 5.0, 4.0, 6.0])
NAMES = ["b", "a", "b", "a", "b", "a"]
FRAME = pd.DataFrame(A, columns=["x", "z"])


def made(X: Any, y: Any = None, **options: Any) -> linnet.Dataset:
    return linnet.Dataset(X, y, **options)


@pytest.mark.parametrize(
    "X",
    [
        A, A.tolist(), tuple(map(tuple, A)), A.astype(object), A.astype(">f8"), A[::-1][::-1], np.asmatrix(A),
        sp.csr_matrix(A), sp.csc_array(A), sp.coo_array(A), torch.tensor(A).to_sparse(), FRAME,
        FRAME.astype(object), FRAME.astype("Float64"), FRAME.astype("Int64"), list(torch.tensor(A)),
        torch.tensor(A, requires_grad=True), FRAME.astype({"z": int}),
        pd.DataFrame.sparse.from_spmatrix(sp.csr_matrix(A)),
    ],
    ids=lambda X: type(X).__name__,
)  # fmt: skip
def test_rows_of_numbers_of_any_library_are_the_same_rows(X: Any) -> None:
    data = made(X, Y)
    assert data.X.tolist() == A.tolist()
    assert data.y.tolist() == Y[:, None].tolist()
    assert len(data.checksum) == 64


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "i8", "f2", "f4", "f8", "u2", "u4", "u8", "f16"])
def test_every_type_of_numbers_keeps_its_numbers(dtype: str) -> None:
    assert features_of(A.astype(dtype)).X.tolist() == A.tolist()


def test_an_array_shares_its_memory_and_one_that_cannot_be_written_is_copied() -> None:
    array = A.copy()
    assert made(array, Y).X.data_ptr() == array.ctypes.data
    array.flags.writeable = False
    assert made(array, Y).X.tolist() == A.tolist()


def test_a_frame_gives_its_columns_names_and_a_series_the_targets() -> None:
    data = made(FRAME, pd.Series(Y, name="price"))
    assert (data.columns, data.target, data.outputs) == (("x", "z"), "price", 1)
    assert made(FRAME, pd.DataFrame({"price": Y})).target == "price"
    assert made(FRAME, pd.DataFrame({"a": Y, "b": Y})).outputs == 2


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (NAMES, ("a", "b")),
        (np.array(NAMES), ("a", "b")),
        (np.array(NAMES, "S"), ("a", "b")),
        (np.array(NAMES, object), ("a", "b")),
        (pd.Series(NAMES, name="kind"), ("a", "b")),
        (pd.Series(NAMES, dtype="string"), ("a", "b")),
        (pd.Series(pd.Categorical(NAMES, ["b", "a", "c"])), ("b", "a", "c")),
        (np.array([True, False] * 3), ("False", "True")),
        (torch.tensor([True, False] * 3), ("False", "True")),
        ([True, False] * 3, ("False", "True")),
    ],
)
def test_names_and_truths_are_classes(y: Any, classes: tuple[str, ...]) -> None:
    data = made(A, y)
    assert data.classes == classes
    assert [classes[k] for k in data.y.tolist()] == [
        str(name) for name in (NAMES if "a" in classes else list(y))
    ] or ([bool(k) for k in data.y.tolist()] == [bool(v) for v in y])


@pytest.mark.parametrize("kind", [np.uint8, np.int32, np.int64, torch.int32, list])
def test_whole_numbers_are_places_among_the_classes(kind: Any) -> None:
    places = [1, 0, 1, 0, 1, 0]
    y = places if kind is list else (
        torch.tensor(places, dtype=kind) if isinstance(kind, torch.dtype) else np.array(places, kind)
    )  # fmt: skip
    data = made(A, y, classes=["a", "b"])
    assert (data.y.dtype, data.y.tolist(), data.classes) == (torch.int64, places, ("a", "b"))
    with pytest.raises(ShapeError, match="class names"):  # they could be counts
        made(A, y)


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (None, "needs targets"),
        ("price", "not 'price'"),
        (5, "not int"),
        ({"a": 1}, "not dict"),
        (iter(Y), "not"),
        (np.array(["2020-01-01"] * 6, "M8[D]"), "datetime64"),
        (pd.Series(pd.to_datetime(["2020-01-01"] * 6)), "datetime64"),
        ([datetime.date(2020, 1, 1)] * 6, "numbers or text"),
        ([1, "a"] * 3, "entry 1 is 'a'"),
        (["a", None] * 3, "entry 1 is None"),
        (pd.Series(["a", None] * 3), "nothing in row 1"),
        (pd.Series([1.0, None] * 3), "nothing in row 1"),
        (pd.Series([1, None] * 3, dtype="Int64"), "nothing in row 1"),
        (Y[:5], "6 rows but y has 5"),
        (np.float64(3), "6 rows but y has none"),
        (Y + 1j, "complex128"),
        ([[1.0], [1.0, 2.0]] * 3, "differ in length"),
        (torch.utils.data.DataLoader([1]), "stack its rows"),  # type: ignore[arg-type]
    ],
)
def test_targets_that_are_none_are_refused_by_what_they_are(y: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        made(A, y)


@pytest.mark.parametrize(
    ("X", "said"),
    [
        (None, "not NoneType"),
        ("rows.csv", "linnet.load reads"),
        (Path("rows.csv"), "linnet.load reads"),
        (A[0], "flatten|shape"),
        (A > 0, "real numbers"),
        (A + 1j, "complex128"),
        (np.array([["1", "2"]] * 6), "not text"),
        (A.astype("M8[s]"), "not dates"),
        (np.ma.masked_less(A, 3), "masked"),
        ([[1, 2], [3]], "differ in length"),
        (torch.tensor(A).to(torch.float8_e4m3fn), "float8_e4m3fn"),
        (FRAME.assign(c="q"), "column 'c' of X holds text"),
        (FRAME.assign(c=pd.Timestamp(0)), "column 'c' of X holds datetime64"),
        (FRAME.assign(c=pd.Categorical(NAMES)), "column 'c' of X holds category"),
        (FRAME.assign(c=[1.0, None, 3.0, 4.0, 5.0, 6.0]), "column 'c' of X has nothing in row 1"),
        (FRAME["x"], "to_frame"),
        (torch.utils.data.TensorDataset(torch.tensor(A)), "stack its rows"),
    ],
)  # fmt: skip
def test_features_that_are_no_numbers_are_refused_by_what_they_are(X: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        made(X, Y)


def test_frames_and_targets_of_other_rows_are_not_paired_by_place() -> None:
    mixed = pd.Series(Y, index=[5, 4, 3, 2, 1, 0])
    with pytest.raises(UsageError, match=r"y\.loc\[X\.index\]"):
        made(FRAME, mixed)
    assert made(FRAME, mixed.loc[FRAME.index]).y.flatten().tolist() == Y[::-1].tolist()


@pytest.mark.parametrize(
    ("classes", "said"),
    [("ab", "one a class"), ([1, 2], "y holds their places"), (("a", "a"), "twice"), (5, "one a class"),
     ({"a", "b"}, "one a class"), (["a", 1], "as text")],
)  # fmt: skip
def test_classes_that_could_be_misread_are_refused(classes: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        made(A, [1, 0, 1, 0, 1, 0], classes=classes)


def test_what_a_file_cannot_keep_is_put_right_at_once() -> None:
    data = made(
        A, [0, 1] * 3, classes=range(2), image_shape=[1, 2], scale=np.float32(0.5), weights=[1, 2] * 3
    )
    assert (data.classes, data.image_shape, data.scale) == (("0", "1"), (1, 2), 0.5)
    assert type(data.scale) is float
    assert data.weights is not None
    assert data.weights.tolist() == [1.0, 2.0] * 3
    for options in (
        {"scale": 0},
        {"scale": float("nan")},
        {"scale": "a"},
        {"image_shape": 3},
        {"weights": "w"},
    ):
        with pytest.raises(UsageError):
            made(A, Y, **options)


OTHERS: list[Any] = [
    FRAME, A, (A, Y), sp.csr_matrix(A), None, 5, torch.tensor(A), [1, 2],
    torch.utils.data.TensorDataset(torch.tensor(A)), torch.utils.data.DataLoader([1]), "rows.csv",  # type: ignore[arg-type]
]  # fmt: skip
ENTRANCES: dict[str, Callable[[Any], Any]] = {
    "fit": lambda data: linnet.fit(data, epochs=1, lr=1e-3, show=False),
    "solve": linnet.solve,
    "regularization_path": lambda data: linnet.regularization_path(data, l1s=2),
    "sweep": lambda data: linnet.sweep(data, {"lr": [1e-3]}, epochs=1, show=False),
    "tune": lambda data: linnet.tune(data, {"lr": [1e-3]}, trials=1, epochs=1, show=False),
    "find_lr": lambda data: linnet.find_lr(data, steps=3),
}


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_each_entrance_says_what_it_takes(entrance: str) -> None:
    for other in OTHERS[entrance == "fit" :]:  # which takes a frame
        with pytest.raises(UsageError, match=f"{entrance} takes a linnet.Dataset, not"):
            ENTRANCES[entrance](other)


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_each_entrance_takes_a_pair_of_parts(entrance: str) -> None:
    source = np.random.default_rng(0)
    data = made(source.normal(size=(24, 2)), source.normal(size=24))
    for pair in (linnet.Splits(data, data), (data, data), [data], (data, None)):
        assert ENTRANCES[entrance](pair) is not None


@pytest.mark.parametrize("other", OTHERS[1:-1], ids=lambda o: type(o).__name__)
def test_load_says_how_rows_in_memory_become_a_data_set(other: Any) -> None:
    with pytest.raises(UsageError, match=r"load takes .*linnet\.Dataset\(X, y"):
        linnet.load(other)


def test_load_takes_a_path(tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    path = tmp_path / "rows" / "mine.csv"
    path.write_text("x,y\n" + "".join(f"{x},{x + 0.5}\n" for x in range(20)))
    assert len(linnet.load(path).train) == len(linnet.load(str(path)).train)


@pytest.fixture(scope="module")
def run() -> Run:
    return linnet.solve(made(FRAME, NAMES), l2=0.1).value


@pytest.mark.parametrize("X", [FRAME, A, A.tolist(), sp.csr_matrix(A), torch.tensor(A).to_sparse()])
@pytest.mark.parametrize("method", ["scores", "logits", "probabilities"])
def test_a_run_answers_rows_of_any_library(run: Run, X: Any, method: str) -> None:
    assert torch.equal(getattr(run, method)(X), getattr(run, method)(torch.tensor(A)))


@pytest.mark.parametrize(
    "X",
    [
        FRAME[["z", "x"]],
        FRAME.assign(w=1.0),
        FRAME["x"],
        A[0],
        A + 1j,
        "x",
        None,
        {"x": 1},
        made(A, Y),
        [["a"]],
    ],
)
def test_a_run_refuses_what_are_not_its_rows_in_a_sentence(run: Run, X: Any) -> None:
    for method in (run.scores, run.logits, run.probabilities):
        with pytest.raises(UsageError):
            method(X)


@pytest.mark.parametrize("other", OTHERS[:6], ids=lambda other: type(other).__name__)
def test_judgements_say_that_they_take_a_data_set(run: Run, other: Any) -> None:
    for judge in (score, infer):
        with pytest.raises(LinnetError, match="Dataset"):
            judge(run, other)
    if other is not None:
        with pytest.raises(UsageError, match=r"fit's test takes a linnet\.Dataset"):
            linnet.fit(made(A, Y), test=other, show=False)
