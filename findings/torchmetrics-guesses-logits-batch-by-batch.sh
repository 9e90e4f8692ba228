#!/usr/bin/env bash
# Tool: torchmetrics 1.9.0, binary metrics that are given logits
# Expected: Whether scores are logits is a property of the model, so F1 and calibration error do
#   not depend on how rows are cut into batches.
# Instead: Each batch is looked at alone: one with a score outside 0…1 is taken for logits, and
#   one without for probabilities. A batch whose logits happen to lie between 0 and 1 is cut at
#   0.5 for 0, and its confidences are not squashed.
# Right value: F1 with the sign of the logit, counted: 4 true, 2 false positives, 0 missed:
#   8/10.
# Seen:
#   F1                in batches of 8: 0.8000  of 4: 0.7500
#   calibration error in batches of 8: 0.1432  of 4: 0.2772
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    torchmetrics==1.9.0 torch==2.13.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
from torchmetrics.classification import BinaryCalibrationError, BinaryF1Score

logits = torch.tensor([0.2, 0.4, 0.9, 0.7, 3.0, -2.0, 1.5, -1.0])
truth = torch.tensor([0, 1, 1, 0, 1, 0, 1, 0])
seen = {}
for name, metric in {"F1": BinaryF1Score, "calibration error": BinaryCalibrationError}.items():
    for batch in (8, 4):
        one = metric()
        for rows in torch.arange(8).split(batch):
            one.update(logits[rows], truth[rows])
        seen[name, batch] = one.compute().item()
    print(f"{name:17} in batches of 8: {seen[name, 8]:.4f}  of 4: {seen[name, 4]:.4f}")
assert abs(seen["F1", 8] - 0.8) < 1e-6 and abs(seen["F1", 4] - 0.75) < 1e-6
assert abs(seen["calibration error", 8] - seen["calibration error", 4]) > 0.1
PY
