#!/usr/bin/env bash
# Tool: pyarrow 26.0.1, csv.write_csv and csv.read_csv of its own file
# Expected: Doubles come back as doubles and NaN as NaN. Text such as 0x1F is text.
# Instead: 1.0 is written as 1, so a column of whole doubles comes back as int64; NaN is written
#   as nan and comes back as null, which turns a column of 1.0 and NaN to int64 with a gap. In a
#   column of codes 0x10 is read as 16, and +1 turns whole numbers to doubles.
# Right value: the table that was written.
# Seen:
#   1.0, 2.0  -> int64 [1, 2]
#   1.0, NaN  -> int64 [1, None]
#   0x10, 7   -> int64 [16, 7]
#   +1, 2     -> double [1.0, 2.0]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    pyarrow==26.0.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import io
import pyarrow as pa
from pyarrow import csv

def read(data):
    column = csv.read_csv(io.BytesIO(data)).column(0)
    return str(column.type), column.to_pylist()

def back(values):
    sink = io.BytesIO()
    csv.write_csv(pa.table({"x": values}), sink)
    return read(sink.getvalue())

print("1.0, 2.0  ->", *back([1.0, 2.0]))
print("1.0, NaN  ->", *back([1.0, float("nan")]))
print("0x10, 7   ->", *read(b"x\n0x10\n7\n"))
print("+1, 2     ->", *read(b"x\n+1\n2\n"))
assert back([1.0, 2.0])[0] == "int64" and back([1.0, float("nan")]) == ("int64", [1, None])
assert read(b"x\n0x10\n7\n") == ("int64", [16, 7]) and read(b"x\n+1\n2\n")[0] == "double"
PY
