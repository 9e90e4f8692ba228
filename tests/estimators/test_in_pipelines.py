"""The estimators among scikit-learn's tools: pipelines, searches, calibration, frames, cloning, arrays."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars
import pytest
import sklearn
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from linnet.estimators import LinearRegressor, SoftmaxClassifier
from linnet.estimators.arrays import tensor

iris: Any = load_iris(return_X_y=True)
X, y = iris


def test_pipeline_search_and_validation() -> None:
    pipeline: Any = make_pipeline(StandardScaler(), SoftmaxClassifier())
    search = GridSearchCV(pipeline, {"softmaxclassifier__l2": [1e-3, 1e-1]}, cv=3).fit(X, y)
    assert search.best_score_ > 0.9
    assert cross_val_score(pipeline, X, y, cv=3).mean() > 0.9
    shares: Any = cross_val_predict(pipeline, X, y, cv=3, method="predict_proba")
    assert shares.shape == (150, 3)
    assert BaggingClassifier(SoftmaxClassifier(), n_estimators=3, random_state=0).fit(X, y).score(X, y) > 0.9


def test_calibration_and_importance() -> None:
    calibrated = CalibratedClassifierCV(SoftmaxClassifier(), cv=3).fit(X, y)
    assert_allclose(calibrated.predict_proba(X).sum(1), 1)
    found: Any = permutation_importance(SoftmaxClassifier().fit(X, y), X, y, n_repeats=2, random_state=0)
    assert found.importances_mean.argmax() in (2, 3)


def test_weights_are_routed() -> None:
    weights = np.linspace(0.1, 2, len(y))
    with sklearn.config_context(enable_metadata_routing=True):
        asking = SoftmaxClassifier(l2=1e-2).set_fit_request(sample_weight=True)
        pipeline: Any = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), asking)
        pipeline.fit(X, y, sample_weight=weights)
    scaled = StandardScaler().fit_transform(X)
    alone = SoftmaxClassifier(l2=1e-2).fit(scaled, y, weights)
    assert_allclose(pipeline[-1].coef_, alone.coef_, rtol=1e-6)


def test_names_of_columns_are_kept_and_checked() -> None:
    frame = pd.DataFrame(X, columns=list("abcd"))
    model: Any = SoftmaxClassifier().fit(frame, pd.Series(y))
    assert_array_equal(model.feature_names_in_, list("abcd"))
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[["b", "a", "c", "d"]])
    with pytest.warns(UserWarning, match="feature names"):
        model.predict(X)


def test_polars_frames_go_in() -> None:
    frame = polars.DataFrame({name: X[:, k] for k, name in enumerate("abcd")})
    model: Any = SoftmaxClassifier().fit(frame, polars.Series(y))
    assert_array_equal(model.feature_names_in_, list("abcd"))
    assert_array_equal(model.predict(frame), SoftmaxClassifier().fit(X, y).predict(X))


def test_clones_pickles_and_pictures() -> None:
    model = SoftmaxClassifier(l2=0.3, class_weight={0: 2.0})
    copy: Any = clone(model)
    assert copy.get_params() == model.get_params()
    assert "SoftmaxClassifier" in model._repr_html_()
    fitted = pickle.loads(pickle.dumps(model.fit(X, y)))
    assert_array_equal(fitted.predict(X), model.predict(X))
    assert is_classifier(model)
    assert is_regressor(LinearRegressor())
    line = LinearRegressor().partial_fit(X, y)
    assert_allclose(pickle.loads(pickle.dumps(line)).partial_fit(X, y).coef_, line.partial_fit(X, y).coef_)


def test_weights_that_are_mostly_zero_can_be_kept_sparse() -> None:
    model = SoftmaxClassifier(l1=0.05).fit(X, y)
    dense = model.predict_proba(X)
    assert_allclose(model.sparsify().predict_proba(X), dense)
    assert_allclose(model.densify().predict_proba(X), dense)


def test_rows_are_not_copied_and_read_only_ones_do_not_warn() -> None:
    locked: np.ndarray = X.copy()
    locked.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SoftmaxClassifier().fit(locked, y)
    assert tensor(locked).data_ptr() == locked.ctypes.data
    assert tensor(X).data_ptr() == X.ctypes.data
    assert_array_equal(tensor(X[::-1]).numpy(), X[::-1])


ARRAY_API = """
import numpy as np, sklearn, torch
from sklearn.datasets import load_iris
from linnet.estimators import LinearRegressor, SoftmaxClassifier, SoftmaxClassifierCV
X, y = load_iris(return_X_y=True)
T, t = torch.from_numpy(X).to(DEVICE), torch.from_numpy(y).to(DEVICE)
for model in (SoftmaxClassifier(l2=1e-2), LinearRegressor(), SoftmaxClassifierCV(l2s=2, cv=3)):
    with sklearn.config_context(array_api_dispatch=True):
        model.fit(T, t)
        found = model.predict(T)
        assert isinstance(found, torch.Tensor) and found.device == T.device, found
        assert isinstance(model.coef_, torch.Tensor) and model.coef_.device == T.device
        if hasattr(model, "predict_proba"):
            assert isinstance(model.predict_proba(T), torch.Tensor)
            labels = np.array(["a", "b", "c"])[y]
            assert list(sklearn.clone(model).fit(T, labels).predict(T)[:2]) == ["a", "a"]
        assert isinstance(model.score(T, t), float)
    plain = sklearn.clone(model).fit(X, y)
    np.testing.assert_allclose(model.coef_.cpu().numpy(), plain.coef_, rtol=1e-5, atol=1e-7)
"""


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_tensors_go_in_and_come_out(device: str) -> None:
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no CUDA device here")
    script = ARRAY_API.replace("DEVICE", repr(device))
    surroundings = {**os.environ, "SCIPY_ARRAY_API": "1"}  # scipy reads it when it is imported
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], env=surroundings, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_import_is_light() -> None:
    heavy = ("matplotlib", "cyclopts", "linnet.plot", "linnet.search")
    script = f"import sys, linnet.estimators; print([m for m in {heavy} if m in sys.modules])"
    done: Any = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
