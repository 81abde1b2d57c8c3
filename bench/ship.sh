#!/bin/sh
# Pull until a container can start: an image of a registry on loopback, side by side, in turns.
#   bench/ship.sh IMAGE [ROUNDS]
# IMAGE is what skopeo reads, e.g. oci:layout:tag. Torchyard pulls it and extracts its layers; skopeo copies it and umoci unpacks it;
# podman, where it works, pulls it into storage of its own. Each begins with nothing there.
. "$(dirname "$0")/lib.sh"
image=${1:?IMAGE}
rounds=${2:-3}
need docker-registry skopeo umoci
work=$(mktemp -d "${TMPDIR:-/var/tmp}/torchyard-bench.XXXXXX")
BENCH_LOG=$work/log
port=${TORCHYARD_BENCH_PORT:-5123}
cat >"$work/registry.yml" <<YML
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: "127.0.0.1:$port"}
YML
docker-registry serve "$work/registry.yml" >/dev/null 2>&1 &
registry=$!
trap 'kill $registry 2>/dev/null; rm -rf "$work"' EXIT INT TERM
name=127.0.0.1:$port/bench/image:1
tries=0
until skopeo --insecure-policy copy --quiet --dest-tls-verify=false "$image" "docker://$name" >>"$BENCH_LOG" 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 20 ] || { cat "$BENCH_LOG" >&2; exit 1; }
    sleep 0.5
done

torchyard_pull() { rm -rf "$work/ty"; "$ty" --store "$work/ty" --progress none pull "$name"; "$ty" --store "$work/ty" --progress none layers "$name"; }
skopeo_umoci() {
    rm -rf "$work/oci" "$work/bundle"
    skopeo --insecure-policy copy --quiet --src-tls-verify=false "docker://$name" "oci:$work/oci:1"
    umoci unpack --image "$work/oci:1" "$work/bundle"
}
podman_pull() {
    rm -rf "$work/podman"
    podman --root "$work/podman/root" --runroot "$work/podman/run" pull --quiet --tls-verify=false "$name"
    podman --root "$work/podman/root" --runroot "$work/podman/run" image umount --all
}

tools="torchyard_pull skopeo_umoci"
if command -v podman >/dev/null && podman_pull >>"$BENCH_LOG" 2>&1; then tools="$tools podman_pull"; fi
i=0
while [ $i -lt "$rounds" ]; do
    i=$((i + 1))
    for tool in $tools; do wall "$tool" >>"$work/$tool"; done
done
machine
skopeo inspect --raw --tls-verify=false "docker://$name" | tr ',{}' '\n' | awk -F: '/"size"/ { sum += $2; n++ } END { printf "image: %.0f MB in %d blobs\n", sum / 1e6, n }'
own=$(median <"$work/torchyard_pull")
for tool in $tools; do
    echo "$tool: median of $rounds: $(median <"$work/$tool") s ($(median 2 <"$work/$tool") s of CPU), $(ratio "$(median <"$work/$tool")" "$own") times Torchyard's"
    keep "$tool" <"$work/$tool"
done
echo "peak memory of torchyard pull: $(peak_memory torchyard_pull) MB"
