#!/usr/bin/env bash
# Tool: torch 2.13.0
# Expected: to construct torch.optim.SGD costs next to nothing, as `import torch` has brought torch.optim.
# Instead: the first optimizer that is constructed, and else the first step of one, imports torch._dynamo, the front of the compiler,
#   with sympy: some 800 modules beside the 1,100 that are there, though nothing is compiled. A script that trains a small
#   model for a second waits as long again for it. Plain updates of the parameters under torch.no_grad() import none of it.
# Right value: how many modules sys.modules has before and after; a step by hand beside it.
# Seen:
#   import torch: 1114 modules; a step by hand: 0 more; torch.optim.SGD: 823 more
#   of the compiler: True  sympy: True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/own"
"$folder/own/bin/python" -m pip install --quiet --no-compile torch==2.13.0 numpy==2.4.6
cat > "$folder/first.py" <<'PY'
import sys

import torch

w = torch.ones(3, requires_grad=True)
(w**2).sum().backward()
counts = [len(sys.modules)]
with torch.no_grad():
    w -= 0.1 * w.grad
counts.append(len(sys.modules))
torch.optim.SGD([w], lr=0.1)
counts.append(len(sys.modules))
print(f"import torch: {counts[0]} modules; a step by hand: {counts[1] - counts[0]} more; "
      f"torch.optim.SGD: {counts[2] - counts[1]} more")
print("of the compiler:", "torch._dynamo" in sys.modules, " sympy:", "sympy" in sys.modules)
PY
"$folder/own/bin/python" "$folder/first.py" | tee "$folder/seen"
grep -q "a step by hand: 0 more" "$folder/seen"
grep -q "of the compiler: True  sympy: True" "$folder/seen"
more=$(sed -n 's/.*SGD: \([0-9]*\) more.*/\1/p' "$folder/seen")
((more > 500))
