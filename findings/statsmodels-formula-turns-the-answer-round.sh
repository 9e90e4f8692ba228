#!/usr/bin/env bash
# Tool: statsmodels 0.15.0 formulas with patsy 1.0.3 and formulaic 1.2.2, GLM(Binomial) on a
#   true/false or yes/no column
# Expected: The probability of True (or "yes", the second level, as in R) is modelled; at least
#   the two formula engines agree.
# Instead: With patsy both become two columns, the first level first, and GLM takes the first as
#   successes: the odds of False and of "no" are modelled and each sign is turned. With
#   formulaic the true/false column is a number and the signs are right; text is turned there
#   too.
# Right value: the fit on 0 and 1.
# Seen:
#   patsy     number weight of x +1.858
#   patsy     truth  weight of x -1.858
#   patsy     text   weight of x -1.858
#   formulaic number weight of x +1.858
#   formulaic truth  weight of x +1.858
#   formulaic text   weight of x -1.858
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    statsmodels==0.15.0 patsy==1.0.3 formulaic==1.2.2 pandas==3.1.1 numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula
import statsmodels.formula.api as smf

rng = np.random.default_rng(0)
x = rng.normal(size=300)
truth = rng.random(300) < 1 / (1 + np.exp(-2 * x - 0.5))
table = pd.DataFrame({"x": x, "number": truth.astype(int), "truth": truth, "text": np.where(truth, "yes", "no")})
seen = {}
for engine in ("patsy", "formulaic"):
    statsmodels.formula.options.formula_engine = engine
    for column in ("number", "truth", "text"):
        fit = smf.glm(f"{column} ~ x", table, family=sm.families.Binomial()).fit()
        seen[engine, column] = float(fit.params["x"])
        print(f"{engine:9} {column:6} weight of x {fit.params['x']:+.3f}")
right = seen["patsy", "number"]
assert np.isclose(seen["patsy", "truth"], -right) and np.isclose(seen["formulaic", "truth"], right)
assert np.isclose(seen["patsy", "text"], -right) and np.isclose(seen["formulaic", "text"], -right)
PY
