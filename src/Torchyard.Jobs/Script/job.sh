# What happens is one line each in the job's log: 'torchyard: TIME WHAT …'. 'torchyard jobs show' reads them.
say() { echo "torchyard: $(date -u +%Y-%m-%dT%H:%M:%SZ) $*"; }

# All nodes, in Slurm's order: a node's place in this list is its NODE_RANK.
nodes=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | paste -sd ' ')
address=$(scontrol --oneliner show node "${nodes%% *}" | sed -n 's/.* NodeAddr=\([^ ]*\).*/\1/p')

# 61000 and above is beyond the kernel's own choice (ip_local_port_range); jobs on one machine begin at different
# numbers, and one that is taken is passed over.
port=$((61000 + SLURM_JOB_ID % 4500))
while grep -qi "^ *[0-9]*: [0-9A-F]*:$(printf %04X "$port") [0-9A-F]*:0000 0A" /proc/net/tcp /proc/net/tcp6 2>/dev/null; do
    port=$((port + 1))
done

# What is set already stays.
export MASTER_ADDR="${MASTER_ADDR:-$address}" MASTER_PORT="${MASTER_PORT:-$port}"
export TORCHYARD_JOB="$SLURM_JOB_ID" TORCHYARD_JOB_NODES="$nodes" TORCHYARD_PROGRAM="$torchyard" TORCHYARD_IMAGE="$image"
export TORCHYARD_IMAGE_NAME="$image_name" TORCHYARD_RANKS_PER_NODE="$ranks_per_node" TORCHYARD_LAUNCH="$launch"

say "started attempt=${SLURM_RESTART_COUNT:-0} nodes=${nodes// /,} master=$MASTER_ADDR:$MASTER_PORT image=$image"

# The image, once on each node and before any rank: Slurm waits only a short time for a step to begin.
if ! srun --ntasks="$SLURM_JOB_NUM_NODES" --ntasks-per-node=1 --kill-on-bad-exit=0 bash -c "$prepare" prepare "${store[@]}"; then
    say "ended status=1 reason=image"
    exit 1
fi

# A signal that goes through srun reaches every process of the step, loader processes and torchrun too, which die of
# SIGUSR2. So each node is asked to give it to its container's first program alone, which knows the ranks.
tell='exec "$TORCHYARD_PROGRAM" "$@" kill --signal USR2 "job-$TORCHYARD_JOB-$SLURMD_NODENAME"'
warned=''
warn() {
    warned=$1
    say "warned signal=$1"
    if [ "$1" = USR2 ]; then
        srun --overlap --ntasks="$SLURM_JOB_NUM_NODES" --ntasks-per-node=1 bash -c "$tell" tell "${store[@]}" > /dev/null &
    else
        kill -s TERM "$step" 2>/dev/null
    fi
}
trap 'warn USR2' USR2
trap 'warn TERM' TERM

# From the host: 'scontrol requeue' is not in a container. Slurm starts the job again when it can.
requeue() {
    if [ "$may_requeue" != yes ]; then
        say "ended status=$status reason=$1"
        exit "$status"
    fi
    say "requeued reason=$1"
    scontrol requeue "$SLURM_JOB_ID" || say "ended status=$status reason=requeue-refused"
    exit "$status"
}

failures=0
while :; do
    export TORCHYARD_ATTEMPT="${SLURM_RESTART_COUNT:-0}.$failures"
    srun --ntasks="$SLURM_JOB_NUM_NODES" --ntasks-per-node=1 --kill-on-bad-exit=1 \
        bash -c "$on_node" on-node "${store[@]}" "${run_options[@]}" "$image" sh -c "$in_container" ranks "${command[@]}" &
    step=$!
    wait "$step"
    status=$?
    # A signal ends the wait, not the step.
    while kill -0 "$step" 2>/dev/null; do
        wait "$step"
        status=$?
    done

    if [ "$status" = 0 ]; then
        say 'ended status=0'
        exit 0
    fi
    job=$(scontrol --oneliner show job "$SLURM_JOB_ID")
    if [[ $job == *' PreemptTime='[0-9]* ]]; then
        requeue preempted
    elif [ "$warned" = USR2 ]; then
        requeue time-limit
    elif [ "$warned" = TERM ]; then
        say "ended status=$status reason=cancelled"
        exit "$status"
    elif [ "$failures" -ge "$max_restarts" ]; then
        say "ended status=$status reason=failure"
        exit "$status"
    fi
    pause=$((10 << failures))
    [ "$pause" -le 600 ] || pause=600
    failures=$((failures + 1))
    say "restarted reason=failure status=$status number=$failures of=$max_restarts pause=${pause}s"
    sleep "$pause" &
    wait $!
    [ -z "$warned" ] || requeue time-limit
done
