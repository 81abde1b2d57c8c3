#!/bin/sh
# Start of a container: `torchyard run --rm IMG true` against `podman run --rm IMG true`, the same image, in turns, medians.
#   bench/run-true.sh IMAGE [ROUNDS]
# podman gets the arguments of TORCHYARD_BENCH_PODMAN before `run` (default: --runtime=runc, since podman's crun refuses hybrid cgroups).
. "$(dirname "$0")/lib.sh"
need podman skopeo
image=${1:?name of an image of the store}
case $image in *:*) ;; *) image=$image:latest ;; esac
rounds=${2:-15}
work=$(mktemp -d "${TMPDIR:-/var/tmp}/torchyard-bench.XXXXXX")
trap 'podman rmi -f torchyard-bench >/dev/null 2>&1; rm -rf "$work"' EXIT INT TERM
store=${TORCHYARD_STORE:-/var/lib/torchyard}
BENCH_LOG=$work/log
"$ty" --version >/dev/null
# The program itself: ./torchyard first looks whether the sources have changed, which an installed program does not.
[ -n "${TORCHYARD_BENCH_PROGRAM:-}" ] || ty=$(dirname "$ty")/.torchyard/current/torchyard
skopeo copy -q "oci:$store/oci:$image" containers-storage:localhost/torchyard-bench:latest
podman_options=${TORCHYARD_BENCH_PODMAN:---runtime=runc}
# podman asks for limits that it may not raise everywhere; what is harmless elsewhere is given here.
limits="--ulimit nofile=$(ulimit -Hn):$(ulimit -Hn) --ulimit nproc=32768:32768"
ours() { "$ty" run --rm "$image" true; }
other() { podman $podman_options run --rm $limits --network host --entrypoint '' localhost/torchyard-bench:latest true; }
wall ours >/dev/null; wall other >/dev/null
i=0
while [ $i -lt "$rounds" ]; do
    i=$((i + 1))
    wall ours >>"$work/ours"
    wall other >>"$work/other"
done
a=$(median <"$work/other"); b=$(median <"$work/ours")
machine
echo "run --rm IMG true, median of $rounds: torchyard $b s, podman $a s: $(ratio "$a" "$b") times as fast"
