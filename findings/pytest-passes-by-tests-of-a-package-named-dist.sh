#!/usr/bin/env bash
# Tool: pytest 9.1.1
# Expected: `pytest` over the folder of tests collects every test below it, or says what it leaves out.
# Instead: Folders named dist, build or venv are passed by at any depth (norecursedirs), without a word and with exit
#   code 0: the tests of a package called dist, laid out as its sources are, never run. Given by name they do.
# Right value: two tests, by counting the files.
# Seen:
#   pytest tests: 1 passed (exit 0)
#   pytest tests/dist: 1 failed (exit 1)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile pytest==9.1.1
cd "$folder"
mkdir -p tests/core tests/dist
echo 'def test_core(): pass' > tests/core/test_core.py
echo 'def test_dist(): assert False' > tests/dist/test_dist.py
for what in tests tests/dist; do
    code=0
    venv/bin/python -m pytest -q --strict-config -p no:cacheprovider "$what" > out.txt 2>&1 || code=$?
    echo "pytest $what: $(grep -oE '[0-9]+ (passed|failed)' out.txt | paste -sd' ') (exit $code)"
    echo "$code $(grep -oE '[0-9]+ (passed|failed)' out.txt | paste -sd' ')" >> seen.txt
done
[[ "$(cat seen.txt)" == $'0 1 passed\n1 1 failed' ]]
