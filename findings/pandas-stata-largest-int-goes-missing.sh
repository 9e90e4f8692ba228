#!/usr/bin/env bash
# Tool: pandas 3.1.1, DataFrame.to_stata of an int32 column that holds 2147483647
# Expected: The column is stored as doubles, as pandas does for int8, int16 and int64 beyond
#   Stata's ranges, or is refused.
# Instead: It is written as Stata's long, in which numbers above 2147483620 are codes of missing
#   values: 2147483647 is read as missing by pandas itself. The same numbers as int64 come
#   through.
# Right value: 2147483647 was written; Stata's long ends at 2147483620.
# Seen:
#   int8  wrote 127, read 127
#   int16 wrote 32767, read 32767
#   int32 wrote 2147483647, read nan
#   int64 wrote 2147483647, read 2147483647.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
import pandas as pd

seen = {}
for kind in ("int8", "int16", "int32", "int64"):
    top = 2147483647 if kind == "int64" else np.iinfo(kind).max
    pd.DataFrame({"x": np.array([1, top], dtype=kind)}).to_stata("table.dta", write_index=False)
    seen[kind] = pd.read_stata("table.dta").x.tolist()
    print(f"{kind:5} wrote {top}, read {seen[kind][1]}")
assert np.isnan(seen["int32"][1]) and seen["int64"][1] == 2147483647 and seen["int16"][1] == 32767
PY
