"""Bus bandwidth of torch.distributed's collectives over NCCL and rate of copies between GPUs, measured the way `torchyard bench` measures.

    torchrun --standalone --nproc-per-node=GPUS torch_collectives.py OUTPUT.JSON

Writes one JSON object: {key of `torchyard bench --json`: [[bytes of a message, GB/s (10^9)], ...]}; copies have one point. Medians.
Bus bandwidth as nccl-tests define it (doc/PERFORMANCE.md).
"""

import json
import os
import statistics
import sys

import torch
import torch.distributed as dist

SIZES = [1 << 20, 1 << 22, 1 << 24, 1 << 26, 1 << 28, 1 << 30]
REPETITIONS, ROUNDS = 10, 5
COPY = 256 << 20


def seconds(action, repetitions=REPETITIONS):
    """One call, on this rank's GPU: warmed up, then the median of rounds of back-to-back calls."""
    for _ in range(3):
        action()
    torch.cuda.synchronize()
    if dist.is_initialized():
        dist.barrier()
    rounds = []
    for _ in range(ROUNDS):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        for _ in range(repetitions):
            action()
        end.record()
        end.synchronize()
        rounds.append(start.elapsed_time(end) / 1000 / repetitions)
    return statistics.median(rounds)


def collectives(rank, ranks):
    """Key, share of the message that a link carries, and what is called for so many elements."""
    send, receive = (torch.ones(SIZES[-1] // 4, device="cuda") for _ in range(2))
    onward, back = (rank + 1) % ranks, (rank - 1) % ranks

    def exchange(count):
        for request in dist.batch_isend_irecv([dist.P2POp(dist.isend, send[:count], onward), dist.P2POp(dist.irecv, receive[:count], back)]):
            request.wait()

    yield "nccl.all_reduce", 2 * (ranks - 1) / ranks, lambda count: dist.all_reduce(send[:count])
    yield "nccl.all_gather", (ranks - 1) / ranks, lambda count: dist.all_gather_into_tensor(receive[: count // ranks * ranks], send[: count // ranks])
    yield "nccl.reduce_scatter", (ranks - 1) / ranks, lambda count: dist.reduce_scatter_tensor(receive[: count // ranks], send[: count // ranks * ranks])
    yield "nccl.broadcast", 1, lambda count: dist.broadcast(send[:count], 0)
    yield "nccl.send_receive", 1, exchange


def copies(ranks):
    found = {}
    for source in range(ranks):
        for target in range(ranks):
            if source == target:
                continue
            torch.cuda.set_device(source)
            here = torch.ones(COPY, dtype=torch.uint8, device=f"cuda:{source}")
            there = torch.empty(COPY, dtype=torch.uint8, device=f"cuda:{target}")
            found[f"peer.{source}.{target}"] = [[COPY, COPY / seconds(lambda: there.copy_(here, non_blocking=True)) / 1e9]]
    return found


def main(output):
    rank, ranks = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl", device_id=torch.device("cuda", int(os.environ["LOCAL_RANK"])))
    found = {}
    with torch.no_grad():
        for key, share, call in collectives(rank, ranks):
            found[key] = [[size, size * share / seconds(lambda: call(size // 4)) / 1e9] for size in SIZES]
    dist.barrier()
    dist.destroy_process_group()
    if rank == 0:
        # One process has all GPUs for these, as `torchyard bench` has.
        found |= copies(ranks)
        with open(output, "w", encoding="utf-8") as file:
            json.dump(found, file)


if __name__ == "__main__":
    main(sys.argv[1])
