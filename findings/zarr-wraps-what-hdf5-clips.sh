#!/usr/bin/env bash
# Tool: zarr 3.1.6 and h5py 3.16.0, whole numbers stored into an array of uint8
# Expected: Both cast alike, or refuse numbers that do not fit.
# Instead: h5py clips (300 is 255, -1 is 0) and zarr wraps (44 and 255), both without a word:
#   brightened pictures are flat in one file and speckled in the other.
# Right value: the range 0…255 of uint8.
# Seen:
#   stored [300, 256, 255, 0, -1] zarr [44, 0, 255, 0, 255] h5py [255, 255, 255, 0, 0]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    zarr==3.1.6 h5py==3.16.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import h5py
import numpy as np
import zarr

values = np.array([300, 256, 255, 0, -1])
chunked = zarr.create_array("store.zarr", shape=5, dtype="uint8")
chunked[:] = values
with h5py.File("store.h5", "w") as file:
    file.create_dataset("x", shape=5, dtype="uint8")[:] = values
    clipped = file["x"][:].tolist()
print("stored", values.tolist(), "zarr", chunked[:].tolist(), "h5py", clipped)
assert chunked[:].tolist() == [44, 0, 255, 0, 255] and clipped == [255, 255, 255, 0, 0]
PY
