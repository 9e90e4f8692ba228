#!/usr/bin/env bash
# Tool: pandas 3.1.1, to_json and read_json of a numeric column named ..._time
# Expected: A column of whole numbers comes back as whole numbers.
# Instead: Columns whose name ends in "_time" or "_at" are taken for dates once the numbers
#   exceed those of a year in seconds: response_time in microseconds is read as days of 1971,
#   its twin of another name as numbers.
# Right value: Python's json on the same text; convert_dates=False.
# Seen:
#   json          [40000000, 50000000]
#   response_time ['1971-04-08 23:06:40', '1971-08-02 16:53:20']
#   response      [40000000, 50000000]
#   convert_dates=False [40000000, 50000000]
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

values = [40_000_000, 50_000_000]
text = pd.DataFrame({"response_time": values, "response": values}).to_json()
read = pd.read_json(io.StringIO(text))
kept = pd.read_json(io.StringIO(text), convert_dates=False)
print("json         ", list(json.loads(text)["response_time"].values()))
print("response_time", [str(v) for v in read["response_time"]])
print("response     ", read["response"].tolist())
print("convert_dates=False", kept["response_time"].tolist())
assert list(json.loads(text)["response_time"].values()) == values == kept["response_time"].tolist()
assert read["response_time"].dtype.kind == "M" and read["response"].tolist() == values
PY
