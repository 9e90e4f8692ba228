#!/usr/bin/env bash
# Tool: torch 2.13.0 on a CPU, torch._int_mm, the product of bytes under torch's own and torchao's quantised layers
# Expected: A product of int8 with sums in int32 is quicker than the same product in float32, or at worst about as slow.
# Instead: It is where the processor has VNNI. Without (AVX2 alone) it takes tens of times as long as float32, and as
#   torch.mm of the same bytes, whose sums wrap; nothing says so. Both products give the same whole numbers.
# Right value: float32, whose sums of 256 products of bytes are exact, timed side by side in one process.
# Seen (an AMD EPYC with AVX2 and no VNNI):
#   the same numbers: True
#   VNNI: no; float32 1.0, int8 by mm 1.1, int8 by _int_mm 55.5
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile torch==2.13.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import time

import torch

torch.set_num_threads(1)
bytes_ = torch.randint(-128, 128, (256, 512), generator=torch.Generator().manual_seed(0)).to(torch.int8)
reals = bytes_.float()


def seconds(product, part):
    taken = []
    for _ in range(6):
        start = time.perf_counter()
        product(part.T, part)
        taken.append(time.perf_counter() - start)
    return min(taken[1:])


same = torch.equal(torch._int_mm(bytes_.T, bytes_).double(), (reals.T @ reals).double())
print("the same numbers:", same)
one = seconds(torch.mm, reals)
plain, product = (seconds(function, bytes_) / one for function in (torch.mm, torch._int_mm))
has_vnni = any(key.endswith("vnni") and value for key, value in torch.cpu.get_capabilities().items())
print(f"VNNI: {'yes' if has_vnni else 'no'}; float32 1.0, int8 by mm {plain:.1f}, int8 by _int_mm {product:.1f}")
assert same and (product > 5) == (not has_vnni)
PY
