#!/usr/bin/env bash
# Tool: netCDF4 1.7.5.1.post1 and xarray 2026.9.0, one file of 16-bit samples without a fill value
# Expected: Both read the numbers that were written; no value was declared to be missing.
# Instead: netCDF4 takes -32767, the format's default filling, for missing and masks it, while
#   -32768 is read; xarray, which looks for the attribute alone, reads both.
# Right value: the samples written; the file has no attribute _FillValue.
# Seen:
#   written [1, -32767, 3, -32768] attributes []
#   netCDF4 [1, None, 3, -32768] mean -10921.333333333334
#   xarray  [1, -32767, 3, -32768] mean -16382.75
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    netCDF4==1.7.5.1.post1 xarray==2026.9.0 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import netCDF4
import numpy as np
import xarray as xr

samples = [1, -32767, 3, -32768]
with netCDF4.Dataset("samples.nc", "w") as file:
    file.createDimension("n", 4)
    file.createVariable("x", "i2", ("n",))[:] = samples
with netCDF4.Dataset("samples.nc") as file:
    attributes, masked = file["x"].ncattrs(), file["x"][:]
with xr.open_dataset("samples.nc", engine="netcdf4") as data:
    plain = data["x"].values.tolist()
print("written", samples, "attributes", attributes)
print("netCDF4", masked.tolist(), "mean", float(masked.mean()))
print("xarray ", plain, "mean", float(np.mean(plain)))
assert attributes == [] and masked.tolist() == [1, None, 3, -32768] and plain == samples
PY
