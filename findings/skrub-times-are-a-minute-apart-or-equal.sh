#!/usr/bin/env bash
# Tool: skrub 0.11.0, DatetimeEncoder and TableVectorizer, the feature total_seconds
# Expected: Seconds since 1970 are exact: two rows a minute apart differ by 60.
# Instead: The column is float32, whose steps are 128 s in our years: rows a minute apart are
#   equal or 128 s apart, and noon of 2 January 2024 is 64 s late. Intervals and orders of
#   events within two minutes are lost.
# Right value: 1704196800 s for 2024-01-02 12:00 UTC; a float32 near 1.7e9 has steps of 2^7.
# Seen:
#   exact  [1704196800, 1704196860, 1704196920, 1704196980, 1704197040]
#   skrub  [1704196864, 1704196864, 1704196864, 1704196992, 1704196992] float32
#   step of float32 there 128.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    skrub==0.11.0 scikit-learn==1.9.1 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
import pandas as pd
from skrub import DatetimeEncoder

times = pd.Series(pd.to_datetime([f"2024-01-02 12:0{minute}" for minute in range(5)]), name="t")
seconds = DatetimeEncoder().fit_transform(times)["t_total_seconds"]
exact = [int(pd.Timestamp(t, tz="UTC").timestamp()) for t in times]
print("exact ", exact)
print("skrub ", [int(v) for v in seconds], seconds.dtype)
print("step of float32 there", float(np.spacing(np.float32(exact[0]))))
assert seconds.dtype == np.float32 and int(seconds[0]) - exact[0] == 64 and 0 in np.diff(seconds)
PY
