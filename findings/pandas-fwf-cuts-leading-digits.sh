#!/usr/bin/env bash
# Tool: pandas 3.1.1, read_fwf with the columns found by itself
# Expected: Right-aligned numbers are read whole, or the reader refuses a cell that reaches over
#   the edge of its column.
# Instead: The edges are found in the first 100 rows. A number that is longer in a later row
#   loses its leading digits: 1234.00 is read as 34.0, in silence.
# Right value: the numbers that were written; infer_nrows as large as the file reads them.
# Seen:
#   written           [12.0, 1234.0, 5678.5]
#   read              [12.0, 34.0, 78.5]
#   read, infer_nrows [12.0, 1234.0, 5678.5]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import io
import pandas as pd

prices = [12.0] * 120 + [1234.0, 5678.5]
text = "".join(f"a{i:03d}{price:>9.2f}\n" for i, price in enumerate(prices))
read = pd.read_fwf(io.StringIO(text), header=None)[1].tolist()
whole = pd.read_fwf(io.StringIO(text), header=None, infer_nrows=len(prices))[1].tolist()
print("written          ", prices[-3:])
print("read             ", read[-3:])
print("read, infer_nrows", whole[-3:])
assert whole == prices and read[:120] == prices[:120] and read[-2:] == [34.0, 78.5]
PY
