#!/usr/bin/env bash
# Tool: pyfixest 0.60.0, feglm(family="logit")
# Expected: predict() gives probabilities (as the R library that it follows does), and the
#   errors are those of maximum likelihood.
# Instead: predict() gives log-odds, below 0 for every row that is under one half;
#   type="response" gives probabilities. The errors carry sqrt((n-1)/(n-k)).
# Right value: the logistic function of the one is the other; errors from the inverse of X'WX,
#   computed here.
# Seen:
#   predict()                 [-0.725 -0.329 -1.389  0.077]
#   predict(type="response")  [0.326 0.418 0.2   0.519]
#   se / maximum likelihood   [1.0266 1.0266 1.0267] sqrt((n-1)/(n-k)) 1.0267
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    pyfixest==0.60.0 numpy==2.4.6 pandas==3.1.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
import pandas as pd
import pyfixest as pf

rng = np.random.default_rng(0)
n, k = 40, 3
table = pd.DataFrame(rng.normal(size=(n, 2)), columns=["a", "b"])
table["y"] = (rng.random(n) < 1 / (1 + np.exp(-(table.a - table.b)))).astype(int)
model = pf.feglm("y ~ a + b", table, family="logit")
plain, response = np.asarray(model.predict()), np.asarray(model.predict(type="response"))
A = np.c_[np.ones(n), table[["a", "b"]]]
right = np.sqrt(np.diag(np.linalg.inv(A.T @ (A * (response * (1 - response))[:, None]))))
ratio = model.se().to_numpy() / right
print("predict()                ", plain[:4].round(3))
print('predict(type="response") ', response[:4].round(3))
print("se / maximum likelihood  ", ratio.round(4), "sqrt((n-1)/(n-k))", round(((n - 1) / (n - k)) ** 0.5, 4))
assert np.allclose(1 / (1 + np.exp(-plain)), response) and plain.min() < 0
assert np.allclose(ratio, ((n - 1) / (n - k)) ** 0.5, rtol=1e-3)
PY
