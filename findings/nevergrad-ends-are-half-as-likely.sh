#!/usr/bin/env bash
# Tool: nevergrad 1.0.12, Scalar(lower=1, upper=5).set_integer_casting()
# Expected: Each whole number is drawn equally often by sample().
# Instead: The uniform draw of 1…5 is rounded, so 1 and 5 come half as often as 2, 3 and 4; a
#   choice of two numbers is fair, one of three is 1:2:1.
# Right value: shares 1/8, 1/4, 1/4, 1/4, 1/8 of rounding a uniform draw.
# Seen:
#   1…5: shares [0.128 0.257 0.246 0.238 0.132]
#   1…3: shares [0.248 0.498 0.254]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    nevergrad==1.0.12 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import nevergrad as ng
import numpy as np

for upper in (5, 3):
    number = ng.p.Scalar(lower=1, upper=upper).set_integer_casting()
    number.random_state = np.random.RandomState(0)
    draws = np.array([number.sample().value for _ in range(4000)])
    shares = np.bincount(draws)[1:] / len(draws)
    print(f"1…{upper}: shares", shares.round(3))
    assert abs(shares[0] - 0.5 / (upper - 1)) < 0.03 and abs(shares[1] - 1 / (upper - 1)) < 0.03
PY
