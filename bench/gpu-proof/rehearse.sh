#!/bin/sh
# Rehearses gpu-proof without a GPU, on a machine that looks like the recorded one. Exit status 0: every step ran to its end, and all
# checks passed that need no computing GPU.
# REHEARSE_STEPS: which steps. FAKE_GPUS: how many GPUs the machine has (1).
# usage: bench/gpu-proof/rehearse.sh STORE IMAGE [options of run]    IMAGE: of the store, with python3
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
store=$1 image=$2
shift 2
work=$(mktemp -d /tmp/gpu-rehearsal.XXXXXX)
trap 'rm -rf "$work"' EXIT
steps=${REHEARSE_STEPS:-facts,record,doctor,root,up,everyday,start,sabotage}
"$root/tests/Torchyard.Testing/Gpus/Fakes/enter.sh" "$root/tests/Torchyard.Testing/Gpus/Machines/h200" \
    "$here/run" --work "$work/work" --store "$store" --out "$work/out" --image "$image" --steps "$steps" --starts 4 --patience 4 --budget 1800 "$@" || true
python3 -B "$here/rehearsed.py" "$work"/out/*/report.json
