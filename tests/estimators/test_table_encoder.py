"""`TableEncoder`: scikit-learn's tools take it, and it encodes as scikit-learn's own encoders would."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.estimator_checks import parametrize_with_checks

import linnet
from linnet.errors import UsageError
from linnet.estimators import LinearRegressor, SoftmaxClassifier, TableEncoder
from tests.support.tables import make_mixed

frame = make_mixed()
X, y = frame.drop(columns="price"), frame["price"]


@pytest.mark.filterwarnings("default")
@parametrize_with_checks([TableEncoder()])
def test_scikit_learn_has_nothing_to_object(estimator: Any, check: Any) -> None:
    check(estimator)


def theirs() -> Any:
    """scikit-learn's encoding of the same columns, dates aside."""
    return make_column_transformer(
        (SimpleImputer(strategy="median", add_indicator=True), ["carat"]),
        (OneHotEncoder(handle_unknown="ignore"), ["cut"]),
        (OneHotEncoder(drop=["no"]), ["new"]),
    )


def test_columns_are_those_of_a_column_transformer() -> None:
    ours: Any = TableEncoder(ignore="sold").fit_transform(X)
    assert_array_equal(ours, theirs().fit_transform(X))


def test_and_so_are_scores_of_a_cross_validation() -> None:
    ours = make_pipeline(TableEncoder(ignore=["sold"]), LinearRegressor(l2=1 / 80))
    folds: Any = {"cv": 3, "scoring": "r2"}
    rows = X.iloc[:120]
    expected = cross_val_score(make_pipeline(theirs(), Ridge(alpha=1.0)), rows, y, **folds)
    assert_allclose(cross_val_score(ours, rows, y, **folds), expected, rtol=1e-6)


@pytest.mark.parametrize("library", [polars.from_pandas, pyarrow.Table.from_pandas])
def test_frames_of_every_library_are_encoded_alike(library: Any) -> None:
    ours = TableEncoder().fit(X)
    other = TableEncoder().fit(library(X))
    assert other.schema_ == ours.schema_
    assert_array_equal(other.transform(library(X)), ours.transform(X))


def test_it_encodes_as_load_does() -> None:
    train, _ = linnet.load(frame, target="price", hold_out=False)
    encoder = TableEncoder().fit(X, y)
    assert tuple(encoder.get_feature_names_out()) == train.columns
    assert_array_equal(encoder.transform(X), train.X.numpy())
    assert encoder.schema_.target.name == "price"


def test_arrays_have_columns_by_their_places() -> None:
    mixed = np.array([[1.5, "a"], [2.5, "b"], [np.nan, "a"], [4.0, "b"]], object)
    encoder = TableEncoder().fit(mixed)
    assert encoder.get_feature_names_out().tolist() == ["x0", "x0 missing", "x1=a", "x1=b"]
    assert_array_equal(encoder.transform(mixed)[2], [2.5, 1, 1, 0])


def test_output_can_be_frames() -> None:
    encoded: Any = TableEncoder().set_output(transform="pandas").fit(X).transform(X)
    assert list(encoded.columns[:2]) == ["carat", "carat missing"]
    assert encoded.index.equals(X.index)


def test_unseen_levels_are_counted_or_refused() -> None:
    new = X.assign(cut="unheard of")
    encoder = TableEncoder().fit(X)
    assert encoder.unseen_ == {}
    encoded: Any = encoder.transform(new)
    assert encoder.unseen_ == {"cut": len(X)}
    at = [encoder.schema_.features.index(f"cut={level}") for level in ("fair", "good", "ideal")]
    assert_array_equal(encoded[:, at], 0)
    strict = TableEncoder(handle_unknown="error").fit(X)
    assert_array_equal(strict.transform(X), encoder.transform(X))
    with pytest.raises(UsageError, match="the column cut has 'unheard of' in row 1"):
        strict.transform(new)


