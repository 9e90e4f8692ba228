#!/usr/bin/env bash
# Tool: pyarrow 26.0.1, csv.read_csv of quoted cells with a line break, with default options
# Expected: newlines_in_values=False, the default, allows no line break in a cell: such a file is
#   refused, or read whole.
# Instead: It is cut into blocks of a megabyte at any line break, within a cell too. Depending on
#   where a cut falls there is an error, or a cell that has lost its first half and kept a quote,
#   in a table of the right number of rows; which cells depends on block_size and use_threads.
# Right value: the cells that were written, as newlines_in_values=True reads them.
# Seen, of 70,000 rows "a note,<line break>of two lines":
#   default                  70000 rows, other cells: ['of two lines"']
#   use_threads=False        70000 rows, other cells: []
#   newlines_in_values=True  70000 rows, other cells: []
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    pyarrow==26.0.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import io
from pyarrow import csv

NOTE = "a note,\nof two lines"
data = ("text,row\n" + "".join(f'"{NOTE}",{row}\n' for row in range(70_000))).encode()

def others(name, read=None, parse=None):
    options = {"read_options": csv.ReadOptions(**(read or {})), "parse_options": csv.ParseOptions(**(parse or {}))}
    table = csv.read_csv(io.BytesIO(data), **options)
    found = sorted(set(table["text"].to_pylist()) - {NOTE})
    print(f"{name:24} {table.num_rows} rows, other cells: {found}")
    return table.num_rows, found

assert others("default", {"use_threads": True}) == (70_000, ['of two lines"'])
assert others("use_threads=False", {"use_threads": False}) == (70_000, [])
assert others("newlines_in_values=True", None, {"newlines_in_values": True}) == (70_000, [])
PY
