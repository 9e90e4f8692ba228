#!/usr/bin/env bash
# Tool: numpy 2.4.6, RandomState.bytes()
# Expected: Drawing nothing leaves a generator where it was: words that are drawn in several pieces are
#   those that one call draws, whatever the pieces, empty ones among them.
# Instead: bytes(0) returns nothing and takes a word of 32 bits, so that all that follows is one word on.
# Right value: the words of one call; random_sample(0) and randint(..., size=0) leave the generator alone.
# Seen:
#   8 words at once             3499211612 581869302 3890346734 3586334585 ...
#   after bytes(0), from there  581869302 3890346734 3586334585 545404204 ...
#   after random_sample(0)      3499211612 581869302 3890346734 3586334585 ...
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import numpy as np


def words(source: np.random.RandomState) -> list[int]:
    return np.frombuffer(source.bytes(32), "<u4").tolist()


def after(draw) -> list[int]:
    source = np.random.RandomState(5489)
    draw(source)
    return words(source)


at_once = words(np.random.RandomState(5489))
moved = after(lambda source: source.bytes(0))
still = after(lambda source: source.random_sample(0))
for name, found in (("8 words at once", at_once), ("after bytes(0), from there", moved), ("after random_sample(0)", still)):
    print(f"{name:27} {' '.join(map(str, found[:4]))} ...")
assert after(lambda source: source.randint(0, 9, size=0)) == still == at_once
assert moved != at_once and moved[:7] == at_once[1:]
PY
