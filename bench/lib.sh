# Shared by the benchmarks: medians and honest clocks. Source it; it runs nothing by itself.
set -eu
ty=${TORCHYARD_BENCH_PROGRAM:-$(cd "$(dirname "$0")/.." && pwd)/torchyard}

# Where raw results are kept: nowhere unless asked. Scripts change their directory.
case ${TORCHYARD_BENCH_RESULTS:-} in '' | /*) ;; *) TORCHYARD_BENCH_RESULTS=$PWD/$TORCHYARD_BENCH_RESULTS ;; esac

# Prints the wall seconds and the CPU seconds (user and system, with all child processes) of one run of a command; its output goes to $BENCH_LOG. On a machine that others use too, TORCHYARD_BENCH_LOCK names a
# file whose lock is held while something is measured, and which the others take (flock -s FILE COMMAND) for what would disturb it.
wall() {
    if [ -n "${TORCHYARD_BENCH_LOCK:-}" ]; then
        exec 9>>"$TORCHYARD_BENCH_LOCK"
        flock -x 9
    fi
    BENCH_CPU=$(mktemp)
    times >"$BENCH_CPU"
    BENCH_START=$(date +%s%N)
    "$@" >>"${BENCH_LOG:-/dev/null}" 2>&1 9>&- || { echo "bench: failed: $* (see $BENCH_LOG)" >&2; exit 1; }
    BENCH_END=$(date +%s%N)
    if [ -n "${TORCHYARD_BENCH_LOCK:-}" ]; then exec 9>&-; fi
    times >>"$BENCH_CPU"
    # Each "times" prints a line of this shell and one of its children.
    awk -v n=$((BENCH_END - BENCH_START)) '
        NR % 2 == 0 { gsub(/s/, ""); for (i = 1; i <= 2; i++) { split($i, t, "m"); cpu += (NR == 2 ? -1 : 1) * (t[1] * 60 + t[2]) } }
        END { printf "%.3f %.3f\n", n / 1e9, cpu }' "$BENCH_CPU"
    rm -f "$BENCH_CPU"
}

# Runs a command and prints the peak of what it and all its descendants have in memory together, in MB: the sum of their proportional set sizes
# (/proc/PID/smaps_rollup, Pss: shared pages are divided among those who share them), sampled ten times a second. The page cache is not in it.
peak_memory() {
    "$@" >>"${BENCH_LOG:-/dev/null}" 2>&1 &
    BENCH_PID=$!
    BENCH_PEAK=0
    while kill -0 "$BENCH_PID" 2>/dev/null; do
        BENCH_NOW=$(ps -e -o pid=,ppid= | awk -v root="$BENCH_PID" '
            { parent[$1] = $2 }
            END { for (p in parent) { for (q = p; q && q != root; q = parent[q]); if (q == root) print "/proc/" p "/smaps_rollup" } }' |
            xargs cat 2>/dev/null | awk '/^Pss:/ { sum += $2 } END { print sum + 0 }') || BENCH_NOW=0
        if [ "$BENCH_NOW" -gt "$BENCH_PEAK" ]; then BENCH_PEAK=$BENCH_NOW; fi
        sleep 0.1
    done
    wait "$BENCH_PID" || { echo "bench: failed: $* (see $BENCH_LOG)" >&2; exit 1; }
    awk -v kib="$BENCH_PEAK" 'BEGIN { printf "%.0f\n", kib * 1024 / 1e6 }'
}

# Median of the numbers in a column of standard input (default: the first).
median() {
    awk -v c="${1:-1}" '{ print $c }' | sort -n | awk '{ v[NR] = $1 } END { if (NR % 2) print v[(NR + 1) / 2]; else printf "%.3f\n", (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# ratio A B: how many times B is faster than A.
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a / b }'; }

need() {
    for tool in "$@"; do
        command -v "$tool" >/dev/null || { echo "bench: $tool is missing; on Debian: apt-get install ${tool}" >&2; exit 1; }
    done
}

machine() {
    echo "machine: $(nproc) CPUs, $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), Linux $(uname -r), $(. /etc/os-release; echo "$PRETTY_NAME")"
}

# keep WHAT <ROUNDS (a file: behind a pipe it would be a shell of its own): with TORCHYARD_BENCH_RESULTS=DIR, adds what "wall" printed in each round to the script's file there; results/README.md describes it.
keep() {
    if [ -z "${TORCHYARD_BENCH_RESULTS:-}" ]; then
        cat >/dev/null
        return 0
    fi
    if [ -z "${BENCH_KEPT:-}" ]; then
        mkdir -p "$TORCHYARD_BENCH_RESULTS"
        BENCH_KEPT=$TORCHYARD_BENCH_RESULTS/$(date -u +%Y-%m-%dT%H%M%SZ)-$(basename "$0" .sh).tsv
        {
            echo "# date: $(date -u +%Y-%m-%dT%H:%M:%SZ)"
            echo "# $(machine)"
            echo "# cpu: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
            echo "# load before: $(cut -d' ' -f1-3 /proc/loadavg)"
            echo "# program: $("$ty" --version), commit $(git -C "$(dirname "$(readlink -f "$ty")")" describe --always --dirty 2>/dev/null || echo unknown)"
            printf 'what\tround\twall_s\tcpu_s\n'
        } >"$BENCH_KEPT"
        echo "raw results: $BENCH_KEPT"
    fi
    awk -v what="$1" '{ printf "%s\t%d\t%s\t%s\n", what, NR, $1, $2 }' >>"$BENCH_KEPT"
}
