#!/usr/bin/env bash
# Tool: pytorch-ignite 0.5.5, MeanSquaredError, MeanAbsoluteError and RootMeanSquaredError with
#   several outputs
# Expected: Errors of 1 everywhere have mean 1, as in torch and scikit-learn.
# Instead: The sum is divided by the rows only: 3 outputs give 3, and an RMSE of 1.732.
# Right value: torch mse_loss and l1_loss; every error is 1.
# Seen:
#   MeanSquaredError     3.0000
#   MeanAbsoluteError    3.0000
#   RootMeanSquaredError 1.7321
#   torch mse_loss 1.0 l1_loss 1.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    pytorch-ignite==0.5.5 torch==2.13.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
from ignite.metrics import MeanAbsoluteError, MeanSquaredError, RootMeanSquaredError

p, y = torch.ones(4, 3), torch.zeros(4, 3)
seen = {}
for metric in (MeanSquaredError, MeanAbsoluteError, RootMeanSquaredError):
    one = metric()
    one.update((p, y))
    seen[metric.__name__] = one.compute()
    print(f"{metric.__name__:20} {seen[metric.__name__]:.4f}")
print("torch mse_loss", torch.nn.functional.mse_loss(p, y).item(), "l1_loss", torch.nn.functional.l1_loss(p, y).item())
assert seen["MeanSquaredError"] == seen["MeanAbsoluteError"] == 3 and abs(seen["RootMeanSquaredError"] - 3**0.5) < 1e-9
PY
