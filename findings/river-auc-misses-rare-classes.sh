#!/usr/bin/env bash
# Tool: river 0.26.1, metrics.ROCAUC
# Expected: Up to a small error of its grid the area under the curve that scikit-learn gives,
#   since only the order of the scores counts.
# Instead: The grid is ten fixed thresholds from 0 to 1. Where all probabilities are small, as
#   with a rare class, every score falls between two of them and the area is that of a coin.
# Right value: scikit-learn roc_auc_score, and the order of the pairs counted.
# Seen:
#   scores between 0.0 and 0.1
#   river 0.5 scikit-learn 0.861 pairs 0.861
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    river==0.26.1 scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
from river import metrics
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(0)
y = rng.random(5000) < 0.5
score = np.clip(0.02 + 0.03 * y + 0.02 * rng.normal(size=5000), 0, 0.1)
area = metrics.ROCAUC()
for truth, p in zip(y.tolist(), score.tolist()):
    area.update(truth, p)
ordered = (score[y][:, None] > score[~y][None]).mean() + (score[y][:, None] == score[~y][None]).mean() / 2
print("scores between", score.min(), "and", score.max())
print("river", round(area.get(), 3), "scikit-learn", round(roc_auc_score(y, score), 3), "pairs", round(float(ordered), 3))
assert area.get() < 0.55 and ordered > 0.85
PY
