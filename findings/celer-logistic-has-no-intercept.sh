#!/usr/bin/env bash
# Tool: celer 0.7.4, LogisticRegression (L1), beside its own Lasso
# Expected: As in scikit-learn, whose interface it follows, and as in celer's Lasso, an
#   intercept is fitted.
# Instead: None is: fit_intercept is False by default (True in Lasso), True is refused as not
#   implemented, and intercept_ is 0 whatever the data. Three rows in four are positive and X
#   says nothing, yet every row is given 0.5.
# Right value: log(3) = 1.0986 and p = 0.75, since X is balanced within both classes.
# Seen:
#   share of ones 0.75
#   celer        intercept 0.0 p 0.5
#   scikit-learn intercept 1.0982 p 0.75
#   celer's Lasso, y = 5 + x: intercept 5.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    celer==0.7.4 numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
from celer import Lasso, LogisticRegression
from sklearn.linear_model import LogisticRegression as Reference

X = np.tile([[-1.0], [1.0]], (200, 1))
y = np.tile(np.repeat([1, 1, 1, 0], 2), 50)
ours = LogisticRegression(C=1e3).fit(X, y)
reference = Reference(C=1e3).fit(X, y)
print("share of ones", y.mean())
print("celer        intercept", float(np.ravel(ours.intercept_)[0]), "p", ours.predict_proba(X[:1])[0, 1].round(3))
print("scikit-learn intercept", reference.intercept_[0].round(4), "p", reference.predict_proba(X[:1])[0, 1].round(3))
print("celer's Lasso, y = 5 + x: intercept", round(float(Lasso(alpha=1e-3).fit(X, 5 + X[:, 0]).intercept_), 3))
assert float(np.ravel(ours.intercept_)[0]) == 0.0
PY
