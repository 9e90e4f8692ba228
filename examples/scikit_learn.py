"""linnet's softmax regression among scikit-learn's tools: a pipeline, a grid search, and calibration.

    python examples/scikit_learn.py

On the built-in digits it takes some seconds.
"""

from __future__ import annotations

from typing import Any

from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from linnet import SoftmaxClassifier, SoftmaxClassifierCV


def main() -> None:
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)

    pipeline = make_pipeline(StandardScaler(), SoftmaxClassifier())
    grid = {"softmaxclassifier__l2": [1e-4, 1e-3, 1e-2, 1e-1]}
    search = GridSearchCV(pipeline, grid, cv=5, scoring="neg_log_loss").fit(X_train, y_train)
    print(f"grid search: {search.best_params_}, accuracy {search.best_estimator_.score(X_test, y_test):.4f}")

    own: Any = make_pipeline(StandardScaler(), SoftmaxClassifierCV(l2s=9, scoring="neg_log_loss"))
    own.fit(X_train, y_train)
    print(f"chosen by itself: l2 {own[-1].l2_:.2g}, accuracy {own.score(X_test, y_test):.4f}")

    calibrated = CalibratedClassifierCV(search.best_estimator_, cv=5).fit(X_train, y_train)
    before = log_loss(y_test, search.predict_proba(X_test))
    after = log_loss(y_test, calibrated.predict_proba(X_test))
    print(f"log loss on the test rows: {before:.4f}, calibrated by sigmoids {after:.4f}")


if __name__ == "__main__":
    main()
