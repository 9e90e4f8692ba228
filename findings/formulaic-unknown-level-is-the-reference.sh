#!/usr/bin/env bash
# Tool: formulaic 1.2.2 beside patsy 1.0.3, a design matrix for new rows
# Expected: A level that was not there at fit is refused, as patsy does; and scale(x) means the
#   same in both.
# Instead: formulaic writes a row of zeros, which is the reference level's own row, with a
#   DataMismatchWarning: a town never seen is predicted as the first town. Its scale() divides
#   by the deviation with n-1, patsy's by that with n; standardize() of both by that with n.
# Right value: patsy's error; deviations of 1, 2, 4, 7 by hand: 2.6458 (n-1), 2.2913 (n).
# Seen:
#   formulaic: Zug [1.0, 0.0, 0.0] Aa [1.0, 0.0, 0.0]
#   patsy: Error converting data to categorical: observation with value 'Zug' does not match any of the expected levels (expected: ['Aa', 'Bo', 'Cy'])
#   scale(x)       of 7: formulaic 1.3229 patsy 1.5275
#   standardize(x) of 7: formulaic 1.5275 patsy 1.5275
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    formulaic==1.2.2 patsy==1.0.3 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import pandas as pd
import patsy
from formulaic import model_matrix

towns = pd.DataFrame({"town": ["Aa", "Bo", "Cy", "Aa"], "x": [1.0, 2.0, 4.0, 7.0]})
new = pd.DataFrame({"town": ["Zug", "Aa"]})
spec = model_matrix("town", towns).model_spec
rows = spec.get_model_matrix(new).to_numpy().tolist()
print("formulaic: Zug", rows[0], "Aa", rows[1])
try:
    patsy.build_design_matrices([patsy.dmatrix("town", towns).design_info], new)
    refused = False
except patsy.PatsyError as error:
    refused = True
    print("patsy:", str(error).splitlines()[0])
for name in ("scale(x)", "standardize(x)"):
    ours = float(model_matrix(name, towns).to_numpy()[-1, 1])
    theirs = float(patsy.dmatrix(name, towns)[-1, 1])
    print(f"{name:14} of 7: formulaic {ours:.4f} patsy {theirs:.4f}")
assert rows[0] == rows[1] and refused
assert round(3.5 / 2.6458, 3) == round(float(model_matrix("scale(x)", towns).to_numpy()[-1, 1]), 3)
PY
