#!/bin/sh
# Start-up of the program and its size.
. "$(dirname "$0")/lib.sh"
need hyperfine
here=$(cd "$(dirname "$0")/.." && pwd)
"$here/torchyard" --version >/dev/null
program=$(find "$here/.torchyard" "$here/artifacts" -type f -name torchyard -perm -u+x 2>/dev/null | head -n 1)
machine
ls -l "$program" | awk '{ printf "size: %.1f MB\n", $5 / 1e6 }'
hyperfine -N --warmup 5 --runs 40 "$program --version" "$here/torchyard --version"
