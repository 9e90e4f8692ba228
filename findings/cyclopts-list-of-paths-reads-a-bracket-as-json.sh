#!/usr/bin/env bash
# Tool: cyclopts 5.4.0, a command with a list of paths
# Expected: each word of the command line is one path, as it is for a list of texts: "[1]" is a file's name.
# Instead: a word that begins with a bracket is JSON where the elements are no texts: "[1,2]" becomes the
#   paths 1 and 2, and the quoted pattern "[0-4].png" is an error of JSON. Of a list of texts it stays a word.
# Right value: the word; Parameter(json_list=False) has it.
# Seen:
#   list[Path]                    [1,2] -> ['1', '2']; [0-4].png -> CoercionError
#   list[str]                     [1,2] -> ['[1,2]']; [0-4].png -> ['[0-4].png']
#   list[Path], json_list=False   [1,2] -> ['[1,2]']; [0-4].png -> ['[0-4].png']
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile cyclopts==5.4.0
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from cyclopts.exceptions import CoercionError


def read(kind: Any, word: str) -> Any:
    app = App(result_action="return_value")

    @app.default
    def main(rows: kind) -> list[str]:
        return list(map(str, rows))

    try:
        return app([word], exit_on_error=False, print_error=False)
    except CoercionError:
        return "CoercionError"


kinds = {
    "list[Path]": list[Path],
    "list[str]": list[str],
    "list[Path], json_list=False": Annotated[list[Path], Parameter(json_list=False)],
}
found = {name: [read(kind, word) for word in ("[1,2]", "[0-4].png")] for name, kind in kinds.items()}
for name, (pair, pattern) in found.items():
    print(f"{name:<28}  [1,2] -> {pair}; [0-4].png -> {pattern}")
words = [["[1,2]"], ["[0-4].png"]]
assert found == {"list[Path]": [["1", "2"], "CoercionError"], "list[str]": words, "list[Path], json_list=False": words}
PY
