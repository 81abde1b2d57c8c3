"""Trains gpt.py's model for some seconds and prints what was seen as one line of JSON; part of 'torchyard bench train'."""

import argparse
import ctypes
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))


class Energy:
    """Joules that a GPU has used since the driver was loaded, from NVML; None where it does not say (before Volta, or no NVML)."""

    def __init__(self, uuid):
        self.device = ctypes.c_void_p()
        try:
            self.nvml = ctypes.CDLL("libnvidia-ml.so.1")
            told = self.nvml.nvmlInit_v2() or self.nvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}".encode(), ctypes.byref(self.device))
            self.nvml = None if told else self.nvml
        except OSError:
            self.nvml = None

    def joules(self):
        millijoules = ctypes.c_ulonglong()
        if self.nvml is None or self.nvml.nvmlDeviceGetTotalEnergyConsumption(self.device, ctypes.byref(millijoules)):
            return None
        return millijoules.value / 1000


def measure(arguments, seconds, windows=3):
    """Three windows after a warm-up: tokens per second is the median, all ranks together."""
    import gpt
    import torch
    import torch.distributed as dist

    began = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        args = gpt.parse_arguments([*arguments, "--checkpoints", directory, "--steps", "1000000", "--save-every", "0"])
        args.checkpoints = Path(gather(directory)[0]) / "run"
        run = gpt.Run(args)
        batches = run.batches()

        def steps(count):
            for _ in range(count):
                loss, norm = run.train_step(batches)
            if not torch.isfinite(loss):
                raise RuntimeError(f"the loss is {loss.item()} after {run.step} steps")
            return loss.item()

        def longest(value):
            """Ranks must take the same number of steps, and the slowest one decides how fast they are."""
            values = torch.tensor([value], device=run.device, dtype=torch.float64)
            if run.ranks > 1:
                dist.all_reduce(values, op=dist.ReduceOp.MAX)
            return values.item()

        first_loss = steps(1)
        compiled = time.monotonic() - began
        steps(2)
        mark = time.monotonic()
        steps(2)
        count = max(2, round(seconds / windows / (longest(time.monotonic() - mark) / 2)))
        energy = Energy(torch.cuda.get_device_properties(run.device).uuid if run.gpu else "")
        rates, joules = [], energy.joules()
        for _ in range(windows):
            mark = time.monotonic()
            loss = steps(count)
            tokens = count * args.batch_size * args.accumulate * args.context * run.ranks
            rates.append(tokens / longest(time.monotonic() - mark))
        rate = statistics.median(rates)
        used = None if joules is None else (energy.joules() - joules) * run.ranks / (tokens * windows)
        flops = rate / run.ranks * run.model.flops_per_token()
        shards = run.ranks if args.parallel == "fsdp" else 1
        return {
            "gpu": run.name,
            "gpus": run.ranks if run.gpu else 0,
            "torch": torch.__version__,
            "precision": args.precision,
            "size": args.size,
            "context": args.context,
            "batch": args.batch_size,
            "compile": args.compile,
            "tokens_per_second": rate,
            "spread": (max(rates) - min(rates)) / rate,
            "tflops": flops / 1e12,
            "mfu": flops / (run.peak * 1e12) if run.peak else None,
            "peak": run.peak,
            "memory_bytes": torch.cuda.max_memory_allocated() if run.gpu else None,
            "memory_estimated": gpt.memory_needed(args.size, args.batch_size, args.context, args.precision, args.recompute, shards),
            "joules_per_token": used,
            "start_seconds": compiled,
            "steps": run.step,
            "first_loss": first_loss,
            "loss": loss,
        }


def gather(value):
    """The values of all ranks; joins them first, for they agree on a directory before the run is there."""
    import torch
    import torch.distributed as dist

    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        return [value]
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    if not dist.is_initialized():
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    values = [None] * dist.get_world_size()
    dist.all_gather_object(values, value)
    return values


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6)
    options, arguments = parser.parse_known_args()
    result = measure(arguments, options.seconds)
    if int(os.environ.get("RANK", 0)) == 0:
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
