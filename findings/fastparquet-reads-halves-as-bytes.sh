#!/usr/bin/env bash
# Tool: fastparquet 2026.9.0 beside pyarrow 26.0.1 and polars 2.1.0, float16 and durations in
#   Parquet
# Expected: A float16 column is read as numbers, and a duration stays a duration.
# Instead: fastparquet gives each float16 as two bytes in an object column. A timedelta that it
#   writes is a time of day for the others: 1 hour is 01:00, and 25 hours are null in polars;
#   the one that pyarrow writes it reads as whole microseconds.
# Right value: the numbers and durations that were written.
# Seen:
#   float16 0.5, 65504: fastparquet object [b'\x008', b'\xff{'] pyarrow [0.5, 65504.0]
#   1 h and 25 h written by fastparquet: type time64[us] polars ['01:00:00', 'None']
#   1 h and 25 h written by pyarrow: fastparquet int64 [3600000000, 90000000000]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    fastparquet==2026.9.0 pyarrow==26.0.1 polars==2.1.0 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import fastparquet
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

halves = pd.DataFrame({"h": np.array([0.5, 65504], dtype=np.float16)})
pq.write_table(pa.Table.from_pandas(halves), "halves.parquet")
read = fastparquet.ParquetFile("halves.parquet").to_pandas().h
print("float16 0.5, 65504: fastparquet", read.dtype, read.tolist(), "pyarrow", pq.read_table("halves.parquet")["h"].to_pylist())
hours = pd.DataFrame({"t": pd.to_timedelta([1, 25], unit="h")})
fastparquet.write("hours.parquet", hours)
times = pl.read_parquet("hours.parquet")["t"].to_list()
print("1 h and 25 h written by fastparquet: type", pq.read_schema("hours.parquet").field("t").type, "polars", [str(t) for t in times])
pq.write_table(pa.Table.from_pandas(hours), "hours.parquet")
back = fastparquet.ParquetFile("hours.parquet").to_pandas().t
print("1 h and 25 h written by pyarrow: fastparquet", back.dtype, back.tolist())
assert read.dtype == object and isinstance(read[0], bytes) and times[1] is None and back.dtype.kind == "i"
PY
