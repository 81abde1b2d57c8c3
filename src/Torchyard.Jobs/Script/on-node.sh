# One process on each node: it becomes 'torchyard run', which gets the signals of the step.
number=0
for node in $TORCHYARD_JOB_NODES; do
    # By name: SLURM_NODEID counts within a step.
    [ "$node" = "$SLURMD_NODENAME" ] && break
    number=$((number + 1))
done
gpus=()
count=1
if [ -n "${CUDA_VISIBLE_DEVICES:-}" ]; then
    gpus=(--gpus all)
    count=$(tr ',' '\n' <<< "$CUDA_VISIBLE_DEVICES" | grep -c .)
fi
export NNODES="${NNODES:-$SLURM_JOB_NUM_NODES}" NODE_RANK="${NODE_RANK:-$number}"
export TORCHYARD_RANKS_HERE="${TORCHYARD_RANKS_PER_NODE:-$count}" TORCHYARD_NODE="$SLURMD_NODENAME"
export TORCHYARD_HOST_NAMESPACE="$(readlink /proc/self/ns/mnt)"
variables=()
for name in ${!SLURM_@} SLURMD_NODENAME MASTER_ADDR MASTER_PORT WORLD_SIZE RANK LOCAL_RANK LOCAL_WORLD_SIZE NNODES NODE_RANK \
    TORCHYARD_JOB TORCHYARD_NODE TORCHYARD_ATTEMPT TORCHYARD_LAUNCH TORCHYARD_RANKS_HERE TORCHYARD_HOST_NAMESPACE; do
    [ -n "${!name+set}" ] && variables+=(--env "$name")
done
exec "$TORCHYARD_PROGRAM" run --rm --name "job-$TORCHYARD_JOB-$SLURMD_NODENAME" --label "torchyard.job=$TORCHYARD_JOB" \
    "${gpus[@]}" "${variables[@]}" "$@"
