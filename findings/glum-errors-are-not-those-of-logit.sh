#!/usr/bin/env bash
# Tool: glum 3.4.1, std_errors() of a binomial model without penalty
# Expected: The standard errors of maximum likelihood, as R and statsmodels print; robust ones
#   only when asked.
# Instead: Robust ones are the default, and robust=False estimates a dispersion (which is 1 for
#   rows of 0 and 1) and multiplies by n/(n-k) besides. Even dispersion=1 leaves the factor. The
#   same model thus has four sets of errors.
# Right value: square roots of the diagonal of the inverse of X'WX, computed here.
# Seen:
#   maximum likelihood       [0.382  0.4119 0.3749]
#   std_errors()             [0.3959 0.3781 0.3607]
#   robust=False             [0.4089 0.4409 0.4013]
#   robust=False, dispersion [0.3972 0.4283 0.3898] ratio [1.0398 1.0398 1.0398] sqrt(n/(n-k)) 1.0398
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    glum==3.4.1 pandas==3.1.1 numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 statsmodels==0.15.0
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
from glum import GeneralizedLinearRegressor

rng = np.random.default_rng(0)
n, k = 40, 3
X = rng.normal(size=(n, 2))
y = (rng.random(n) < 1 / (1 + np.exp(-X @ [1.0, -1.0]))).astype(float)
model = GeneralizedLinearRegressor(family="binomial", alpha=0, gradient_tol=1e-12, max_iter=200).fit(X, y)
A = np.c_[np.ones(n), X]
p = model.predict(X)
right = np.sqrt(np.diag(np.linalg.inv(A.T @ (A * (p * (1 - p))[:, None]))))
default = model.std_errors(X, y)
plain = model.std_errors(X, y, robust=False)
fixed = model.std_errors(X, y, robust=False, dispersion=1.0)
print("maximum likelihood      ", right.round(4))
print("std_errors()            ", default.round(4))
print("robust=False            ", plain.round(4))
print("robust=False, dispersion", fixed.round(4), "ratio", (fixed / right).round(4), "sqrt(n/(n-k))", round((n / (n - k)) ** 0.5, 4))
assert np.allclose(fixed / right, (n / (n - k)) ** 0.5, rtol=1e-4) and not np.allclose(plain, right, rtol=1e-3)
PY
