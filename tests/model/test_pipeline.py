"""`run_of`: a fitted pipeline's run answers as the pipeline does, wherever a run goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)

import linnet
from linnet.errors import UsageError
from linnet.estimators import LinearRegressor, LinearRegressorCV, SoftmaxClassifier, TableEncoder
from linnet.estimators import PoissonRegressor as OurPoisson
from linnet.model import pipeline as of_pipelines
from tests.support.tables import make_mixed

frame = make_mixed()
X, y = frame.drop(columns="price"), frame["price"]
labels: Any = X["cut"].fillna("none")

STEPS = [
    StandardScaler(), StandardScaler(with_mean=False), StandardScaler(with_std=False), RobustScaler(),
    RobustScaler(with_centering=False), MinMaxScaler((-1, 2)), MaxAbsScaler(), PCA(3), PCA(2, whiten=True),
    TruncatedSVD(3), SelectKBest(k=3), VarianceThreshold(), FunctionTransformer(), "passthrough",
    make_pipeline(StandardScaler(), PCA(4)),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*F-test|.*invalid value")
@pytest.mark.parametrize("step", STEPS, ids=str)
def test_linear_steps_are_taken_into_the_weights(step: Any) -> None:
    pipeline = make_pipeline(TableEncoder(), step, LinearRegressor(l2=1e-3)).fit(X, y)
    assert_allclose(linnet.predict(pipeline, X)["prediction"], pipeline.predict(X), rtol=1e-9)


MODELS = [
    LinearRegressor(), LinearRegressorCV(l2s=3), OurPoisson(), LinearRegression(), Ridge(),
    PoissonRegressor(),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::linnet.errors.GridEdgeWarning")
@pytest.mark.parametrize("model", MODELS, ids=str)
def test_regressions_answer_as_the_pipeline(model: Any) -> None:
    pipeline = make_pipeline(TableEncoder(), StandardScaler(), model).fit(X, y)
    run = linnet.run_of(pipeline)
    assert_allclose(linnet.predict(run, X)["prediction"], pipeline.predict(X), rtol=1e-9)
    assert run.card.schema is not None
    assert run.card.schema.target.task == ("counts" if "Poisson" in str(model) else "regression")
    assert run.card.target == "price"


@pytest.mark.parametrize("model", [SoftmaxClassifier(), LogisticRegression()], ids=str)
@pytest.mark.parametrize("target", [labels, X["new"] == "yes"], ids=["several", "two"])
def test_classifiers_answer_as_the_pipeline(model: Any, target: pd.Series) -> None:
    rows = frame[["carat", "sold", "price"]]
    pipeline = make_pipeline(TableEncoder(), StandardScaler(), model).fit(rows, target)
    found = linnet.predict(pipeline, frame)
    assert_allclose(found.drop(columns="prediction"), pipeline.predict_proba(rows), atol=1e-12)
    assert found["prediction"].tolist() == [str(one) for one in pipeline.predict(rows)]


def test_models_alone_and_searches_are_runs() -> None:
    numbers = frame[["carat", "price"]].dropna()
    alone = LinearRegressor().fit(numbers[["carat"]], numbers["price"])
    run = linnet.run_of(alone)
    assert run.card.columns == ("carat",)
    assert_allclose(run.predictions(numbers[["carat"]])[:, 0], alone.predict(numbers[["carat"]]))  # type: ignore[arg-type]
    pipeline = make_pipeline(TableEncoder(), LinearRegressor())
    search = GridSearchCV(pipeline, {"linearregressor__l2": [1e-3, 1.0]}, cv=3).fit(X, y)
    assert_allclose(linnet.predict(search, X)["prediction"], search.predict(X))
    assert linnet.run_of(run) is run


def test_sparse_texts_go_through(tmp_path: Path) -> None:
    words = [
        "a good clear film",
        "a very bad film indeed",
        "good and clear throughout",
        "a bad plot and bad acting",
    ]
    texts = pd.DataFrame({"review": [f"{words[k % 4]} no {k}" for k in range(40)]})
    target = pd.Series(["good", "bad"] * 20, name="verdict")
    pipeline: Any = make_pipeline(TableEncoder(), MaxAbsScaler(), SoftmaxClassifier(l2=1e-3)).fit(
        texts, target
    )
    folder = linnet.run_of(pipeline).save(tmp_path / "run")
    found = linnet.predict(folder, texts)
    assert_allclose(found["probability of good"], pipeline.predict_proba(texts)[:, 1], atol=1e-12)


def test_a_folder_without_a_pickle_gives_the_run_back(tmp_path: Path) -> None:
    pipeline = make_pipeline(TableEncoder(), StandardScaler(), LinearRegressor(l2=1e-3)).fit(X, y)
    folder = linnet.run_of(pipeline, name="stones").save(tmp_path / "run")
    again = linnet.Run.load(folder)
    assert again.card == linnet.run_of(pipeline, name="stones").card
    assert_allclose(linnet.predict(folder, X)["prediction"], pipeline.predict(X), rtol=1e-12)
    assert sorted(path.name for path in folder.iterdir()) == [
        "history.jsonl",
        "model.safetensors",
        "run.json",
    ]


def test_it_is_judged_exported_and_reported(tmp_path: Path) -> None:
    pipeline = make_pipeline(TableEncoder(), StandardScaler(), LinearRegressor(l2=1e-3)).fit(X, y)
    figures = linnet.regression_figures(linnet.Evaluation(pipeline, frame))
    assert figures["r2"].value == pytest.approx(pipeline.score(X, y))
    assert linnet.export_model(pipeline, "numpy", tmp_path / "model.py").path.is_file()
    assert "price" in linnet.write_report(pipeline, tmp_path / "report.html").read_text("utf-8")


def test_classes_are_judged_on_a_frame() -> None:
    rows = frame[["carat", "sold", "price"]]
    pipeline = make_pipeline(TableEncoder(), StandardScaler(), SoftmaxClassifier()).fit(
        rows, labels.rename("cut")
    )
    found = linnet.assess(linnet.Evaluation(pipeline, frame.assign(cut=labels)))
    assert found.whole["accuracy"].value == pytest.approx(pipeline.score(rows, labels))


REFUSED = [
    (
        make_pipeline(TableEncoder(), PolynomialFeatures(), LinearRegressor()),
        "the step PolynomialFeatures cannot",
    ),
    (
        make_pipeline(TableEncoder(), FunctionTransformer(np.exp), LinearRegressor()),
        r"FunctionTransformer\(exp\)",
    ),
    (make_pipeline(TableEncoder(), MinMaxScaler(clip=True), LinearRegressor()), "leave clip out"),
    (make_pipeline(TableEncoder(), RandomForestRegressor(2)), "RandomForestRegressor is no linear model"),
]


@pytest.mark.parametrize(("pipeline", "why"), REFUSED, ids=lambda one: str(one)[-30:])
def test_what_is_not_linear_is_refused_by_name(pipeline: Any, why: str) -> None:
    small = X[["carat"]].fillna(1.0)
    with pytest.raises(UsageError, match=why):
        linnet.run_of(pipeline.fit(small, y))


def test_what_is_no_fitted_pipeline_is_refused() -> None:
    with pytest.raises(UsageError, match="expected a run, or a fitted pipeline"):
        linnet.run_of(frame)
    with pytest.raises(ValueError, match="not fitted"):
        linnet.run_of(make_pipeline(TableEncoder(), LinearRegressor()))


class Odd(LinearRegressor):
    """Answers otherwise than its weights do."""

    def predict(self, X: Any) -> Any:
        return super().predict(X) ** 2


def test_answers_that_are_not_the_pipelines_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = Odd(l2=0.0).fit(np.eye(3), np.arange(3.0))
    with pytest.raises(UsageError, match="Odd is no linear model"):
        linnet.run_of(odd)
    monkeypatch.setitem(of_pipelines.LOSSES, "Odd", "squared")
    monkeypatch.setattr(Odd, "__module__", "linnet.odd")
    with pytest.raises(UsageError, match="does not answer as softmax or a linear sum"):
        linnet.run_of(odd)
