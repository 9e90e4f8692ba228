#!/usr/bin/env bash
# Tool: numexpr 2.14.2, sum() of float32 and of int32
# Expected: As numpy: float32 is added in pairs (or in doubles), int32 in 64 bits.
# Instead: The float32 total stops at 2^24 = 16,777,216 for 20 million ones, 20 million times
#   0.1 gives 2,097,152 for 2,000,000, and int32 wraps to negative.
# Right value: 20,000,000; 2,000,000; 2,147,483,648; numpy gives all three (the second up to
#   1e-7).
# Seen:
#   20 million 1    numexpr 16777216, numpy 20000000
#   20 million 0.1  numexpr 2097152, numpy 2000000
#   2147483647 + 1  numexpr -2147483648, numpy 2147483648
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    numexpr==2.14.2 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numexpr
import numpy as np

ones, tenths = np.ones(20_000_000, np.float32), np.full(20_000_000, 0.1, np.float32)
whole = np.array([2**31 - 1, 1], np.int32)
total = lambda a: numexpr.evaluate("sum(a)", {"a": a}).item()
for name, a in (("20 million 1", ones), ("20 million 0.1", tenths), ("2147483647 + 1", whole)):
    print(f"{name:15} numexpr {total(a):.0f}, numpy {a.sum():.0f}")
assert total(ones) == 2**24 and total(tenths) > 2.05e6 and total(whole) < 0
PY
