#!/usr/bin/env bash
# Tool: numpy 2.4.6, bincount() with weights
# Expected: Sums of floating weights are float64, however many rows there are: a part without rows, as
#   the last of a stream or an empty class, gives zeros of the same type as the others.
# Instead: With no rows the sums are int64, so that adding the next part in place is refused.
# Right value: zeros of float64, as numpy.add.at and numpy.histogram give with the same weights.
# Seen:
#   1 row    float64
#   no rows  int64
#   added to it in place: UFuncTypeError
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import numpy as np


def sums(rows: int) -> np.ndarray:
    return np.bincount(np.zeros(rows, np.int64), weights=np.full(rows, 0.5), minlength=3)


print("1 row   ", sums(1).dtype)
print("no rows ", sums(0).dtype)
total = sums(0)
try:
    total += sums(1)
    raised = ""
except TypeError as error:
    raised = type(error).__name__.strip("_")
print("added to it in place:", raised or "no error")
other = np.zeros(3)
np.add.at(other, np.zeros(0, np.int64), np.zeros(0))
assert sums(1).dtype == other.dtype == np.float64
assert np.histogram([], bins=3, range=(0, 3), weights=np.zeros(0))[0].dtype == np.float64
assert sums(0).dtype == np.int64 and raised
PY
