#!/usr/bin/env bash
# Tool: torchmetrics 1.9.0, BinaryHingeLoss and MulticlassHingeLoss
# Expected: The mean of max(0, 1 - margin) over the scores of decision_function, for which the
#   loss is made.
# Instead: Scores are squashed to probabilities first wherever one lies outside 0…1, so the
#   margins of a support vector machine never reach 1 and rows far on the right side cost
#   something: 0.77 for 0.35.
# Right value: by hand (0.7 + 0)/2 = 0.35, and scikit-learn.
# Seen:
#   two classes   0.7724 scikit-learn 0.35
#   three classes 0.0575 scikit-learn 0.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    torchmetrics==1.9.0 torch==2.13.0 numpy==2.4.6 scikit-learn==1.9.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
from sklearn.metrics import hinge_loss
from torchmetrics.classification import BinaryHingeLoss, MulticlassHingeLoss

scores, truth = [0.3, -2.0], [1, 0]
binary = BinaryHingeLoss()(torch.tensor(scores), torch.tensor(truth)).item()
print("two classes  ", round(binary, 4), "scikit-learn", hinge_loss(truth, scores))
wide = [[4.0, 0.0, 1.0], [0.0, 5.0, 1.0], [1.0, 1.0, 6.0]]
several = MulticlassHingeLoss(num_classes=3)(torch.tensor(wide), torch.tensor([0, 1, 2])).item()
print("three classes", round(several, 4), "scikit-learn", float(hinge_loss([0, 1, 2], wide)))
assert abs(binary - 0.7724) < 1e-3 and several > 0.05
PY
