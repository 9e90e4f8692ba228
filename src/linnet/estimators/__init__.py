"""scikit-learn's estimators of linnet's models: for pipelines, grid searches, calibration and the rest.

    from linnet.estimators import SoftmaxClassifier
    model = make_pipeline(StandardScaler(), SoftmaxClassifier(l2=1e-3)).fit(X, y)

`LinearRegressor` and `SoftmaxClassifier` minimise the mean loss with ½ l2 ‖W‖² + l1 ‖W‖₁;
`PoissonRegressor` does so for counts. `LinearRegressorCV` and `SoftmaxClassifierCV` choose l2 by
cross-validation. `TableEncoder` makes numbers of a table's columns. docs/estimators.md is the guide.
"""

from __future__ import annotations

from linnet.estimators.classifier import SoftmaxClassifier
from linnet.estimators.cv_estimators import LinearRegressorCV, SoftmaxClassifierCV
from linnet.estimators.regressor import LinearRegressor, PoissonRegressor
from linnet.estimators.table_encoder import TableEncoder

__all__ = [
    "LinearRegressor",
    "LinearRegressorCV",
    "PoissonRegressor",
    "SoftmaxClassifier",
    "SoftmaxClassifierCV",
    "TableEncoder",
]
