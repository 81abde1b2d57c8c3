#!/bin/sh
# Measures torchyard bench and PyTorch in turns on the first GPU and compares them.
# usage: run.sh TORCHYARD PYTHON OUTPUT [ROUNDS] [SIZE]
set -eu
torchyard=$1 python=$2 out=$3 rounds=${4:-2} size=${5:-8192}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
# The libraries of that PyTorch, so that both sides compute with the same cuBLASLt.
libraries=$("$python" - <<'PY'
import glob, os, sysconfig
site = sysconfig.get_paths()["purelib"]
print("\n".join(sorted(glob.glob(os.path.join(site, "nvidia", "*", "lib")), reverse=True)))
PY
)
set --
for directory in $libraries; do set -- "$@" --libraries "$directory"; done
n=1
while [ "$n" -le "$rounds" ]; do
    CUDA_VISIBLE_DEVICES=0 "$torchyard" bench --json --size "$size" --html "$out/torchyard-$n.html" "$@" >"$out/torchyard-$n.json" 2>"$out/torchyard-$n.log" || true
    CUDA_VISIBLE_DEVICES=0 "$python" "$here/torch_rates.py" "$out/torch-$n.json" "$size" 2>"$out/torch-$n.log"
    n=$((n + 1))
done
"$python" "$here/compare.py" "$out" "$rounds" | tee "$out/compare.txt"
