#!/bin/sh
# Installs the same local wheels with pip (into a fresh virtual environment, with and without bytecode), with uv where there is one, and
# with Torchyard (into layers: blob and mounted form), in turns; prints wall and CPU seconds of each run, then the medians.
# run.sh WHEEL-DIRECTORY. Run as root, on an idle machine; the wheels are read once before, so that all sides find them in the page cache.
set -eu
wheels=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
trap 'rm -rf "$work"' EXIT
tests="$here/../../tests/Torchyard.Images.Tests"
[ -n "${NO_BUILD:-}" ] || dotnet build -c Release --nologo -v quiet "$tests"
cat "$wheels"/*.whl > /dev/null
timed() {
    label=$1
    shift
    sync
    rm -rf "$work/venv"; python3 -m venv "$work/venv"
    command time -f "%e %U %S" -o "$work/time" "$@" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    awk -v label="$label" '{printf "%s: %.2f s, %.2f CPU s\n", label, $1, $2 + $3}' "$work/time" | tee -a "$work/all"
}
for round in ${ROUNDS:-1 2 3}; do
    timed "pip install --no-compile" "$work/venv/bin/pip" install --no-index --no-deps --no-compile --disable-pip-version-check "$wheels"/*.whl
    timed "pip install" "$work/venv/bin/pip" install --no-index --no-deps --disable-pip-version-check "$wheels"/*.whl
    if command -v uv > /dev/null; then
        timed "uv pip install" uv pip install --python "$work/venv/bin/python" --no-index --no-deps --no-cache "$wheels"/*.whl
    fi
    rm -rf "$work/venv"
    sync
    TORCHYARD_BENCH_WHEELS=$wheels TORCHYARD_BENCH_RESULT=$work/result "$tests/bin/Release/net10.0/Torchyard.Images.Tests" \
        --filter-class "*WheelBenchmark" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    tee -a "$work/all" < "$work/result"; rm "$work/result"
done
echo
echo "medians"
cut -d: -f1 "$work/all" | sort -u | while read -r label; do
    grep "^$label: " "$work/all" | sed 's/^[^:]*: \([0-9.]*\) s.*/\1/' | sort -n | awk -v label="$label" '{all[NR] = $1} END {print label ": " all[int((NR + 1) / 2)] " s"}'
done
