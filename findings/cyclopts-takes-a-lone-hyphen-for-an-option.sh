#!/usr/bin/env bash
# Tool: cyclopts 5.4.0
# Expected: a positional parameter takes "-", by which commands name the standard input: POSIX says that it is an
#   operand, and argparse of Python takes it.
# Instead: it is an unknown option, also for a parameter of a `Path`; written as "./-" is taken, and is the same path.
# Right value: POSIX.1-2017, 12.2, guideline 13: "-" is an operand that stands for standard input or output.
# Seen:
#   argparse: -
#   cyclopts: Unknown option: -.
#   cyclopts, ./-: -
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile cyclopts==5.4.0
cd "$folder"
cat >ask.py <<'PY'
import argparse
from pathlib import Path

from cyclopts import App, CycloptsError

parser = argparse.ArgumentParser()
parser.add_argument("rows", type=Path)
taken = parser.parse_args(["-"]).rows
print("argparse:", taken)
assert str(taken) == "-"

app = App()


@app.default
def show(rows: Path, /) -> None:
    print("cyclopts, ./-:", rows)
    assert str(rows) == "-"


try:
    app(["-"], exit_on_error=False, print_error=False)
except CycloptsError as error:
    told = str(error).partition("-.")[0] + "-."
    print("cyclopts:", told)
    assert told == "Unknown option: -."
else:
    raise AssertionError("it is taken now")
app(["./-"], exit_on_error=False, result_action="return_value")
PY
"$folder/venv/bin/python" ask.py
