#!/usr/bin/env bash
# Tool: mord 0.7, LogisticIT (ordinal logistic regression, immediate thresholds) at its defaults
# Expected: Four ordered classes that hold from 15 to 36 % of the rows get four probabilities,
#   which average to these shares.
# Instead: The three thresholds fall on one value, so the two middle classes get probability
#   exactly 0 in every row and are never predicted. LogisticAT of the same library keeps them
#   apart. Besides, score() of LogisticIT is an accuracy and that of LogisticAT a negative
#   error.
# Right value: shares of the classes, counted.
# Seen:
#   shares     [0.362 0.152 0.16  0.325]
#   LogisticIT mean p [0.52 0.   0.   0.48] thresholds [-0.012 -0.012 -0.012]
#              predicts [0, 3] score 0.56
#   LogisticAT mean p [0.362 0.152 0.16  0.325] thresholds [-0.949 -0.084  0.842]
#              predicts [0, 1, 2, 3] score -0.762
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    mord==0.7 numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
import mord

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 3))
y = np.digitize(X @ [1.0, -1.0, 0.5] + 1 + rng.logistic(size=400), [0, 1, 2])
print("shares    ", (np.bincount(y) / 400).round(3))
for name in ("LogisticIT", "LogisticAT"):
    model = getattr(mord, name)().fit(X, y)
    print(name, "mean p", model.predict_proba(X).mean(axis=0).round(3), "thresholds", model.theta_.round(3))
    print("          ", "predicts", sorted(set(model.predict(X).tolist())), "score", round(float(model.score(X, y)), 3))
immediate = mord.LogisticIT().fit(X, y)
assert immediate.predict_proba(X)[:, 1:3].max() < 1e-6 and np.ptp(immediate.theta_) < 1e-6
PY
