#!/usr/bin/env bash
# Tool: scikit-learn 1.9.1, log_loss of the same probabilities in float64, float32 and float16
# Expected: One loss for numbers that all three types hold exactly, infinite where a class that
#   occurred was given probability 0.
# Instead: Probabilities are cut at the type's own epsilon: one such row costs 36.0, 15.9 or 6.9,
#   so that a model seems better by half for answering in float32.
# Right value: -ln 0, infinite; -ln of the three epsilons for what is seen.
# Seen:
#   float64 36.0437  -ln(epsilon) 36.0437
#   float32 15.9424  -ln(epsilon) 15.9424
#   float16 6.9297  -ln(epsilon) 6.9315
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import math
import numpy as np
from sklearn.metrics import log_loss

losses = {}
for kind in (np.float64, np.float32, np.float16):
    answers = np.array([[1.0, 0.0]], dtype=kind)
    losses[kind] = log_loss([1], answers, labels=[0, 1])
    print(f"{kind.__name__} {losses[kind]:.4f}  -ln(epsilon) {-math.log(np.finfo(kind).eps):.4f}")
assert all(math.isclose(loss, -math.log(np.finfo(kind).eps), rel_tol=1e-3) for kind, loss in losses.items())
assert losses[np.float64] > 2 * losses[np.float32] > 4 * losses[np.float16]
PY
