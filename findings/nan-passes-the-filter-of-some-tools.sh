#!/usr/bin/env bash
# Tool: polars 2.1.0 and Lance 14.0.2 (pylance) beside pandas 3.1.1 and pyarrow 26.0.1: rows
#   where x > 2
# Expected: NaN is not greater than 2, by IEEE 754.
# Instead: polars and Lance order NaN above every number, so that x > 2 keeps the NaN rows,
#   which pandas and pyarrow drop: one Parquet file gives two training sets. polars also finds
#   NaN == NaN true.
# Right value: IEEE 754, as Python: nan > 2 is False.
# Seen:
#   Python  [3.0]
#   pandas  [3.0]
#   pyarrow [3.0]
#   polars  [nan, 3.0]
#   lance   [nan, 3.0]
#   polars nan == nan True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    pyarrow==26.0.1 polars==2.1.0 pylance==14.0.2 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import warnings
import lance
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

table = pa.table({"x": [float("nan"), 1.0, 3.0]})
pq.write_table(table, "rows.parquet")
kept = {
    "Python": [v for v in table["x"].to_pylist() if v > 2],
    "pandas": pd.read_parquet("rows.parquet").query("x > 2").x.tolist(),
    "pyarrow": pq.read_table("rows.parquet", filters=pc.field("x") > 2)["x"].to_pylist(),
    "polars": pl.scan_parquet("rows.parquet").filter(pl.col("x") > 2).collect()["x"].to_list(),
    "lance": lance.write_dataset(table, "rows.lance").to_table(filter="x > 2")["x"].to_pylist(),
}
for name, rows in kept.items():
    print(f"{name:7}", rows)
nan = pl.Series([float("nan")])
print("polars nan == nan", (nan == nan).item())
assert [len(rows) for rows in kept.values()] == [1, 1, 1, 2, 2]
PY
