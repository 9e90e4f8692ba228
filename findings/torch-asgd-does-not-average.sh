#!/usr/bin/env bash
# Tool: torch 2.13.0, optim.ASGD (averaged stochastic gradient descent)
# Expected: The parameters after training are the average of the iterates, or tend to it.
# Instead: They are the last iterate of plain SGD; the average is kept in the optimizer's state
#   under "ax", and begins only after t0 = a million steps. Until then "ax" is a copy of the
#   last iterate. With t0=0 the parameters still are the iterate.
# Right value: the mean of the iterates, kept by hand: 0 up to the noise, as the two targets -1
#   and 1 take turns.
# Seen:
#   {} parameter 0.333  ax 0.333  mean of iterates -0.000
#   {'t0': 0} parameter 0.333  ax 0.000  mean of iterates -0.000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    torch==2.13.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch

def descend(**options):
    p = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.ASGD([p], lr=0.5, lambd=0.0, **options)
    past = []
    for step in range(1000):
        optimizer.zero_grad()
        (0.5 * (p - (1.0 if step % 2 else -1.0)) ** 2).sum().backward()
        optimizer.step()
        past.append(p.item())
    return p.item(), optimizer.state[p]["ax"].item(), sum(past) / len(past)

for options in ({}, {"t0": 0}):
    parameter, kept, mean = descend(**options)
    print(options, f"parameter {parameter:.3f}  ax {kept:.3f}  mean of iterates {mean:.3f}")
default, started = descend(), descend(t0=0)
assert default[0] == default[1] and abs(default[0]) > 0.3 > 0.05 > abs(default[2])
assert abs(started[1]) < 0.05 < 0.3 < abs(started[0])
PY
