#!/usr/bin/env bash
# Tool: pandas 3.1.1, DataFrame.to_json and back
# Expected: Numbers are written so that reading gives them again, as Python's json does.
# Instead: Ten digits after the point, whatever the size: a weight of 1.2e-11 is written as 0.0
#   and 1/300000 as 0.0000033333. The largest double_precision, 15, keeps five digits of the
#   first.
# Right value: the numbers that were written; Python's json gives them back exactly.
# Seen:
#   written   [1.23456789012345e-11, 3.3333333333333333e-06, 0.3333333333333333]
#   read      [0.0, 3.3333e-06, 0.33333333330000003]
#   digits 15 [1.2346000000000001e-11, 3.3333333330000004e-06, 0.33333333333333304]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import io
import json
import pandas as pd

weights = [1.23456789012345e-11, 1 / 300000, 1 / 3]
back = lambda **options: pd.read_json(io.StringIO(pd.DataFrame({"w": weights}).to_json(**options))).w.tolist()
print("written  ", weights)
print("read     ", back())
print("digits 15", back(double_precision=15))
assert json.loads(json.dumps(weights)) == weights
assert back()[0] == 0.0 and back(double_precision=15)[0] != weights[0]
PY
