#!/bin/sh
# Installs the same local wheels with pip (into a fresh virtual environment, with and without bytecode), with uv where there is one, and
# with Torchyard (into layers: blob and mounted form), in turns; prints wall and CPU seconds of each run, then the medians.
# run.sh WHEEL-DIRECTORY. Run as root, on an idle machine; the wheels are read once before, so that all sides find them in the page cache.
# Nothing is removed before the end: ext4 searches past inodes that were freed in the last minutes, which would cost whoever comes next.
# A round takes five times the installed size of disk. For machines that lack them: PYTHON names another interpreter, PIP a program,
# WHEEL_LAYERS this one when it is built already.
set -eu
wheels=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
trap 'rm -rf "$work"' EXIT
python=${PYTHON:-python3}
pip=${PIP:-$python -m pip}
if [ -z "${WHEEL_LAYERS:-}" ]; then
    dotnet publish --nologo -v quiet -r linux-x64 -o "$work/program" "$here/WheelLayers"
    WHEEL_LAYERS=$work/program/wheel-layers
fi
cat "$wheels"/*.whl > /dev/null
number=0
# A new environment in $venv.
new_venv() {
    number=$((number + 1))
    venv=$work/venv-$number
    "$python" -m venv --without-pip "$venv"
    sync
}
timed() {
    label=$1
    shift
    "$python" - "$label" "$@" <<'TIMED' | tee -a "$work/all"
import resource, subprocess, sys, time
start = time.monotonic()
done = subprocess.run(sys.argv[2:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
wall = time.monotonic() - start
if done.returncode:
    sys.exit(f"bench: {sys.argv[2:5]} failed: {done.stdout.decode()[-2000:]}")
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{sys.argv[1]}: {wall:.2f} s, {used.ru_utime + used.ru_stime:.2f} CPU s, peak {used.ru_maxrss / 1e3:.0f} MB")
TIMED
}
install() {
    # shellcheck disable=SC2086  # words
    timed "$1" $pip --python "$venv/bin/python" install --no-index --no-deps --disable-pip-version-check $2 "$wheels"/*.whl
}
echo "machine: $(nproc) CPUs, $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), $(. /etc/os-release; echo "$PRETTY_NAME"), $($pip --version | cut -d' ' -f1,2), $("$python" --version)"
for round in ${ROUNDS:-1 2}; do
    new_venv; install "pip install --no-compile" --no-compile
    new_venv; install "pip install" ""
    if command -v uv > /dev/null; then
        new_venv; timed "uv pip install" uv pip install --python "$venv/bin/python" --no-index --no-deps --no-cache "$wheels"/*.whl
        new_venv; timed "uv pip install --compile-bytecode" uv pip install --python "$venv/bin/python" --no-index --no-deps --no-cache --compile-bytecode "$wheels"/*.whl
    fi
    for form in gzip zstd; do
        sync
        "$WHEEL_LAYERS" "$wheels" "$work/store-$form-$round" $form | tee -a "$work/all"
    done
done
echo
echo "medians"
cut -d: -f1 "$work/all" | sort -u | while read -r label; do
    grep "^$label: " "$work/all" | sed 's/^[^:]*: \([0-9.]*\) s.*/\1/' | sort -n | awk -v label="$label" '{all[NR] = $1} END {m = NR % 2 ? all[(NR + 1) / 2] : (all[NR / 2] + all[NR / 2 + 1]) / 2; printf "%s: %.2f s\n", label, m}'
done
