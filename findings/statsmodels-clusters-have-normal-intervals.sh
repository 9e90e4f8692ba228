#!/usr/bin/env bash
# Tool: statsmodels 0.15.0
# Expected: OLS with errors clustered by few groups has intervals and p-values of Student's t with G - 1 degrees of
#   freedom, as its own correction of small samples (G / (G - 1) · (N - 1) / (N - p), on by default) suggests.
# Instead: they are the normal distribution's, whatever the number of groups; `use_t=True` is needed beside
#   cov_type="cluster", and then df_resid is G - 1. With 6 groups the interval is 24 % too narrow.
# Right value: Student's t with G - 1 degrees of freedom: Cameron and Miller, A Practitioner's Guide to
#   Cluster-Robust Inference, Journal of Human Resources 50 (2015), VI.D.
# Seen:
#   as asked: use_t False, half-width 1.960 standard errors
#   use_t=True: half-width 2.571 standard errors, t of 5 degrees of freedom
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile statsmodels==0.15.0
cd "$folder"
cat >fit.py <<'PY'
import numpy as np
import statsmodels.api as sm
from scipy.stats import t

source = np.random.default_rng(0)
groups = np.repeat(np.arange(6), 10)
x = source.normal(size=60)
y = 1 + x + source.normal(size=6)[groups] + source.normal(size=60)
model = sm.OLS(y, sm.add_constant(x))
clusters = {"cov_type": "cluster", "cov_kwds": {"groups": groups}}


def reach(found):
    """The half-width of the slope's 95 % interval in standard errors."""
    return float((found.conf_int()[1, 1] - found.params[1]) / found.bse[1])


plain, by_t = model.fit(**clusters), model.fit(**clusters, use_t=True)
print(f"as asked: use_t {plain.use_t}, half-width {reach(plain):.3f} standard errors")
print(f"use_t=True: half-width {reach(by_t):.3f} standard errors, t of 5 degrees of freedom")
assert not plain.use_t
assert abs(reach(plain) - 1.959964) < 1e-5
assert abs(reach(by_t) - t.ppf(0.975, 5)) < 1e-9
PY
"$folder/venv/bin/python" fit.py
