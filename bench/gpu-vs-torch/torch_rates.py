"""PyTorch's own best rates on the first GPU, measured the way `torchyard bench` measures: warmed up, back to back, random data.

Writes one JSON object {key: value} with the keys of `torchyard bench --json`; rates in TFLOPS or TOPS, bandwidths in GB/s (10^9),
latencies in microseconds. Medians over batches.
"""

import json
import statistics
import sys
import time

import torch

SIZE = int(sys.argv[2]) if len(sys.argv) > 2 else 8192
SECONDS = float(sys.argv[3]) if len(sys.argv) > 3 else 0.5
DEVICE = torch.device("cuda:0")


def measure(action, batch_seconds=0.05, total_seconds=SECONDS):
    """Seconds for one call: the median of batches of back-to-back calls, timed by events."""

    def timed(times):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        for _ in range(times):
            action()
        end.record()
        end.synchronize()
        return start.elapsed_time(end) / 1000 / times

    action()
    torch.cuda.synchronize()
    once = max(timed(1), 1e-7)
    in_batch = max(1, min(10000, int(batch_seconds / once) + 1))
    timed(in_batch)
    batches = []
    began = time.perf_counter()
    while len(batches) < 3 or time.perf_counter() - began < total_seconds:
        batches.append(timed(in_batch))
    return statistics.median(batches)


def best(actions):
    """The fastest of several ways to do the same, each measured briefly, then in full."""
    working = []
    for action in actions:
        try:
            working.append((measure(action, total_seconds=0.1), action))
        except Exception as error:  # an operand layout that this PyTorch refuses
            print(f"  skipped: {str(error).splitlines()[0]}", file=sys.stderr)
    return measure(min(working, key=lambda pair: pair[0])[1]) if working else None


def matrix_rates():
    work = 2 * SIZE**3 / 1e12
    found = {}

    def floating(key, dtype, tf32):
        torch.backends.cuda.matmul.allow_tf32 = tf32
        # In the full width of the format: FP64 operands made from float32 have 29 zero bits each, draw less power and run 11 % faster.
        a, b = (torch.randn(SIZE, SIZE, device=DEVICE, dtype=dtype) for _ in range(2))
        out = torch.empty(SIZE, SIZE, device=DEVICE, dtype=dtype)
        seconds = best([lambda: torch.mm(a, b, out=out), lambda: torch.mm(a, b.t(), out=out), lambda: torch.mm(a.t(), b, out=out)])
        found[key] = work / seconds if seconds else None

    floating("matrix.fp64", torch.float64, False)
    floating("matrix.fp32", torch.float32, False)
    floating("matrix.tf32", torch.float32, True)
    floating("matrix.fp16", torch.float16, False)
    floating("matrix.bf16", torch.bfloat16, False)

    one = torch.ones((), device=DEVICE)

    def scaled(key, dtype_a):
        a = torch.randn(SIZE, SIZE, device=DEVICE).to(dtype_a)
        b = torch.randn(SIZE, SIZE, device=DEVICE).to(torch.float8_e4m3fn).t()
        seconds = best([
            lambda fast=fast: torch._scaled_mm(a, b, scale_a=one, scale_b=one, out_dtype=torch.bfloat16, use_fast_accum=fast)
            for fast in (False, True)
        ])
        found[key] = work / seconds if seconds else None

    if torch.cuda.get_device_capability() >= (8, 9):
        scaled("matrix.fp8_e4m3", torch.float8_e4m3fn)
        scaled("matrix.fp8_e5m2", torch.float8_e5m2)

    a = torch.randint(-127, 128, (SIZE, SIZE), device=DEVICE, dtype=torch.int8)
    b = torch.randint(-127, 128, (SIZE, SIZE), device=DEVICE, dtype=torch.int8)
    seconds = best([lambda: torch._int_mm(a, b), lambda: torch._int_mm(a, b.t())])
    found["matrix.int8"] = work / seconds if seconds else None
    return found


def copy_rates():
    found = {}
    size = min(4 << 30, torch.cuda.mem_get_info()[0] // 3)
    source = torch.randint(0, 256, (size,), device=DEVICE, dtype=torch.uint8)
    target = torch.empty_like(source)
    wide_source, wide_target = source.view(torch.float32), target.view(torch.float32)
    seconds = best([lambda: target.copy_(source), lambda: wide_target.copy_(wide_source), lambda: torch.neg(wide_source, out=wide_target)])
    found["memory.copy"] = 2 * size / seconds / 1e9
    seconds = best([lambda: target.zero_(), lambda: wide_target.fill_(1.5)])
    found["memory.write"] = size / seconds / 1e9
    del source, target, wide_source, wide_target
    torch.cuda.empty_cache()

    size = 256 << 20
    device = torch.empty(size, device=DEVICE, dtype=torch.uint8)
    pinned = torch.full((size,), 60, dtype=torch.uint8).pin_memory()
    found["host.pinned_to_device"] = size / measure(lambda: device.copy_(pinned, non_blocking=True)) / 1e9
    found["host.device_to_pinned"] = size / measure(lambda: pinned.copy_(device, non_blocking=True)) / 1e9
    def waiting(action):
        action()
        torch.cuda.synchronize()
        times = []
        began = time.perf_counter()
        while len(times) < 5 or time.perf_counter() - began < SECONDS / 2:
            start = time.perf_counter()
            action()
            torch.cuda.synchronize()
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    # Where the kernel places a buffer decides up to a fifth of the rate: the best of several, as `torchyard bench` does.
    buffers = [torch.full((size,), 60, dtype=torch.uint8) for _ in range(4)]
    found["host.pageable_to_device"] = size / min(waiting(lambda: device.copy_(buffer)) for buffer in buffers) / 1e9
    found["host.device_to_pageable"] = size / min(waiting(lambda: buffer.copy_(device)) for buffer in buffers) / 1e9
    return found


def launch_latency():
    x = torch.zeros(1, device=DEVICE)
    for _ in range(100):
        x.add_(1)
    torch.cuda.synchronize()
    rounds = []
    for _ in range(15):
        began = time.perf_counter()
        for _ in range(2000):
            x.add_(1)
        torch.cuda.synchronize()
        rounds.append((time.perf_counter() - began) / 2000 * 1e6)
    return {"launch.back_to_back": statistics.median(rounds)}


if __name__ == "__main__":
    torch.cuda.init()
    rates = {**launch_latency(), **copy_rates(), **matrix_rates()}
    rates["_torch"] = f"{torch.__version__}, CUDA {torch.version.cuda}, {torch.cuda.get_device_name()}"
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        json.dump(rates, out, indent=2)
