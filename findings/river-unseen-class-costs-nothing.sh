#!/usr/bin/env bash
# Tool: river 0.26.1, metrics.CrossEntropy in a stream whose classes are found on the way
# Expected: A row whose class has no probability in the answer costs the most there is: infinite
#   loss, or that of a clipped 0.
# Instead: It costs 0, the least there is. The mean over a right answer of p 0.5 and one that
#   does not name the class is 0.35; a model that never names the true class has a perfect loss.
# Right value: -log(0.5) = 0.6931; -log(0) is infinite.
# Seen:
#   p 0.5: 0.6931  and a class unnamed: 0.3466  only unnamed: 0.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    river==0.26.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
from river import metrics

loss = metrics.CrossEntropy()
loss.update("a", {"a": 0.5, "b": 0.5})
first = loss.get()
loss.update("new", {"a": 0.5, "b": 0.5})
both = loss.get()
never = metrics.CrossEntropy()
never.update("new", {"a": 1.0})
print("p 0.5:", round(first, 4), " and a class unnamed:", round(both, 4), " only unnamed:", never.get())
assert abs(first - 0.6931) < 1e-4 and abs(both - first / 2) < 1e-9 and never.get() == 0
PY
