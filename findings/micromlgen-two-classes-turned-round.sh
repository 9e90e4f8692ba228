#!/usr/bin/env bash
# Tool: micromlgen 1.1.28, port(LogisticRegression) of two classes
# Expected: The generated C++ answers with the class of scikit-learn.
# Instead: The score of class 1 is written as the vote of class 0, and class 1 has the vote 0:
#   the answer is 0 where scikit-learn says 1, in every row. Three classes are right.
# Right value: scikit-learn predict(); the votes of the generated code, evaluated here as it
#   does: the first of the largest.
# Seen:
#   2 classes: rows that agree 0.0
#   float votes[2] = { 0.031435123481  };
#   votes[0] += dot(x,   1.105229084294  , -1.122786584587  , 0.58979811178 );
#   3 classes: rows that agree 1.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    micromlgen==1.1.28 scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import re
import numpy as np
from micromlgen import port
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 3))
score = X @ [1.0, -1.0, 0.5] + rng.logistic(size=300)

def votes(code, rows):
    size, start = re.search(r"votes\[(\d)\] = \{(.*?)\}", code).groups()
    total = np.zeros((len(rows), int(size)))
    start = [float(v) for v in start.split(",")]
    total[:, : len(start)] = start  # what C++ leaves out is 0
    for place, weights in re.findall(r"votes\[(\d)\] \+= dot\(x,(.*?)\);", code):
        total[:, int(place)] += rows @ [float(v) for v in weights.split(",")]
    return total

agree = {}
for classes, y in ((2, (score > 0).astype(int)), (3, np.digitize(score, [-1, 1]))):
    model = LogisticRegression().fit(X, y)
    code = port(model)
    agree[classes] = float((votes(code, X).argmax(axis=1) == model.predict(X)).mean())
    print(classes, "classes: rows that agree", agree[classes])
    if classes == 2:
        print(*(line.strip() for line in code.splitlines() if line.strip().startswith(("float votes", "votes["))), sep="\n")
assert agree == {2: 0.0, 3: 1.0}
PY
