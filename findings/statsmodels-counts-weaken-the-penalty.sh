#!/usr/bin/env bash
# Tool: statsmodels 0.15.0, GLM(freq_weights=...).fit_regularized
# Expected: freq_weights are counts: a row of weight 3 is the row written three times, with a
#   penalty as without.
# Instead: The loss is divided by the number of rows, not by the sum of the weights, so weights
#   of 3 make the penalty three times weaker. fit() without a penalty does treat them as
#   repeats.
# Right value: the same rows repeated, and weights all 3, which change no mean.
# Seen:
#   once     fit [ 0.445  1.156 -1.066] fit_regularized [ 0.     0.369 -0.31 ]
#   repeated fit [ 0.445  1.156 -1.066] fit_regularized [ 0.     0.369 -0.31 ]
#   weight 3 fit [ 0.445  1.156 -1.066] fit_regularized [ 0.213  0.802 -0.726]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    statsmodels==0.15.0 pandas==3.1.1 numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
import statsmodels.api as sm

rng = np.random.default_rng(0)
A = sm.add_constant(rng.normal(size=(200, 2)))
y = (rng.random(200) < 1 / (1 + np.exp(-A @ [0.5, 1.0, -1.0]))).astype(float)

def fit(A, y, **weights):
    model = sm.GLM(y, A, family=sm.families.Binomial(), **weights)
    return model.fit().params, model.fit_regularized(alpha=0.1, L1_wt=1.0, cnvrg_tol=1e-12).params

threes = np.full(200, 3)
for name, (plain, penalised) in {
    "once    ": fit(A, y),
    "repeated": fit(np.repeat(A, 3, 0), np.repeat(y, 3)),
    "weight 3": fit(A, y, freq_weights=threes),
}.items():
    print(name, "fit", plain.round(3), "fit_regularized", penalised.round(3))
repeated, weighted = fit(np.repeat(A, 3, 0), np.repeat(y, 3))[1], fit(A, y, freq_weights=threes)[1]
assert np.abs(repeated - weighted).max() > 0.1
PY
