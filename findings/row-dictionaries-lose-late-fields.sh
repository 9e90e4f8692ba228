#!/usr/bin/env bash
# Tool: pyarrow 26.0.1 Table.from_pylist, polars 2.1.0 DataFrame and read_ndjson
# Expected: Rows given as dictionaries make a column of every key that occurs, as in pandas.
# Instead: pyarrow takes the keys of the first row and polars those of the first 100: a field
#   that is first filled in later is gone with all its values, in silence.
# Right value: the keys of the rows, counted by hand; pandas.
# Seen:
#   keys                 ['area', 'garden']
#   pandas               ['area', 'garden']
#   pyarrow from_pylist  ['area']
#   polars DataFrame     ['area']
#   polars read_ndjson   ['area']
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    pyarrow==26.0.1 polars==2.1.0 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import json
import pandas as pd
import polars as pl
import pyarrow as pa

rows = [{"area": 50.0}] * 120 + [{"area": 70.0, "garden": 12.5}] * 80
with open("rows.ndjson", "w") as file:
    file.writelines(json.dumps(row) + "\n" for row in rows)
columns = {
    "keys": sorted({key for row in rows for key in row}),
    "pandas": list(pd.DataFrame(rows).columns),
    "pyarrow from_pylist": pa.Table.from_pylist(rows).column_names,
    "polars DataFrame": pl.DataFrame(rows).columns,
    "polars read_ndjson": pl.read_ndjson("rows.ndjson").columns,
}
for name, names in columns.items():
    print(f"{name:20}", names)
assert [len(names) for names in columns.values()] == [2, 2, 1, 1, 1]
PY
