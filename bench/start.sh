#!/bin/sh
# Start-up of the program and its size.
#   bench/start.sh [ROUNDS]
. "$(dirname "$0")/lib.sh"
rounds=${1:-40}
here=$(cd "$(dirname "$0")/.." && pwd)
BENCH_LOG=/dev/null
"$here/torchyard" --version >/dev/null
program=$here/.torchyard/current/torchyard
work=$(mktemp -d "${TMPDIR:-/var/tmp}/torchyard-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
start() { "$program" --version; }
through_the_script() { "$here/torchyard" --version; }
i=0
while [ $i -lt "$rounds" ]; do
    i=$((i + 1))
    wall start >>"$work/start"
    wall through_the_script >>"$work/script"
done
machine
awk -v bytes="$(wc -c <"$program")" 'BEGIN { printf "size: %.1f MB\n", bytes / 1e6 }'
echo "start to end of --version, median of $rounds: program $(median <"$work/start") s, through ./torchyard (which looks for changed sources) $(median <"$work/script") s"
keep "torchyard --version" <"$work/start"
keep "./torchyard --version" <"$work/script"
