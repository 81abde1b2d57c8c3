#!/bin/sh
# Installs the same local wheels with pip (into a virtual environment, with and without bytecode), with uv where there is one, and with
# Torchyard (into layers: blob and mounted form): run.sh WHEEL-DIRECTORY. Run as root, on an idle machine; the wheels are read once
# before, so that all sides find them in the page cache.
set -eu
wheels=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
trap 'rm -rf "$work"' EXIT
cat "$wheels"/*.whl > /dev/null
timed() {
    label=$1
    shift
    sync
    start=$(date +%s.%N)
    "$@" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    end=$(date +%s.%N)
    echo "$label: $(echo "$end - $start" | bc) s"
}
for round in ${ROUNDS:-1 2 3}; do
    rm -rf "$work/venv"; python3 -m venv "$work/venv"
    timed "pip install --no-compile" "$work/venv/bin/pip" install --no-index --no-deps --no-compile --disable-pip-version-check "$wheels"/*.whl
    rm -rf "$work/venv"; python3 -m venv "$work/venv"
    timed "pip install" "$work/venv/bin/pip" install --no-index --no-deps --disable-pip-version-check "$wheels"/*.whl
    if command -v uv > /dev/null; then
        rm -rf "$work/venv"; python3 -m venv "$work/venv"
        timed "uv pip install" uv pip install --python "$work/venv/bin/python" --no-index --no-deps "$wheels"/*.whl
    fi
    sync
    TORCHYARD_BENCH_WHEELS=$wheels TORCHYARD_BENCH_RESULT=$work/result dotnet test -c Release --project "$here/../../tests/Torchyard.Images.Tests" \
        ${NO_BUILD:+--no-build} -- --filter-class "*WheelBenchmark" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    cat "$work/result"; rm "$work/result"
done
