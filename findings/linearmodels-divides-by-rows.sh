#!/usr/bin/env bash
# Tool: linearmodels 7.1, IV2SLS without instruments (its ordinary least squares),
#   cov_type="unadjusted"
# Expected: The textbook's errors, RSS/(n-k), with a t distribution, as statsmodels and R give.
# Instead: RSS/n and the normal distribution: debiased is False by default. On 8 rows and 4
#   weights the errors are sqrt(1/2) of the usual ones, and an intercept of p 0.076 becomes one
#   of p 0.0008.
# Right value: statsmodels OLS; sqrt((n-k)/n).
# Seen:
#   linearmodels   se [0.3641, 0.4479, 0.8238, 0.9777] p [0.0008, 0.2922, 0.0, 0.1298]
#   debiased=True  se [0.515, 0.6334, 1.165, 1.3827] p [0.0761, 0.4978, 0.0342, 0.3444]
#   statsmodels    se [0.515, 0.6334, 1.165, 1.3827] p [0.0761, 0.4978, 0.0342, 0.3444]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    linearmodels==7.1 statsmodels==0.15.0 pandas==3.1.1 numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
import statsmodels.api as sm
from linearmodels.iv import IV2SLS

rng = np.random.default_rng(1)
A = sm.add_constant(rng.normal(size=(8, 3)))
y = A @ [1.0, 1.0, -1.0, 0.5] + rng.normal(size=8)
ours = IV2SLS(y, A, None, None).fit(cov_type="unadjusted")
usual = sm.OLS(y, A).fit()
ask = IV2SLS(y, A, None, None).fit(cov_type="unadjusted", debiased=True)
print("linearmodels   se", ours.std_errors.round(4).tolist(), "p", ours.pvalues.round(4).tolist())
print("debiased=True  se", ask.std_errors.round(4).tolist(), "p", ask.pvalues.round(4).tolist())
print("statsmodels    se", usual.bse.round(4).tolist(), "p", usual.pvalues.round(4).tolist())
assert np.allclose(ours.std_errors / usual.bse, (4 / 8) ** 0.5) and np.allclose(ask.std_errors, usual.bse)
PY
