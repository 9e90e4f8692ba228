#!/usr/bin/env bash
# Tool: torch 2.13.0, bincount(weights=...) and index_add_ of float32 ones
# Expected: Counts of 20 million, as sum() gives (which adds in pairs).
# Instead: Each adds one by one in float32 and stops at 16,777,216 = 2^24, where 1 more is
#   rounded away. Weighted class counts of a large set are silently too small, and class weights
#   made of them too large.
# Right value: 20,000,000, the number of rows.
# Seen:
#   bincount, float32 weights 16777216 torch.float32
#   bincount, float64 weights 20000000
#   index_add_                16777216  sum 20000000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    torch==2.13.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch

n = 20_000_000
classes, ones = torch.zeros(n, dtype=torch.long), torch.ones(n)
counted = torch.bincount(classes, weights=ones)
print("bincount, float32 weights", int(counted[0]), counted.dtype)
print("bincount, float64 weights", int(torch.bincount(classes, weights=ones.double())[0]))
added = torch.zeros(1).index_add_(0, classes, ones)
print("index_add_               ", int(added[0]), " sum", int(ones.sum()))
assert counted[0] == added[0] == 2**24 and ones.sum() == n
PY
