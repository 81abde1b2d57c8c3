# In the container of a node, by its own shell; "$@" is the command.
say() { echo "torchyard: $(date -u +%Y-%m-%dT%H:%M:%SZ) $*" >&2; }
if [ "$(readlink /proc/self/ns/mnt)" = "$TORCHYARD_HOST_NAMESPACE" ]; then
    say "failed node=$TORCHYARD_NODE reason=outside: this is the host, not the container"
    exit 97
fi

ranks=$TORCHYARD_RANKS_HERE
case $TORCHYARD_LAUNCH in
    torchrun)
        [ "$NODE_RANK" = 0 ] && host=1 || host=0
        export TORCHELASTIC_LOG_LINE_PREFIX_TEMPLATE='[${rank}] '
        set -- "$1" -m torch.distributed.run --nnodes="$NNODES" --nproc-per-node="$ranks" --rdzv-backend=c10d \
            --rdzv-endpoint="$MASTER_ADDR:$MASTER_PORT" --rdzv-conf="is_host=$host" \
            --rdzv-id="$TORCHYARD_JOB.$TORCHYARD_ATTEMPT" --tee=3 --log-dir=/tmp/torchyard-ranks --no-python "$@"
        ranks=1
        ;;
    node) ranks=1 ;;
    *) export WORLD_SIZE="${WORLD_SIZE:-$((NNODES * ranks))}" LOCAL_WORLD_SIZE="${LOCAL_WORLD_SIZE:-$ranks}" ;;
esac

# A session of its own for each: what signals the container's group, such as a terminal, does not reach its loader processes.
own_session=$(command -v setsid)
work=$(mktemp -d)
main=$$
waiters=''
local=0
while [ "$local" -lt "$ranks" ]; do
    (
        # A signal is for the program, which the shell around it outlives to tell how it ended.
        trap '' USR1 USR2 TERM
        if [ "$TORCHYARD_LAUNCH" = ranks ]; then
            export LOCAL_RANK="${LOCAL_RANK:-$local}" RANK="${RANK:-$((NODE_RANK * ranks + local))}"
            mkfifo "$work/$local"
            sed -u "s/^/[$RANK] /" < "$work/$local" &
            sed=$!
            (trap - USR1 USR2 TERM; exec $own_session "$@") > "$work/$local" 2>&1 &
        else
            (trap - USR1 USR2 TERM; exec $own_session "$@") &
        fi
        program=$!
        echo "$program" > "$work/pid.$local"
        wait "$program"
        status=$?
        [ -z "${sed:-}" ] || wait "$sed"
        if [ "$status" != 0 ] && mkdir "$work/failed" 2>/dev/null; then
            echo "$status" > "$work/failed/status"
            if [ -z "$(cat "$work/warned" 2>/dev/null)" ]; then
                [ "$TORCHYARD_LAUNCH" = ranks ] && which=" rank=$RANK" || which=''
                say "failed$which node=$TORCHYARD_NODE status=$status"
            fi
            kill -s USR1 "$main"
        fi
    ) &
    waiters="$waiters $!"
    local=$((local + 1))
done

# Whoever catches USR2 is told by it, else by TERM; one that catches neither is left alone: it would die of either.
# The ranks of torchrun are its children.
tell() {
    echo "$1" > "$work/warned"
    for file in "$work"/pid.*; do
        parent=$(cat "$file")
        told="$parent"
        [ "$TORCHYARD_LAUNCH" = ranks ] || told=$(cat "/proc/$parent/task/$parent/children" 2>/dev/null)
        for process in ${told:-$parent}; do
            caught=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$process/status" 2>/dev/null)
            caught=$((0x0${caught#????????}))
            if [ "$1" = USR2 ] && [ $((caught >> 11 & 1)) = 1 ]; then
                kill -s USR2 "$process" 2>/dev/null
            elif [ $((caught >> 14 & 1)) = 1 ] || [ "$1" = TERM ]; then
                kill -s TERM "$process" 2>/dev/null
            fi
        done
    done
}
trap 'tell USR2' USR2
trap 'tell TERM' TERM
# One rank has failed: the others would wait for it.
trap 'for file in "$work"/pid.*; do kill -s TERM "$(cat "$file")" 2>/dev/null; done' USR1

for waiter in $waiters; do
    while kill -0 "$waiter" 2>/dev/null; do wait "$waiter"; done
done
exit "$(cat "$work/failed/status" 2>/dev/null || echo 0)"
