#!/usr/bin/env bash
# Tool: SciPy 1.17.1, io.savemat and loadmat of text labels
# Expected: The labels "no" and "yes" come back as they were.
# Instead: A list of texts becomes a matrix of characters, filled up with spaces to the longest:
#   "no" comes back as "no ", so that a comparison with the label finds no row. An array of
#   objects is written as a cell array and comes back unchanged.
# Right value: the labels themselves, counted.
# Seen:
#   written  ['no', 'yes', 'no', 'yes'] 2 are 'no'
#   as texts ['no ', 'yes', 'no ', 'yes'] 0 are 'no'
#   as cells ['no', 'yes', 'no', 'yes'] 2 are 'no'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    scipy==1.17.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
from scipy.io import loadmat, savemat

labels = ["no", "yes", "no", "yes"]
savemat("labels.mat", {"texts": np.array(labels), "cells": np.array(labels, dtype=object)})
back = loadmat("labels.mat")
texts = back["texts"].tolist()
cells = [cell.item() for cell in back["cells"].ravel()]
print("written ", labels, labels.count("no"), "are 'no'")
print("as texts", texts, texts.count("no"), "are 'no'")
print("as cells", cells, cells.count("no"), "are 'no'")
assert cells == labels and texts == ["no ", "yes", "no ", "yes"]
PY
