#!/bin/sh
# Start of a container: `torchyard run --rm IMG true` against `podman run --rm` and `docker run --rm`, the same image, in turns, medians.
#   bench/run-true.sh IMAGE [ROUNDS]
# podman gets the arguments of TORCHYARD_BENCH_PODMAN before `run` (default: --runtime=runc, since podman's crun refuses hybrid cgroups).
# docker: as root, where dockerd is installed, a daemon of this script's own is started, with storage below TMPDIR and without bridge or firewall
# rules, and ended again. Another daemon (DOCKER_HOST, the machine's) is measured with TORCHYARD_BENCH_DOCKER=given; TORCHYARD_BENCH_DOCKER=none leaves
# docker out. Without podman, docker alone is measured, and the other way round.
. "$(dirname "$0")/lib.sh"
image=${1:?name of an image of the store}
case $image in *:*) ;; *) image=$image:latest ;; esac
rounds=${2:-15}
work=$(mktemp -d "${TMPDIR:-/var/tmp}/torchyard-bench.XXXXXX")
store=${TORCHYARD_STORE:-/var/lib/torchyard}
BENCH_LOG=$work/log
daemon=

finish() {
    trap - EXIT INT TERM
    if [ -n "$podman" ]; then podman rmi -f torchyard-bench >/dev/null 2>&1; fi
    if [ "$docker" = given ]; then docker rmi -f "$reference" >/dev/null 2>&1; fi
    if [ -n "$daemon" ]; then
        # Its containerd ends with it.
        kill "$daemon" && wait "$daemon"
        umount "$work/exec/netns/default" 2>/dev/null
    fi
    rm -rf --one-file-system "$work"
}

start_docker() {
    PATH=$PATH:/usr/sbin:/sbin dockerd --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/pid" --host "unix://$work/docker.sock" \
        --bridge=none --iptables=false --ip6tables=false </dev/null >"$work/dockerd.log" 2>&1 &
    daemon=$!
    export DOCKER_HOST="unix://$work/docker.sock"
    until docker version >/dev/null 2>&1; do
        kill -0 "$daemon" 2>/dev/null || { echo "bench: dockerd did not start, docker is left out: $(tail -n 1 "$work/dockerd.log")" >&2; daemon='' docker=''; return 0; }
        sleep 0.1
    done
}

podman='' docker='' reference=''
trap finish EXIT INT TERM
"$ty" --version >/dev/null
# The program itself: ./torchyard first looks whether the sources have changed, which an installed program does not.
[ -n "${TORCHYARD_BENCH_PROGRAM:-}" ] || ty=$(dirname "$ty")/.torchyard/current/torchyard
case ${TORCHYARD_BENCH_DOCKER:-} in
none) ;;
given) docker=given ;;
*) if [ "$(id -u)" -eq 0 ] && command -v docker >/dev/null && PATH=$PATH:/usr/sbin command -v dockerd >/dev/null; then docker=own; start_docker; fi ;;
esac
if command -v podman >/dev/null; then
    need skopeo
    podman=podman
    skopeo copy -q "oci:$store/oci:$image" containers-storage:localhost/torchyard-bench:latest
fi
[ -n "$podman$docker" ] || { echo "bench: neither podman nor docker is here; on Debian: apt-get install podman skopeo" >&2; exit 1; }
if [ -n "$docker" ]; then
    "$ty" run --engine docker --rm "$image" true
    reference=$("$ty" run --dry-run "$image" 2>/dev/null | sed -n '1s/.*\(localhost\/torchyard:[0-9a-f]*\).*/\1/p')
fi
podman_options=${TORCHYARD_BENCH_PODMAN:---runtime=runc}
# podman asks for limits that it may not raise everywhere; what is harmless elsewhere is given here.
limits="--ulimit nofile=$(ulimit -Hn):$(ulimit -Hn) --ulimit nproc=32768:32768"
ours() { "$ty" run --rm "$image" true; }
with_podman() { podman $podman_options run --rm $limits --network host --entrypoint '' localhost/torchyard-bench:latest true; }
with_docker() { docker run --rm --network host --entrypoint '' "$reference" true; }
others=
[ -z "$podman" ] || others="$others with_podman"
[ -z "$docker" ] || others="$others with_docker"
for one in ours $others; do wall "$one" >/dev/null; done
i=0
while [ $i -lt "$rounds" ]; do
    i=$((i + 1))
    for one in ours $others; do wall "$one" >>"$work/$one"; done
done
b=$(median <"$work/ours")
machine
for one in ours $others; do keep "run --rm true: ${one#with_}" <"$work/$one"; done
for one in $others; do
    a=$(median <"$work/$one")
    name=${one#with_}
    [ "$name" = podman ] || name="docker $(docker version --format '{{.Server.Version}}')"
    echo "run --rm IMG true, median of $rounds: torchyard $b s, $name $a s: $(ratio "$a" "$b") times as fast"
done
