#!/usr/bin/env bash
# Tool: pandas 3.1.1, read_json(lines=True) of numbers below 2.2e-308
# Expected: precise_float=True, "the higher precision strtod", reads every number that Python's json
#   reads; without it the last digits may be off.
# Instead: with it any subnormal number is an error, as if it were out of range, and the whole file with
#   it; without it 1e-310 is read, and 5e-324 is 0.0 in silence.
# Right value: 5e-324 and 1e-310, as Python's json and read_csv(float_precision="round_trip") have them.
# Seen:
#   json, read_csv  [5e-324, 1e-310]
#   read_json       [0.0, 1e-310]
#   precise_float   ValueError: Range error when decoding numeric as double
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

numbers = [5e-324, 1e-310]
lines = "".join(f'{{"w": {number}}}\n' for number in numbers)
assert [json.loads(line)["w"] for line in lines.splitlines()] == numbers
text = "w\n" + "\n".join(map(str, numbers))
assert pd.read_csv(io.StringIO(text), float_precision="round_trip").w.tolist() == numbers
print("json, read_csv ", numbers)
found = pd.read_json(io.StringIO(lines), lines=True).w.tolist()
print("read_json      ", found)
assert found == [0.0, 1e-310]
try:
    pd.read_json(io.StringIO(lines), lines=True, precise_float=True)
except ValueError as error:
    print("precise_float  ", f"ValueError: {error}")
    assert "Range error" in str(error)
else:
    raise SystemExit("it is read")
PY
