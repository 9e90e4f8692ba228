#!/usr/bin/env bash
# Tool: pyarrow 26.0.1, values and flatten() of fixed-size lists (embeddings)
# Expected: The numbers of a slice are those of its rows, so that reshape(-1, D) gives one row of
#   numbers for each row of the table.
# Instead: values pays no heed to the slice and gives the whole column; flatten() leaves missing
#   rows out, so that all rows behind one move up and stand beside the labels of others.
# Right value: to_pylist() of the same array.
# Seen:
#   last two rows       [[3.0, 3.0], [4.0, 4.0]]
#   last two by values  [[1.0, 1.0], [nan, nan], [3.0, 3.0], [4.0, 4.0]]
#   four rows           [[1.0, 1.0], None, [3.0, 3.0], [4.0, 4.0]]
#   four rows by flatten [[1.0, 1.0], [3.0, 3.0], [4.0, 4.0]]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    pyarrow==26.0.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
import pyarrow as pa

column = pa.array([[1, 1], None, [3, 3], [4, 4]], pa.list_(pa.float32(), 2))
last = column[2:]
by_values = last.values.to_numpy(zero_copy_only=False).reshape(-1, 2)
by_flatten = column.flatten().to_numpy(zero_copy_only=False).reshape(-1, 2)
print("last two rows      ", last.to_pylist())
print("last two by values ", by_values.tolist())
print("four rows          ", column.to_pylist())
print("four rows by flatten", by_flatten.tolist())
assert len(last) == 2 and len(by_values) == 4 and by_values[0].tolist() == [1, 1]
assert len(column) == 4 and by_flatten.tolist() == [[1, 1], [3, 3], [4, 4]]
PY
