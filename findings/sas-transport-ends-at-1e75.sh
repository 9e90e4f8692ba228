#!/usr/bin/env bash
# Tool: pyreadstat 1.3.7, write_xport, and pandas 3.1.1 read_sas of the same file
# Expected: Doubles come back, or numbers that the format cannot hold are refused.
# Instead: The format's hexadecimal floats end near 7.2e75 and 5.4e-79. 1e76 is written without
#   a word, read back by pyreadstat as inf and by pandas as 7.237e75; 1e-80 as 0 and as 5.4e-79.
# Right value: the numbers written; 16^63 = 7.237e75.
# Seen:
#   written    [1e+74, 1e+76, -1e+76, 1e-78, 1e-80]
#   pyreadstat [1e+74, inf, -inf, 1e-78, 0.0]
#   pandas     [1e+74, 7.237e+75, -7.237e+75, 1e-78, 5.398e-79]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    pyreadstat==1.3.7 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import pandas as pd
import pyreadstat

numbers = [1e74, 1e76, -1e76, 1e-78, 1e-80]
pyreadstat.write_xport(pd.DataFrame({"x": numbers}), "table.xpt", file_format_version=5)
one = pyreadstat.read_xport("table.xpt")[0].iloc[:, 0].tolist()
two = pd.read_sas("table.xpt", format="xport").iloc[:, 0].tolist()
print("written   ", numbers)
print("pyreadstat", one)
print("pandas    ", [float(f"{v:.4g}") for v in two])
assert one[1] == float("inf") and one[4] == 0.0 and abs(two[1] / 16.0**63 - 1) < 1e-6
PY
