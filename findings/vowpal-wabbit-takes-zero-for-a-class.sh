#!/usr/bin/env bash
# Tool: Vowpal Wabbit 9.11.9, --loss_function logistic with classes 0 and 1
# Expected: Classes 0 and 1 work or are refused; the documentation asks for -1 and 1.
# Instead: They are taken, and 0 is a target between -1 and 1 rather than a class: the fit ends
#   at p 0.80 where 0.50 is right, and 0.62 for 0.12.
# Right value: the rows were drawn from 1/(1 + exp(-2x)): 0.119, 0.5, 0.881.
# Seen:
#   right       [0.119 0.5   0.881]
#   (0, 1)      [0.619 0.799 0.907]
#   (-1, 1)     [0.131 0.517 0.884]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    vowpalwabbit==9.11.9 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
from vowpalwabbit import Workspace

right = [1 / (1 + np.exp(-2.0 * x)) for x in (-1, 0, 1)]
print("right      ", np.round(right, 3))
seen = {}
for classes in ((0, 1), (-1, 1)):
    rng = np.random.default_rng(0)
    model = Workspace("--loss_function logistic --link logistic --quiet")
    for _ in range(3000):
        x = rng.normal()
        model.learn(f"{classes[int(rng.random() < 1 / (1 + np.exp(-2 * x)))]} | x:{x:.5f}")
    seen[classes] = [model.predict(f"| x:{x}") for x in (-1, 0, 1)]
    print(f"{str(classes):11}", np.round(seen[classes], 3))
    model.finish()
assert seen[0, 1][0] > 0.5 and abs(seen[-1, 1][0] - right[0]) < 0.1
PY
