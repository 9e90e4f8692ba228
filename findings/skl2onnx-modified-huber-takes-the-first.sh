#!/usr/bin/env bash
# Tool: skl2onnx 1.20.0, SGDClassifier(loss="modified_huber") of three classes
# Expected: The label of the graph is scikit-learn's predict(), which goes by the scores.
# Instead: The graph takes the largest probability, and with this loss they are cut to 0 and 1,
#   so that two or three classes tie: the first of them wins. The probabilities agree to 1e-15,
#   and up to a quarter of the labels differ.
# Right value: scikit-learn predict(); the probabilities of the rows that differ do tie.
# Seen:
#   largest gap of p 0.0 labels that differ 0.315
#   one row: p [0.33333333 0.33333333 0.33333333] scores [-31.9  -7.6 -10.1] graph 0 scikit-learn 1
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
from sklearn.linear_model import SGDClassifier

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 3))
y = np.digitize(X @ [1.0, -1.0, 0.5] + rng.logistic(size=300), [-1, 1])
model = SGDClassifier(loss="modified_huber", random_state=0).fit(X, y)
graph = to_onnx(model, X[:1], options={"zipmap": False})
session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
rows = 3 * rng.normal(size=(200, 3))
labels, exported = session.run(None, {"X": rows})
differ = labels != model.predict(rows)
print("largest gap of p", np.abs(exported - model.predict_proba(rows)).max(), "labels that differ", differ.mean())
one = np.flatnonzero(differ)[0]
print("one row: p", exported[one], "scores", model.decision_function(rows)[one].round(1), "graph", labels[one], "scikit-learn", model.predict(rows)[one])
top = np.sort(exported[differ], axis=1)
assert differ.mean() > 0.05 and np.allclose(top[:, -1], top[:, -2]) and np.abs(exported - model.predict_proba(rows)).max() < 1e-9
PY
