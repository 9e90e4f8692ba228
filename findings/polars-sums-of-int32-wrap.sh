#!/usr/bin/env bash
# Tool: polars 2.1.0 beside numpy, pandas, pyarrow 26.0.1 and DuckDB 2.0.1, sums of Int32
# Expected: Sums of Int32 are held in 64 bits, as polars does for Int8 and Int16 and as the
#   others do for Int32.
# Instead: The sum stays Int32 and wraps: 2147483647 + 1 is -2147483648, in group_by too. mean()
#   of the same column is right.
# Right value: 2147483648.
# Seen:
#   polars sum          -2147483648
#   polars group_by     -2147483648
#   polars mean         1073741824.0
#   polars sum of Int16 32768
#   numpy               2147483648
#   pandas              2147483648
#   pyarrow             2147483648
#   duckdb              2147483648
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    polars==2.1.0 pyarrow==26.0.1 duckdb==2.0.1 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

values = [2**31 - 1, 1]
frame = pl.DataFrame({"g": [1, 1], "x": pl.Series(values, dtype=pl.Int32)})
seen = {
    "polars sum": frame["x"].sum(),
    "polars group_by": frame.group_by("g").agg(pl.col("x").sum())["x"][0],
    "polars mean": frame["x"].mean(),
    "polars sum of Int16": pl.Series([2**15 - 1, 1], dtype=pl.Int16).sum(),
    "numpy": int(np.sum(np.array(values, np.int32))),
    "pandas": int(pd.Series(values, dtype="int32").sum()),
    "pyarrow": pc.sum(pa.array(values, pa.int32())).as_py(),
    "duckdb": duckdb.sql("select sum(x) from (values (2147483647::int), (1::int)) t(x)").fetchall()[0][0],
}
for name, value in seen.items():
    print(f"{name:19}", value)
assert seen["polars sum"] == seen["polars group_by"] == -(2**31) and seen["numpy"] == seen["duckdb"] == 2**31
PY
