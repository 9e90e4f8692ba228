#!/usr/bin/env bash
# Tool: datatable 1.1.0, fread
# Expected: A column of 0 and 1 is whole numbers, as pandas, polars and pyarrow read it.
# Instead: It is boolean, until a 2 occurs in the file: the same label column is bool for two
#   classes and int32 for three, and one part of a split can differ from the other. TRUE and
#   True are not boolean when mixed; NaN is read as missing.
# Right value: the text of the file.
# Seen:
#   'y,x\n0,5\n1,6\n1,7\n' -> bool8 [False, True, True]
#   'y,x\n0,5\n1,6\n2,7\n' -> int32 [0, 1, 2]
#   'y,x\nNA,5\n1,6\n' -> bool8 [None, True]
#   'y,x\nTrue,5\nFALSE,6\n' -> str32 ['True', 'FALSE']
#   'y,x\nnan,5\n2.5,6\n' -> float64 [None, 2.5]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    datatable==1.1.0 numpy==2.4.6 pandas==3.1.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import datatable

def read(text):
    frame = datatable.fread(text=text)
    return frame.stypes[0].name, frame.to_list()[0]

for text in ("y,x\n0,5\n1,6\n1,7\n", "y,x\n0,5\n1,6\n2,7\n", "y,x\nNA,5\n1,6\n", "y,x\nTrue,5\nFALSE,6\n", "y,x\nnan,5\n2.5,6\n"):
    print(repr(text), "->", *read(text))
assert read("y,x\n0,5\n1,6\n1,7\n")[0] == "bool8" and read("y,x\n0,5\n1,6\n2,7\n")[0] == "int32"
PY
