#!/usr/bin/env bash
# Tool: scikit-learn 1.9.1 with joblib 1.6.0 under CPython, imported by a thread
# Expected: Python waits for a thread that is no daemon before it ends, so what the thread does, it can do to its end;
#   an import of scikit-learn that begins a moment after the main thread's last line succeeds.
# Instead: Python waits for the thread, but joblib registers a clean-up at its import (by concurrent.futures.process),
#   which is refused from the main thread's last line on: RuntimeError, and no scikit-learn. NumPy and SciPy import.
#   A service that reads its first data in the background fails so when it is stopped early; join the thread.
# Right value: the same thread, joined by the main thread, imports it.
# Seen:
#   left alone: numpy imported, scipy imported, RuntimeError: can't register atexit after shutdown
#   joined: numpy imported, scipy imported, sklearn imported
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    scikit-learn==1.9.1 joblib==1.6.0 scipy==1.17.1 numpy==2.4.6
cd "$folder"
cat > late.py <<'PY'
import importlib
import sys
import threading


def read():
    if len(sys.argv) == 1:
        threading.main_thread().join()  # the main thread has run its last line
    for name in ("numpy", "scipy.linalg", "sklearn.linear_model"):
        try:
            importlib.import_module(name)
        except RuntimeError as error:
            seen.append(f"RuntimeError: {error}")
        else:
            seen.append(f"{name.partition('.')[0]} imported")
    print(", ".join(seen), flush=True)


seen = []
thread = threading.Thread(target=read)
thread.start()
if len(sys.argv) > 1:
    thread.join()
PY
alone=$("$folder/venv/bin/python" late.py)
joined=$("$folder/venv/bin/python" late.py joined)
printf 'left alone: %s\njoined: %s\n' "$alone" "$joined"
test "$alone" = "numpy imported, scipy imported, RuntimeError: can't register atexit after shutdown"
test "$joined" = "numpy imported, scipy imported, sklearn imported"
