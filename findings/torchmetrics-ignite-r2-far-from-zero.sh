#!/usr/bin/env bash
# Tool: torchmetrics 1.9.0 and pytorch-ignite 0.5.5, R2 and correlations of float32 targets far
#   from 0
# Expected: R2 of prices around 200,000 with deviation 1 is that of the same rows shifted to 0,
#   up to float32's rounding of the rows.
# Instead: Sums of squares are kept in float32 and subtracted: R2 0.99997 for 0.726, a relative
#   squared error of 0.00003 for 0.274 (a little further out R2 passes 1), and in ignite a
#   correlation of exactly 0 for 0.892. Float64 rows make torchmetrics right.
# Right value: the same float32 values in float64 with numpy.
# Seen:
#   right: R2 0.7259, correlation 0.8920, relative squared error 0.2741
#   torchmetrics R2 0.99997, in float64 0.7259
#   torchmetrics relative squared error 0.00003
#   ignite R2 0.99997, correlation 0.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    torchmetrics==1.9.0 pytorch-ignite==0.5.5 torch==2.13.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
import torch
import torchmetrics
from ignite.metrics.regression import PearsonCorrelation, R2Score

rng = np.random.default_rng(0)
y = torch.tensor(2e5 + rng.normal(size=1000)).float()
p = y + torch.tensor(0.5 * rng.normal(size=1000)).float()
a, b = y.double().numpy(), p.double().numpy()
right, correlation = 1 - ((a - b) ** 2).sum() / ((a - a.mean()) ** 2).sum(), np.corrcoef(a, b)[0, 1]

def over_batches(metric, kind=torch.float32, pair=False):
    for rows in torch.arange(1000).split(50):
        one = p[rows].to(kind), y[rows].to(kind)
        metric.update(one) if pair else metric.update(*one)
    return float(metric.compute())

print(f"right: R2 {right:.4f}, correlation {correlation:.4f}, relative squared error {1 - right:.4f}")
print(f"torchmetrics R2 {over_batches(torchmetrics.R2Score()):.5f}, in float64 {over_batches(torchmetrics.R2Score(), torch.float64):.4f}")
print(f"torchmetrics relative squared error {over_batches(torchmetrics.RelativeSquaredError()):.5f}")
print(f"ignite R2 {over_batches(R2Score(), pair=True):.5f}, correlation {over_batches(PearsonCorrelation(), pair=True)}")
assert min(abs(over_batches(torchmetrics.R2Score()) - right), abs(over_batches(R2Score(), pair=True) - right)) > 0.1
assert abs(over_batches(torchmetrics.R2Score(), torch.float64) - right) < 1e-4
assert over_batches(PearsonCorrelation(), pair=True) < 0.5
PY
