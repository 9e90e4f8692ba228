#!/usr/bin/env bash
# Tool: skl2onnx 1.20.0, Normalizer(norm="max")
# Expected: Rows are divided by their largest absolute value, as scikit-learn does.
# Instead: The graph divides by the largest value with its sign: a row of -1, -2, -4 turns to 1,
#   2, 4 and one of 0.001, -9 is blown up to 1, -9000. Right only where the largest value is
#   positive and outweighs the rest.
# Right value: scikit-learn, and division by hand.
# Seen:
#   [1.0, 2.0, 4.0] scikit-learn [0.25, 0.5, 1.0] exported [0.25, 0.5, 1.0]
#   [-1.0, -2.0, -4.0] scikit-learn [-0.25, -0.5, -1.0] exported [1.0, 2.0, 4.0]
#   [0.001, -9.0, 0.0] scikit-learn [0.0001, -1.0, 0.0] exported [1.0, -9000.0, 0.0]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    skl2onnx==1.20.0 onnxruntime==1.32.0 scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.preprocessing import Normalizer

rows = np.array([[1, 2, 4], [-1, -2, -4], [0.001, -9, 0]], dtype=np.float32)
model = Normalizer(norm="max").fit(rows)
session = onnxruntime.InferenceSession(to_onnx(model, rows[:1]).SerializeToString(), providers=["CPUExecutionProvider"])
exported = session.run(None, {"X": rows})[0]
for row, right, wrong in zip(rows.tolist(), model.transform(rows).round(4).tolist(), exported.round(4).tolist()):
    print([round(v, 4) for v in row], "scikit-learn", [round(v, 4) for v in right], "exported", [round(v, 4) for v in wrong])
assert np.allclose(exported[0], model.transform(rows)[0]) and exported[1, 0] > 0 and exported[2, 1] < -1000
PY
