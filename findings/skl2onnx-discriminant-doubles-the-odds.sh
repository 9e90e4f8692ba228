#!/usr/bin/env bash
# Tool: skl2onnx 1.20.0, LinearDiscriminantAnalysis of two classes
# Expected: The probabilities of scikit-learn, as with LogisticRegression and as with three
#   classes.
# Instead: The classes agree, so a test of predictions passes, but the log-odds are doubled:
#   0.93 for 0.78. With three classes the graph is right.
# Right value: scikit-learn's predict_proba, and 1/(1 + exp(-decision)).
# Seen:
#   2 classes: labels agree 1.00, largest gap of p 0.1501
#      scikit-learn [0.671 0.726 0.505] exported [0.806 0.876 0.509] at doubled log-odds [0.806 0.876 0.509]
#   3 classes: labels agree 1.00, largest gap of p 0.0000
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
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 3))
score = X @ [1.0, -1.0, 0.5] + rng.logistic(size=300)
gaps = {}
for classes, y in ((2, (score > 0).astype(int)), (3, np.digitize(score, [-1, 1]))):
    model = LinearDiscriminantAnalysis().fit(X, y)
    graph = to_onnx(model, X[:1], options={"zipmap": False})
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    labels, exported = session.run(None, {"X": X})
    right = model.predict_proba(X)
    gaps[classes] = np.abs(exported - right).max()
    print(f"{classes} classes: labels agree {(labels == model.predict(X)).mean():.2f}, largest gap of p {gaps[classes]:.4f}")
    if classes == 2:
        doubled = 1 / (1 + np.exp(-2 * model.decision_function(X)))
        print("   scikit-learn", right[:3, 1].round(3), "exported", exported[:3, 1].round(3), "at doubled log-odds", doubled[:3].round(3))
        assert np.allclose(exported[:, 1], doubled, atol=1e-6)
assert gaps[2] > 0.1 and gaps[3] < 1e-6
PY
