#!/usr/bin/env bash
# Tool: imbalanced-learn 0.14.2, SMOTE on columns of whole numbers
# Expected: New points lie between old ones; for whole numbers they are rounded, or become
#   fractions.
# Instead: They are cut towards 0, as the array keeps its type: the mean of the minority falls
#   by about one half (and rises where values are negative), so that a linear model finds an
#   effect that is none. The same rows as floats are right.
# Right value: the mean of the minority, counted; the same call on floats.
# Seen:
#   mean of the minority 9.27
#   new rows from int   8.93 [7, 11, 10]
#   new rows from float 9.34 [7.73, 11.91, 10.73]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    imbalanced-learn==0.14.2 scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
from imblearn.over_sampling import SMOTE

rng = np.random.default_rng(0)
X = rng.integers(0, 20, size=(1100, 3))
y = np.r_[np.zeros(1000, int), np.ones(100, int)]
new = {kind.__name__: SMOTE(random_state=0).fit_resample(X.astype(kind), y)[0][1100:] for kind in (int, float)}
print("mean of the minority", X[1000:].mean().round(2))
for name, rows in new.items():
    print(f"new rows from {name:5}", rows.mean().round(2), rows[0].round(2).tolist())
assert 0.3 < new["float"].mean() - new["int"].mean() < 0.6
PY
