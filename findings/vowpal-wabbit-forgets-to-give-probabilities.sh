#!/usr/bin/env bash
# Tool: vowpalwabbit 9.11.9, --oaa K --probabilities
# Expected: A model that was trained to give the probability of each class gives them when it is loaded again, as it
#   does keep --oaa and --loss_function.
# Instead: --probabilities is not kept in the model's file: loaded again the same model answers with a class alone,
#   without a warning, and a script that takes the answer for a probability reads 2 for .9. Said again, they are back.
# Right value: the answer of the model before it was saved.
# Seen:
#   before it was saved: 3 probabilities
#   loaded: the class 2
#   loaded with --probabilities: 3 probabilities, the same
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    vowpalwabbit==9.11.9 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PY'
from vowpalwabbit import Workspace

asked = "| a:0 b:1 c:0"
model = Workspace("--oaa 3 --loss_function logistic --probabilities -f model.vw --quiet")
for turn in range(300):
    k = turn % 3
    model.learn(f"{k + 1} | a:{int(k == 0)} b:{int(k == 1)} c:{int(k == 2)}")
before = model.predict(asked)
model.finish()
loaded, told = Workspace("-i model.vw --quiet"), Workspace("-i model.vw --probabilities --quiet")
bare, again = loaded.predict(asked), told.predict(asked)
print(f"before it was saved: {len(before)} probabilities")
print(f"loaded: the class {bare}")
same = max(abs(a - b) for a, b in zip(before, again)) < 1e-5
print(f"loaded with --probabilities: {len(again)} probabilities, {'the same' if same else 'others'}")
assert len(before) == 3 and abs(sum(before) - 1) < 1e-5 and max(before) == before[1]
assert bare == 2 and not isinstance(bare, list) and same
PY
