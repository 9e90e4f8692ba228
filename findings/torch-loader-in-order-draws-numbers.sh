#!/usr/bin/env bash
# Tool: torch 2.13.0, DataLoader(shuffle=False)
# Expected: Reading rows in order uses no random numbers: evaluating between two epochs leaves
#   training as it was.
# Instead: Each iter() draws a seed for workers from the global generator, though there are
#   none: one pass over a test set changes the next shuffle, dropout and initial weights. A
#   loader with a generator of its own draws from that.
# Right value: the numbers after the same seed without the loop.
# Seen:
#   seed 0                        [0.4963, 0.7682]
#   and one pass in order         [0.0885, 0.132]
#   and one with its own generator [0.4963, 0.7682]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    torch==2.13.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
from torch.utils.data import DataLoader

def numbers(passes, generator=None):
    torch.manual_seed(0)
    for _ in range(passes):
        list(DataLoader(range(4), batch_size=2, shuffle=False, generator=generator))
    return [round(v, 4) for v in torch.rand(2).tolist()]

print("seed 0                       ", numbers(0))
print("and one pass in order        ", numbers(1))
print("and one with its own generator", numbers(1, torch.Generator()))
assert numbers(0) != numbers(1) and numbers(0) == numbers(1, torch.Generator())
PY
