#!/usr/bin/env bash
# Tool: scikit-learn 1.9.1, LogisticRegression with its default solver (lbfgs), a small tol and room
#   for 100,000 iterations, on three columns of which one is in a large unit
# Expected: a slow fit, or a ConvergenceWarning where it ends short of the optimum; rescaling a column
#   all but leaves the optimum alone, as its penalty then vanishes.
# Instead: it ends after few iterations, without a warning and with n_iter_ far below max_iter: at a
#   millionfold 2 % above the loss of newton-cholesky, and at 10^12 at almost four times it.
# Right value: 0.2403, which newton-cholesky finds at a thousand- and at a millionfold.
# Seen, log loss of the training rows and iterations, and no warning at all:
#   unit 1e+00   lbfgs 0.2467 (17)   newton-cholesky 0.2467
#   unit 1e+03   lbfgs 0.2403 (518)  newton-cholesky 0.2403
#   unit 1e+06   lbfgs 0.2453 (135)  newton-cholesky 0.2403
#   unit 1e+12   lbfgs 0.9289 (7)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'PY'
import warnings
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

source = np.random.default_rng(0)
X = source.normal(size=(60, 3))
y = (X @ source.normal(size=(3, 3)) + 0.5 * source.normal(size=(60, 3))).argmax(1)

def fit(unit, solver):
    rows = X * [1, unit, 1]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model = LogisticRegression(C=100 / 60, solver=solver, tol=1e-10, max_iter=100_000).fit(rows, y)
    return log_loss(y, model.predict_proba(rows)), int(model.n_iter_[0]), len(said)

for unit in (1, 1e3, 1e6, 1e12):
    loss, steps, said = fit(unit, "lbfgs")
    line = f"unit {unit:.0e}   lbfgs {loss:.4f} ({steps})"
    assert said == 0 and steps < 1000
    if unit < 1e12:
        best = fit(unit, "newton-cholesky")[0]
        line += f"   newton-cholesky {best:.4f}"
        assert abs(best - (0.2467 if unit == 1 else 0.2403)) < 1e-4
        assert (loss > 1.01 * best) == (unit == 1e6)
    else:
        assert loss > 0.9
    print(line)
PY
