#!/usr/bin/env bash
# Tool: river 0.26.1, linear_model.SoftmaxRegression beside its LogisticRegression
# Expected: Both have an intercept (LogisticRegression has, with a learning rate of its own).
# Instead: SoftmaxRegression has none and no option for one: with features that say nothing it
#   stays at 0.5 for a class that nine rows in ten have, however long it learns.
# Right value: 0.9, counted.
# Seen:
#   share of True 0.9; softmax 0.5 logistic 0.9
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    river==0.26.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
from river import linear_model

softmax, logistic = linear_model.SoftmaxRegression(), linear_model.LogisticRegression()
for row in range(5000):
    x = {"x": 1.0 if row // 10 % 2 else -1.0}
    softmax.learn_one(x, row % 10 > 0)
    logistic.learn_one(x, row % 10 > 0)
mean = lambda model: sum(model.predict_proba_one({"x": x})[True] for x in (-1.0, 1.0)) / 2
print("share of True 0.9; softmax", round(mean(softmax), 2), "logistic", round(mean(logistic), 2))
assert abs(mean(softmax) - 0.5) < 0.02 and mean(logistic) > 0.85
PY
