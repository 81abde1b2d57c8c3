say() { echo "torchyard: $(date -u +%Y-%m-%dT%H:%M:%SZ) node=$SLURMD_NODENAME $*" >&2; }
if ! "$TORCHYARD_PROGRAM" version > /dev/null; then
    say "failed reason=program: $TORCHYARD_PROGRAM does not run on this node; install it there, or submit with --program PATH"
    exit 1
fi
# Left behind by an attempt that was killed.
"$TORCHYARD_PROGRAM" "$@" rm --force "job-$TORCHYARD_JOB-$SLURMD_NODENAME" > /dev/null 2>&1
if "$TORCHYARD_PROGRAM" "$@" layers "$TORCHYARD_IMAGE" > /dev/null 2>&1; then
    exit 0
fi
case $TORCHYARD_IMAGE_NAME in
    */*)
        if "$TORCHYARD_PROGRAM" "$@" pull "$TORCHYARD_IMAGE_NAME" &&
            "$TORCHYARD_PROGRAM" "$@" layers "$TORCHYARD_IMAGE" > /dev/null; then
            exit 0
        fi
        say "failed reason=pull: $TORCHYARD_IMAGE_NAME did not come"
        ;;
    *)
        say "failed reason=image: $TORCHYARD_IMAGE_NAME ($TORCHYARD_IMAGE) is not in this node's store;" \
            "push it to a registry and submit that name, or share the store and name it with --store"
        ;;
esac
exit 1
