#!/usr/bin/env bash
# Tool: abess 0.4.11, LogisticRegression with text labels
# Expected: predict() answers with the labels that fit() was given, "no" and "yes".
# Instead: Every "yes" comes back as "ye", cut to the length of the first class, so a comparison
#   with the truth counts each of them as wrong, and nothing is said.
# Right value: the labels themselves; the same model on 0 and 1 is right on both classes.
# Seen:
#   labels fitted   ['no', 'yes']
#   labels answered ['no', 'ye']
#   accuracy 0.425 with 0 and 1 0.83
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    abess==0.4.11 pandas==3.1.1 numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
from abess import LogisticRegression

X = np.c_[np.linspace(-2, 2, 200), np.cos(np.arange(200) * 3.0)]
positive = X[:, 0] + np.sin(np.arange(200) * 7.0) > 0
y = np.where(positive, "yes", "no")
answers = LogisticRegression(support_size=1).fit(X, y).predict(X)
numbers = LogisticRegression(support_size=1).fit(X, positive.astype(int)).predict(X)
print("labels fitted  ", sorted(set(y.tolist())))
print("labels answered", sorted(set(answers.tolist())))
print("accuracy", round(float((answers == y).mean()), 3), "with 0 and 1", round(float((numbers == positive).mean()), 3))
assert set(answers.tolist()) == {"no", "ye"}
PY
