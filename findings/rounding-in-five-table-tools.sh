#!/usr/bin/env bash
# Tool: pandas 3.1.1, polars 2.1.0, pyarrow 26.0.1 and DuckDB 2.0.1, round() and casts to whole
#   numbers
# Expected: round(x, 2) is one function, and a cast of 2.5 one number in one tool.
# Instead: Two answers to each: ties go to the even digit or away from 0, and 2.675 (in binary a
#   little less) is 2.68 where x * 100 is rounded. DuckDB's cast rounds where the others cut,
#   and 2.5 is 3 as a literal or as text and 2 as a DOUBLE column.
# Right value: Python's round(), which is exact in decimals: 0.12 and 2.67; ties to even.
# Seen:
#   Python  round(2) [0.12, 2.67, 1.11]
#   pandas  round(2) [0.12, 2.68, 1.12]
#   polars  round(2) [0.12, 2.68, 1.12]
#   pyarrow round(2) [0.12, 2.68, 1.12]
#   DuckDB  round(2) [0.13, 2.67, 1.11]
#   DuckDB 2.5, '2.5', 2.5::double, 2.7::double as int [3, 3, 2, 3]
#   pandas, polars 2.7 as int 2 2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    polars==2.1.0 pyarrow==26.0.1 duckdb==2.0.1 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

values = [0.125, 2.675, 1.115]
ask = lambda what: duckdb.sql(f"select {what}").fetchall()[0][0]
rounded = {
    "Python": [round(v, 2) for v in values],
    "pandas": pd.Series(values).round(2).tolist(),
    "polars": pl.Series(values).round(2).to_list(),
    "pyarrow": pc.round(pa.array(values), 2).to_pylist(),
    "DuckDB": [ask(f"round({v}::double, 2)") for v in values],
}
for name, answer in rounded.items():
    print(f"{name:7} round(2)", answer)
casts = [ask(f"{v}::int") for v in ("2.5", "'2.5'", "2.5::double", "2.7::double")]
print("DuckDB 2.5, '2.5', 2.5::double, 2.7::double as int", casts)
print("pandas, polars 2.7 as int", pd.Series([2.7]).astype(int)[0], pl.Series([2.7]).cast(pl.Int64)[0])
assert casts == [3, 3, 2, 3] and rounded["pandas"][1] == 2.68 != rounded["Python"][1] and rounded["DuckDB"][0] == 0.13
PY
