#!/usr/bin/env bash
# Tool: statsmodels 0.15.0, fit_regularized(alpha) of Logit and of GLM(Binomial)
# Expected: Logit and GLM with the binomial family are one model: the same alpha gives the same
#   weights.
# Instead: Logit weighs alpha against the sum of the losses and GLM against their mean, so that
#   Logit needs alpha times N. At alpha 0.05 one barely moves and the other is halved. Both
#   penalise the intercept.
# Right value: scikit-learn at C = 1/(N alpha) with the constant as a penalised column, which is
#   the mean's.
# Seen:
#   Logit, alpha 0.05     [ 0.85   0.699 -0.767  0.386]
#   GLM,   alpha 0.05     [ 0.464  0.302 -0.381  0.082]
#   Logit, alpha 0.05 * N [ 0.464  0.302 -0.381  0.082]
#   scikit-learn          [ 0.464  0.302 -0.381  0.082]
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
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(0)
n, alpha = 400, 0.05
A = sm.add_constant(rng.normal(size=(n, 3)))
y = (rng.random(n) < 1 / (1 + np.exp(-A @ [1.0, 1.0, -1.0, 0.5]))).astype(float)
logit = lambda a: sm.Logit(y, A).fit_regularized(alpha=a, disp=0, acc=1e-10).params
glm = sm.GLM(y, A, family=sm.families.Binomial()).fit_regularized(alpha=alpha, L1_wt=1.0, cnvrg_tol=1e-12).params
reference = LogisticRegression(l1_ratio=1, solver="saga", C=1 / (n * alpha), fit_intercept=False, tol=1e-9, max_iter=20000)
print("Logit, alpha 0.05    ", logit(alpha).round(3))
print("GLM,   alpha 0.05    ", glm.round(3))
print("Logit, alpha 0.05 * N", logit(alpha * n).round(3))
print("scikit-learn         ", reference.fit(A, y).coef_[0].round(3))
assert np.allclose(glm, logit(alpha * n), atol=1e-3) and np.abs(glm - logit(alpha)).max() > 0.3
PY
