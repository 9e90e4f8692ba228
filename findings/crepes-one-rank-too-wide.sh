#!/usr/bin/env bash
# Tool: crepes 0.9.1, ConformalRegressor.predict_int(confidence=0.9)
# Expected: With 99 residuals the half-width is the 90th smallest, ceil((n+1) 0.9) = 90,
#   exactly.
# Instead: It is the 91st: the rank is cut from (1 - 0.9) * 100 = 9.999999999999998. At 0.95 the
#   rounding falls the other way and the rank is right, and so is 0.9 at many other n.
# Right value: ranks in whole-number fractions.
# Seen:
#   n 99, confidence 0.8: rank 81, right 80
#   n 99, confidence 0.9: rank 91, right 90
#   n 99, confidence 0.95: rank 95, right 95
#   n 999, confidence 0.8: rank 801, right 800
#   n 999, confidence 0.9: rank 901, right 900
#   n 999, confidence 0.95: rank 950, right 950
#   (1 - 0.9) * 100 = 9.999999999999998
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    crepes==0.9.1 scikit-learn==1.9.1 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import math
from fractions import Fraction
import numpy as np
from crepes import ConformalRegressor

residuals = np.arange(1.0, 1000.0)
seen = {}
for n in (99, 999):
    for confidence in ("0.8", "0.9", "0.95"):
        model = ConformalRegressor()
        model.fit(residuals[:n])
        half = model.predict_int(np.array([0.0]), confidence=float(confidence))[0, 1]
        right = math.ceil((n + 1) * Fraction(confidence))
        seen[n, confidence] = int(half) - right
        print(f"n {n}, confidence {confidence}: rank {int(half)}, right {right}")
print("(1 - 0.9) * 100 =", (1 - 0.9) * 100)
assert seen[99, "0.9"] == 1 and seen[99, "0.95"] == 0
PY
