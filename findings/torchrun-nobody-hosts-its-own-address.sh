#!/usr/bin/env bash
# Tool: torch 2.13.0, torchrun --rdzv-backend c10d --rdzv-endpoint ADDRESS:PORT
# Expected: The machine that has ADDRESS on one of its interfaces serves the rendezvous; with --nnodes 1 it is there.
# Instead: torchrun looks only at the addresses to which the machine's own name resolves. Where that is the
#   loopback one, as by Debian's "127.0.1.1 NAME" in /etc/hosts, no machine takes ADDRESS for its own: all of
#   them connect to a port that nobody serves, and the job ends with a time-out that speaks of the network.
# Right value: the same command with --rdzv-conf is_host=1, which serves at ADDRESS and runs; the address is
#   this machine's by the kernel's own choice of a way.
# Needed: Linux with unshare, and an interface besides the loopback one.
# Seen (one machine, its name made "localhost" within the script, time-out of 5 s):
#   by its address: ended with 1, ran 0 times: DistNetworkError
#   told is_host=1: ended with 0, ran 1 times
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    torch==2.13.0 numpy==2.4.6
cd "$folder"
echo 'open("ran", "a").write("once\n")' > worker.py
# Which sends nothing: a datagram's socket chooses an interface when it is connected (198.51.100.0/24 is for documents).
address=$(python3 -c '
import socket
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asking.connect(("198.51.100.1", 9))
print(asking.getsockname()[0])')
[[ $address != 127.* ]]
attempt() {  # NAME SETTINGS
    local code=0
    : > ran
    unshare --map-root-user --uts sh -c 'hostname localhost && exec "$@"' sh \
        "$folder/venv/bin/python" -m torch.distributed.run --nnodes 1 --nproc-per-node 1 --rdzv-backend c10d \
        --rdzv-endpoint "$address:29478" --rdzv-id job --rdzv-conf "read_timeout=5$2" worker.py > log 2>&1 || code=$?
    echo "$1: ended with $code, ran $(wc -l < ran) times$(grep -q DistNetworkError log && echo ': DistNetworkError')"
}
attempt "by its address" "" | tee first
attempt "told is_host=1" ",is_host=1" | tee second
[[ "$(cat first)" == "by its address: ended with 1, ran 0 times: DistNetworkError" ]]
[[ "$(cat second)" == "told is_host=1: ended with 0, ran 1 times" ]]
