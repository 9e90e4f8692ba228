#!/usr/bin/env bash
# Tool: hyperopt 0.3.0, hp.quniform and hp.qloguniform
# Expected: Multiples of q between low and high.
# Instead: The draw between the bounds is rounded to multiples of q counted from 0, so
#   hp.quniform("n", 1, 10, 3) gives 0, which is below 1, and 9, never 1, 4, 7, 10. A count of
#   layers or a batch size of 0 comes of it.
# Right value: the documentation's own formula round(uniform(low, high) / q) * q, at 1:
#   round(1/3) * 3 = 0.
# Seen:
#   quniform 1…10, q 3 [0.0, 3.0, 6.0, 9.0]
#   qloguniform 1…10, q 4 [0.0, 4.0, 8.0]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    hyperopt==0.3.0 numpy==2.4.6 setuptools==80.9.0
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import math
import numpy as np
from hyperopt import hp
from hyperopt.pyll.stochastic import sample

rng = np.random.default_rng(0)
seen = {}
for name, space in {
    "quniform 1…10, q 3": hp.quniform("a", 1, 10, 3),
    "qloguniform 1…10, q 4": hp.qloguniform("b", math.log(1), math.log(10), 4),
}.items():
    seen[name] = sorted({float(sample(space, rng=rng)) for _ in range(500)})
    print(name, seen[name])
assert all(min(values) == 0.0 for values in seen.values())
PY
