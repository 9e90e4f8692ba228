#!/usr/bin/env bash
# Tool: scikit-learn 1.9.1, Ridge on more columns than rows, one of them a time in nanoseconds
# Expected: a column in large units has a tiny weight and the others keep theirs; solvers differ in the last digits.
# Instead: solver="lsqr" gives all other columns a weight near 0 without a word, and so does the default, which
#   warns that its matrix is singular and that it takes "a least-squares solution"; predictions are off by the size
#   of the targets. solver="svd" is right to the last digits on the same rows.
# Right value: the dual system (XXᵀ + αI)a = y, w = Xᵀa, in exact fractions.
# Seen (the largest error of a prediction, and the largest weight of the other columns; the largest target is 1.8):
#   auto  1.2e+00  6.6e-19  with a warning
#   lsqr  1.2e+00  1.0e-18  without
#   svd   5.1e-15  5.6e-01  without
#   right          5.6e-01
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    numpy==2.4.6 scikit-learn==1.9.1 scipy==1.17.1
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import warnings
from fractions import Fraction

import numpy as np
from sklearn.linear_model import Ridge

source = np.random.default_rng(0)
X = np.round(source.normal(size=(6, 8)), 2)
X[:, 0] = np.round(X[:, 0] * 1e9)
y = np.round(source.normal(size=6), 2)

cells = [[Fraction(float(value)) for value in row] for row in X]
system = [
    [sum(a * b for a, b in zip(one, other)) + (i == j) for j, other in enumerate(cells)] + [Fraction(float(y[i]))]
    for i, one in enumerate(cells)
]
for i in range(6):
    system[i] = [value / system[i][i] for value in system[i]]
    for j in range(6):
        if j != i:
            system[j] = [a - system[j][i] * b for a, b in zip(system[j], system[i])]
dual = [row[-1] for row in system]
right = np.array([float(sum(a * row[k] for a, row in zip(dual, cells))) for k in range(8)])

seen = {}
for solver in ("auto", "lsqr", "svd"):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model = Ridge(alpha=1.0, fit_intercept=False, solver=solver).fit(X, y)
    off, weight = np.abs(model.predict(X) - X @ right).max(), np.abs(model.coef_[1:]).max()
    seen[solver] = off, weight, bool(said)
    print(f"{solver:5} {off:.1e}  {weight:.1e}  {'with a warning' if said else 'without'}")
print(f"right        {np.abs(right[1:]).max():.1e}, targets up to {np.abs(y).max():.1f}")
assert seen["auto"][0] > 1 and seen["lsqr"][0] > 1 and seen["svd"][0] < 1e-12
assert seen["auto"][2] and not seen["lsqr"][2]
PY
