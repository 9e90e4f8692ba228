#!/usr/bin/env bash
# Tool: pyarrow 26.0.1, pandas 3.1.1
# Expected: a CSV column of words such as 0x10 is text, as pandas and polars have it; or, were 0x10 a number, it is
#   one beside 12.5, too.
# Instead: pyarrow.csv takes 0x10 beside whole numbers for 16, and the whole column for int64; beside a number with
#   decimals the same cell is text. pandas gives another column by its engine alone.
# Right value: 0x10 is no number of RFC 4180's text, nor of XML Schema's integer lexical form (3.3.13.1).
# Seen:
#   pyarrow beside 12: int64 [16, 12]
#   pyarrow beside 12.5: string ['0x10', '12.5']
#   pandas, engine c: ['0x10', '12']
#   pandas, engine pyarrow: [16, 12]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile pyarrow==26.0.1 pandas==3.1.1
cd "$folder"
cat >read.py <<'PY'
import io

import pandas as pd
from pyarrow import csv

WHOLE, DECIMAL = b"code\n0x10\n12\n", b"code\n0x10\n12.5\n"

for name, text, kind, cells in (
    ("12", WHOLE, "int64", [16, 12]),
    ("12.5", DECIMAL, "string", ["0x10", "12.5"]),
):
    column = csv.read_csv(io.BytesIO(text))["code"]
    print(f"pyarrow beside {name}: {column.type} {column.to_pylist()}")
    assert (str(column.type), column.to_pylist()) == (kind, cells)
for engine, cells in (("c", ["0x10", "12"]), ("pyarrow", [16, 12])):
    found = pd.read_csv(io.BytesIO(WHOLE), engine=engine)["code"].tolist()
    print(f"pandas, engine {engine}: {found}")
    assert found == cells
PY
"$folder/venv/bin/python" read.py
