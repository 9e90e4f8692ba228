#!/usr/bin/env bash
# Tool: threadpoolctl 3.8.0 with the OpenBLAS of numpy 2.4.6 (threads by pthreads)
# Expected: inside `with threadpool_limits(1, "blas")` products are of one thread, whoever else limits them: that is what
#   the block is for, and OpenBLAS has one number of threads a process.
# Instead: while one thread of the program is inside such a block, a block that another thread enters is passed over
#   without a word: its number is not set, and not restored. The first thread's number holds for both.
# Right value: the number of threads that threadpool_info() gives from inside the second block; 3.7.0, where it is set.
# Seen:
#   3.7.0  first block, of 2: 2   second block, of 1, in a thread: 1
#   3.8.0  first block, of 2: 2   second block, of 1, in a thread: 2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/limits.py" <<'PY'
import threading

import numpy as np
from threadpoolctl import __version__, threadpool_info, threadpool_limits


def threads() -> int:
    return next(one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas")


np.ones((8, 8)) @ np.ones((8, 8))
seen = []


def second() -> None:
    with threadpool_limits(1, "blas"):
        seen.append(threads())


with threadpool_limits(2, "blas"):
    first = threads()
    other = threading.Thread(target=second)
    other.start()
    other.join()
print(f"{__version__}  first block, of 2: {first}   second block, of 1, in a thread: {seen[0]}")
PY
for version in 3.7.0 3.8.0; do
    python3 -m venv --without-pip "$folder/$version"
    python3 -m pip --python "$folder/$version/bin/python" install --quiet --no-compile numpy==2.4.6 "threadpoolctl==$version"
    env -u OMP_NUM_THREADS -u OPENBLAS_NUM_THREADS OPENBLAS_NUM_THREADS=2 "$folder/$version/bin/python" "$folder/limits.py"
done | tee "$folder/seen"
grep -q "^3.7.0 .*thread: 1$" "$folder/seen"
grep -q "^3.8.0 .*thread: 2$" "$folder/seen"
