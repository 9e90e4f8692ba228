#!/usr/bin/env bash
# Tool: liac-arff 2.5.0 and scipy.io.arff of SciPy 1.17.1, one ARFF file
# Expected: Both read the file alike. The format treats "integer" as "numeric", and names with a
#   space stand in quotes.
# Instead: liac-arff cuts 3.7 in an integer column to 3; SciPy reads 3.7. SciPy takes the quotes
#   of a value for part of it and refuses the value that it has itself listed; liac-arff reads
#   it.
# Right value: Weka's description of ARFF: real and integer are numeric; quoted values may hold
#   spaces.
# Seen:
#   integer 3.7, -3.7: liac-arff [3, -3] scipy [3.7, -3.7]
#   quoted value: liac-arff [[1.0, 'red'], [2.0, 'dark blue']]
#   quoted value: scipy 'dark blue' value not in ('red', 'dark blue')
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    liac-arff==2.5.0 scipy==1.17.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import io
import arff
from scipy.io import arff as scipy_arff

numbers = "@relation r\n@attribute n integer\n@attribute c {a,b}\n@data\n3.7,a\n-3.7,b\n"
words = "@relation r\n@attribute n real\n@attribute c {red,'dark blue'}\n@data\n1,red\n2,'dark blue'\n"
one = [row[0] for row in arff.loads(numbers)["data"]]
two = scipy_arff.loadarff(io.StringIO(numbers))[0]["n"].tolist()
print("integer 3.7, -3.7: liac-arff", one, "scipy", two)
print("quoted value: liac-arff", arff.loads(words)["data"])
try:
    scipy_arff.loadarff(io.StringIO(words))
    refused = False
except ValueError as error:
    refused = True
    print("quoted value: scipy", error)
assert one == [3, -3] and two == [3.7, -3.7] and refused
PY
