#!/usr/bin/env bash
# Tool: statsmodels 0.15.0, WLS with weights of 0
# Expected: A row of weight 0 says nothing, so the fit is that of the other rows, errors
#   included (R's lm leaves such rows out).
# Instead: The weights of the model are those of the other rows, but the zero rows count as
#   degrees of freedom: 8 for 5, standard errors smaller by sqrt(5/8), and the log-likelihood is
#   -inf.
# Right value: OLS on the seven rows that weigh 1.
# Seen:
#   WLS, 3 rows of 0 params [0.0643 1.0036] se [0.1833 0.029 ] df 8 log-likelihood -inf
#   OLS, 7 rows      params [0.0643 1.0036] se [0.2319 0.0367] df 5 log-likelihood 2.72
#   ratio of se [0.7906 0.7906] sqrt(5/8) 0.7906
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

x = np.arange(10.0)
y = np.array([9, 9, 9, 3.2, 3.9, 5.1, 6.3, 6.8, 8.1, 9.2])
weights = np.array([0, 0, 0, 1, 1, 1, 1, 1, 1, 1.0])
weighted = sm.WLS(y, sm.add_constant(x), weights=weights).fit()
kept = sm.OLS(y[3:], sm.add_constant(x[3:])).fit()
for name, fit in (("WLS, 3 rows of 0", weighted), ("OLS, 7 rows     ", kept)):
    print(name, "params", fit.params.round(4), "se", fit.bse.round(4), "df", int(fit.df_resid), "log-likelihood", round(fit.llf, 2))
print("ratio of se", (weighted.bse / kept.bse).round(4), "sqrt(5/8)", round((5 / 8) ** 0.5, 4))
assert np.allclose(weighted.bse / kept.bse, (5 / 8) ** 0.5) and np.isneginf(weighted.llf)
PY
