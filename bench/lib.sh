# Shared by the benchmarks: medians and honest clocks. Source it; it runs nothing by itself.
set -eu

# Prints the wall seconds of one run of a command; its output goes to $BENCH_LOG.
wall() {
    BENCH_START=$(date +%s%N)
    "$@" >>"${BENCH_LOG:-/dev/null}" 2>&1 || { echo "bench: failed: $*" >&2; exit 1; }
    BENCH_END=$(date +%s%N)
    awk -v n=$((BENCH_END - BENCH_START)) 'BEGIN { printf "%.3f\n", n / 1e9 }'
}

# Median of the numbers on standard input.
median() {
    sort -n | awk '{ v[NR] = $1 } END { if (NR % 2) print v[(NR + 1) / 2]; else printf "%.3f\n", (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
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
