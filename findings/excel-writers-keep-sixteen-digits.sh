#!/usr/bin/env bash
# Tool: xlsxwriter 3.3.1 and openpyxl 3.1.5, doubles in .xlsx through pandas 3.1.1
# Expected: The file holds doubles as text that gives them back (17 digits, or the shortest that
#   does), since .xlsx stores the full number.
# Instead: Both write 16 digits, so about half of all doubles come back as their neighbours: 0.1
#   + 0.2 as 0.3. Weights saved and loaded through a sheet are not the model's, and a hash or an
#   exact comparison of a table fails.
# Right value: the numbers that were written; repr() of the same numbers gives all back.
# Seen:
#   xlsxwriter wrote 0.30000000000000004, read 0.3; changed 430 of 1000, at most by 4.4e-16
#   openpyxl   wrote 0.30000000000000004, read 0.3; changed 430 of 1000, at most by 4.4e-16
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    openpyxl==3.1.5 xlsxwriter==3.3.1 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
import pandas as pd

numbers = np.random.default_rng(0).normal(size=1000)
numbers[0] = 0.1 + 0.2
changed = {}
for engine in ("xlsxwriter", "openpyxl"):
    pd.DataFrame({"x": numbers}).to_excel("sheet.xlsx", index=False, engine=engine)
    read = pd.read_excel("sheet.xlsx").x.to_numpy()
    changed[engine] = int((read != numbers).sum())
    gap = np.abs(read / numbers - 1).max()
    print(f"{engine:10} wrote {float(numbers[0])!r}, read {float(read[0])!r}; changed {changed[engine]} of 1000, at most by {gap:.1e}")
assert min(changed.values()) > 300 and all(float(repr(float(v))) == v for v in numbers)
PY