def test_rare_levels_do_not_hide_unseen_ones_from_an_error() -> None:
    many = pd.DataFrame({"city": [f"c{k}" for k in range(101)] + ["c0"] * 120})
    strict = TableEncoder(handle_unknown="error").fit(many)
    with pytest.raises(UsageError, match="a level that fit did not see"):
        strict.transform(pd.DataFrame({"city": ["elsewhere"]}))


def test_settings_are_those_of_a_table() -> None:
    codes = pd.DataFrame(
        {"zip": [1, 2, 1, 2], "paid": ["1,5", "2,25", "1,0", "3,75"], "day": ["1/2/2024"] * 4}
    )
    encoder = TableEncoder(category=["zip"], decimal=",", date_order="dmy", references=True).fit(codes)
    assert encoder.get_feature_names_out().tolist() == [
        "zip=2",
        "paid",
        "day days",
        "day month",
        "day weekday",
    ]
    assert_array_equal(encoder.transform(codes)[1], [1, 2.25, 0, 2, 4])
    with pytest.raises(UsageError, match="day or month first"):
        TableEncoder(ignore="paid").fit(codes)


def test_any_kind_can_be_asked_for_as_of_a_table() -> None:
    rows = pd.DataFrame({"day": [20240131, 20240201, 20240302], "on": [0, 1, 1], "y": [1.0, 2.0, 3.0]})
    encoder = TableEncoder(date="day", truth=["on"]).fit(rows[["day", "on"]])
    train = linnet.load(rows, target="y", date="day", truth="on", hold_out=False).train
    assert train.columns == tuple(encoder.get_feature_names_out())
    assert_array_equal(encoder.transform(rows[["day", "on"]]), train.X.numpy())


def test_texts_become_sparse_columns_that_models_take() -> None:
    words = [
        "a good clear film",
        "a very bad film indeed",
        "good and clear throughout",
        "bad acting and a bad plot",
    ]
    texts = pd.DataFrame({"review": [f"{words[k % 4]} no {k}" for k in range(80)]})
    labels = np.array(["good", "bad", "good", "bad"] * 20)
    pipeline: Any = make_pipeline(TableEncoder(), SoftmaxClassifier())
    assert cross_val_score(pipeline, texts, labels, cv=3).min() == 1
    encoded: Any = TableEncoder().fit(texts).transform(texts)
    assert encoded.format == "csr"


def test_searches_clones_and_pickles() -> None:
    pipeline = make_pipeline(TableEncoder(), LinearRegressor(l2=1e-6))
    search = GridSearchCV(pipeline, {"tableencoder__ignore": [(), ("carat",)]}, cv=3).fit(X, y)
    assert search.best_params_ == {"tableencoder__ignore": ()}
    encoder = TableEncoder(ignore=("sold",))
    again: Any = clone(encoder)
    assert again.get_params() == encoder.get_params()
    fitted = encoder.fit(X)
    assert_array_equal(pickle.loads(pickle.dumps(fitted)).transform(X), again.fit(X).transform(X))


def test_it_stands_within_a_column_transformer() -> None:
    both: Any = make_column_transformer((TableEncoder(), ["carat", "cut"]), (TableEncoder(), ["new"]))
    names = both.fit(X).get_feature_names_out().tolist()
    assert names[0] == "tableencoder-1__carat"
    assert_array_equal(both.transform(X), TableEncoder(ignore="sold").fit_transform(X))


def test_models_say_who_takes_text() -> None:
    with pytest.raises(
        ValueError, match=r"the column cut of X holds no numbers.*make_pipeline\(TableEncoder"
    ):
        LinearRegressor().fit(X[["carat", "cut"]].fillna({"carat": 1.0}), y)


def test_unreadable_cells_and_bare_tables_are_refused_by_name() -> None:
    encoder = TableEncoder().fit(X)
    with pytest.raises(UsageError, match="the column carat has no finite number"):
        encoder.transform(X.assign(carat="much"))
    with pytest.raises(UsageError, match="no column is left"):
        TableEncoder(ignore=list(X.columns)).fit(X)
    with pytest.raises(UsageError, match="there is no column 'nowhere'"):
        TableEncoder(ignore="nowhere").fit(X)
