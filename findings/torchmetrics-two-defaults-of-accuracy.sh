#!/usr/bin/env bash
# Tool: torchmetrics 1.9.0, Accuracy(task="multiclass") and MulticlassAccuracy
# Expected: Two names for one metric: the share of right rows.
# Instead: Accuracy averages rows ("micro"), MulticlassAccuracy averages classes ("macro") over
#   those that occur in truth or answers; so do precision, recall and F1. 4 of 5 right is 0.8
#   and 0.333, and neither is scikit-learn's balanced accuracy, 0.5, since a class that is only
#   answered counts as 0.
# Right value: counted by hand.
# Seen:
#   Accuracy  with task= 0.800  MulticlassAccuracy 0.333
#   Recall    with task= 0.800  MulticlassRecall 0.333
#   Precision with task= 0.800  MulticlassPrecision 0.333
#   F1Score   with task= 0.800  MulticlassF1Score 0.333
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    torchmetrics==1.9.0 torch==2.13.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
import torchmetrics

answers, truth = torch.tensor([0, 0, 0, 0, 1]), torch.tensor([0, 0, 0, 0, 2])
seen = {}
for name in ("Accuracy", "Recall", "Precision", "F1Score"):
    seen[name] = (
        getattr(torchmetrics, name)(task="multiclass", num_classes=3)(answers, truth).item(),
        getattr(torchmetrics.classification, "Multiclass" + name)(num_classes=3)(answers, truth).item(),
    )
    print(f"{name:9} with task= {seen[name][0]:.3f}  Multiclass{name} {seen[name][1]:.3f}")
assert all(abs(a - 0.8) < 1e-6 and abs(b - 1 / 3) < 1e-6 for a, b in seen.values())
PY
