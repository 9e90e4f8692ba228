#!/usr/bin/env bash
# Tool: torch 2.13.0, cross_entropy(weight=...) with class numbers and with the same targets as
#   one-hot probabilities
# Expected: A one-hot target is the class, so the losses are one number.
# Instead: The mean over class numbers divides by the sum of the weights of the rows, that over
#   probabilities by the number of rows: 1.34 and 9.36 for the same three rows.
# Right value: both quotients from the formula, computed here with math.log.
# Seen:
#   class numbers 1.3371 = 28.0797 / 21
#   one-hot       9.3599 = 28.0797 / 3
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    torch==2.13.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import math
import torch
import torch.nn.functional as F

logits = torch.tensor([[2.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 1.0, 3.0]], dtype=torch.float64)
classes = torch.tensor([0, 1, 1])
weight = torch.tensor([1.0, 10.0, 1.0], dtype=torch.float64)
numbers = F.cross_entropy(logits, classes, weight=weight).item()
one_hot = F.cross_entropy(logits, F.one_hot(classes, 3).double(), weight=weight).item()
rows = [math.log(sum(map(math.exp, z))) - z[c] for z, c in zip(logits.tolist(), classes.tolist())]
total = sum(weight[c].item() * row for c, row in zip(classes.tolist(), rows))
print(f"class numbers {numbers:.4f} = {total:.4f} / 21")
print(f"one-hot       {one_hot:.4f} = {total:.4f} / 3")
assert math.isclose(numbers, total / 21) and math.isclose(one_hot, total / 3)
PY
