"""Checks PyTorch inside an image: prints one JSON object a line, {"name", "outcome", "detail", "seconds", "gpu"}.

Outcomes: passed, failed, not_supported (this GPU or this build cannot), skipped (nothing to check with). Every check that computes
compares with a result of the CPU in double precision. Runs with python3 -I, so nothing of the caller's directory is imported.
"""

import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import time

CHILD_SECONDS = 180


class NotSupported(Exception):
    pass


class Skipped(Exception):
    pass


def emit(name, outcome, detail, seconds, gpu=None):
    print(json.dumps({"name": name, "outcome": outcome, "detail": str(detail)[:600], "seconds": round(seconds, 3), "gpu": gpu}), flush=True)


# Names of the checks to run, empty for all; set by --only=NAME,NAME.
ONLY = set()


def check(name, action, gpu=None):
    if ONLY and name not in ONLY:
        return True
    began = time.perf_counter()
    try:
        outcome, detail = "passed", action()
    except NotSupported as reason:
        outcome, detail = "not_supported", reason
    except Skipped as reason:
        outcome, detail = "skipped", reason
    except Exception as error:  # every failure is a finding, none may end the run
        outcome, detail = "failed", f"{type(error).__name__}: {error}"
    emit(name, outcome, detail or "", time.perf_counter() - began, gpu)
    return outcome == "passed"


def close(actual, expected, tolerance, what):
    import torch

    actual, expected = actual.detach().double().cpu(), expected.detach().double().cpu()
    error = ((actual - expected).norm() / expected.norm().clamp_min(1e-30)).item()
    if not (math.isfinite(error) and error <= tolerance):
        raise AssertionError(f"{what}: relative error {error:.2e}, allowed {tolerance:.0e}")
    assert torch.isfinite(actual).all(), f"{what}: not finite"
    return f"{what}: relative error {error:.1e}"


def architectures(index):
    def run():
        import torch

        major, minor = torch.cuda.get_device_capability(index)
        built = torch.cuda.get_arch_list()
        own = any(a.startswith(f"sm_{major}") and a[4:].rstrip("af").isdigit() and int(a[3:].rstrip("af")) <= major * 10 + minor for a in built)
        ptx = any(a.startswith("compute_") and int(a[8:].rstrip("af")) <= major * 10 + minor for a in built)
        assert own or ptx, f"GPU is sm_{major}{minor}, this PyTorch has {' '.join(built)}"
        return f"sm_{major}{minor} " + ("is served by the build" if own else "is compiled from PTX at first use") + f" ({' '.join(built)})"

    return run


def convolution(device):
    def run():
        import torch

        assert torch.backends.cudnn.is_available(), "cuDNN cannot be loaded"
        torch.manual_seed(0)
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            layer = torch.nn.Conv2d(16, 32, 3, padding=1).double()
            x = torch.randn(4, 16, 40, 40, dtype=torch.double)
            expected = layer(x)
            actual = layer.float().to(device)(x.float().to(device))
        return close(actual, expected, 1e-4, f"cuDNN {torch.backends.cudnn.version()}")

    return run


def attention(device):
    def run():
        import torch
        from torch.nn.attention import SDPBackend, sdpa_kernel

        torch.manual_seed(0)
        q, k, v = (torch.randn(2, 4, 256, 64, dtype=torch.double) for _ in range(3))
        expected = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        tried = []
        for backend in (SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.CUDNN_ATTENTION, SDPBackend.MATH):
            try:
                with sdpa_kernel(backend):
                    actual = torch.nn.functional.scaled_dot_product_attention(*(t.half().to(device) for t in (q, k, v)), is_causal=True)
            except RuntimeError:
                continue
            close(actual, expected, 5e-3, backend.name)
            tried.append(backend.name.lower())
        assert tried, "no backend works"
        return ", ".join(tried)

    return run


def learns(device, dtype):
    """Autocast until the loss of a small regression has fallen to a tenth: FP16 with GradScaler, BF16 without."""

    def run():
        import torch

        if dtype == torch.bfloat16 and torch.cuda.get_device_capability(device)[0] < 8:
            raise NotSupported("BF16 needs compute capability 8.0")
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(64, 256), torch.nn.GELU(), torch.nn.Linear(256, 8)).to(device)
        optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
        scaler = torch.amp.GradScaler("cuda", enabled=dtype == torch.float16)
        x = torch.randn(512, 64, device=device)
        y = torch.tanh(x @ torch.randn(64, 8, device=device) / 8)
        first = last = None
        for step in range(400):
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cuda", dtype=dtype):
                loss = torch.nn.functional.mse_loss(model(x).float(), y)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            last = loss.item()
            first = last if first is None else first
            if last < first / 10:
                return f"loss {first:.3f} to {last:.4f} in {step + 1} steps"
        raise AssertionError(f"loss only from {first:.3f} to {last:.3f} in 400 steps")

    return run


def products(device):
    def run():
        import torch

        torch.manual_seed(0)
        a, b = torch.randn(256, 512, dtype=torch.double), torch.randn(512, 128, dtype=torch.double)
        torch.backends.cuda.matmul.allow_tf32 = True
        said = []
        for dtype, tolerance in ((torch.float64, 1e-13), (torch.float32, 2e-3), (torch.float16, 3e-3), (torch.bfloat16, 2e-2)):
            said.append(close(a.to(device, dtype) @ b.to(device, dtype), a @ b, tolerance, str(dtype).removeprefix("torch.")))
        return "; ".join(said)

    return run


def float8(device):
    def run():
        import torch

        if torch.cuda.get_device_capability(device) < (8, 9):
            raise NotSupported("FP8 needs compute capability 8.9 (Ada, Hopper or newer)")
        if not hasattr(torch, "_scaled_mm"):
            raise Skipped("this PyTorch has no scaled product")
        torch.manual_seed(0)
        a, b = torch.randn(256, 512), torch.randn(512, 128)
        one = torch.ones((), device=device)
        low_a = a.to(device).to(torch.float8_e4m3fn)
        low_b = b.t().contiguous().to(device).to(torch.float8_e4m3fn).t()
        actual = torch._scaled_mm(low_a, low_b, scale_a=one, scale_b=one, out_dtype=torch.bfloat16)
        actual = actual[0] if isinstance(actual, tuple) else actual
        return close(actual, low_a.double().cpu() @ low_b.double().cpu(), 2e-2, "E4M3")

    return run


def compiled(device):
    def run():
        import torch

        try:
            import triton
        except ImportError:
            raise Skipped("Triton is not in this image")
        program = (
            "import sys, torch\n"
            "f = torch.compile(lambda x: torch.nn.functional.gelu(x) * 2 + x.sin())\n"
            f"x = torch.randn(4096, device='{device}')\n"
            "e = torch.nn.functional.gelu(x.double()) * 2 + x.double().sin()\n"
            "assert torch.allclose(f(x).double(), e, atol=1e-5), 'wrong result'\n"
        )
        # A file, since inductor wants the source of what it compiles.
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "compiled.py")
            with open(path, "w", encoding="utf-8") as file:
                file.write(program)
            result = subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=CHILD_SECONDS, env={**os.environ, "TORCHINDUCTOR_CACHE_DIR": folder})
        if result.returncode != 0:
            last = (result.stderr.strip() or "no message").splitlines()[-1]
            if "compiler" in last.lower() or "gcc" in last.lower() or "Python.h" in result.stderr:
                raise NotSupported(f"Triton {triton.__version__} needs a C compiler and Python's headers in the image: {last}")
            raise AssertionError(last)
        return f"Triton {triton.__version__}"

    return run


class Numbers:
    """At module level: workers that are started afresh must find it by name."""

    def __len__(self):
        return 64

    def __getitem__(self, index):
        import torch

        return torch.full((512, 1024), float(index))


def loader():
    import torch

    before = {p for p in os.listdir("/dev/shm")} if os.path.isdir("/dev/shm") else set()
    space = os.statvfs("/dev/shm") if os.path.isdir("/dev/shm") else None
    size = f"/dev/shm of {space.f_blocks * space.f_frsize >> 20} MiB" if space else "no /dev/shm"
    total = 0.0
    try:
        # All four batches of 32 MiB are on their way at the same time.
        for batch in torch.utils.data.DataLoader(Numbers(), batch_size=16, num_workers=2, pin_memory=torch.cuda.is_available(), multiprocessing_context="fork"):
            total += batch[:, 0, 0].sum().item()
    except RuntimeError as error:
        # A worker that ran out of it dies of SIGBUS; PyTorch only guesses why.
        raise AssertionError(f"{size} for batches of 128 MiB: {str(error).splitlines()[0]}; start the container with a larger --shm-size") from error
    assert total == sum(range(64)), f"batches add up to {total}"
    left = [p for p in os.listdir("/dev/shm") if p not in before and p.startswith("torch_")] if os.path.isdir("/dev/shm") else []
    assert not left, f"left in /dev/shm: {left[0]}"
    return f"2 workers, 128 MiB, {size}"


RANKS = """
import os, torch, torch.distributed as dist
local = int(os.environ["LOCAL_RANK"])
gpu = torch.cuda.is_available()
if gpu: torch.cuda.set_device(local)
dist.init_process_group("nccl" if gpu else "gloo")
rank, world = dist.get_rank(), dist.get_world_size()
device = f"cuda:{local}" if gpu else "cpu"
x = torch.arange(1 << 20, dtype=torch.float32, device=device) + rank
dist.all_reduce(x)
expected = torch.arange(1 << 20, dtype=torch.float32) * world + world * (world - 1) / 2
assert torch.equal(x.cpu(), expected), "all-reduce is wrong"
model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(8, 1).to(device), device_ids=[local] if gpu else None)
model(torch.randn(4, 8, device=device)).sum().backward()
if rank == 0: print(f"{world} rank(s), {dist.get_backend()} {'.'.join(map(str, torch.cuda.nccl.version())) if gpu else ''}")
dist.destroy_process_group()
"""


def torchrun(count):
    def run():
        import torch

        if not torch.distributed.is_available():
            raise Skipped("this PyTorch has no distributed part")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "ranks.py")
            with open(path, "w", encoding="utf-8") as file:
                file.write(RANKS)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            command = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={count}", "--master-addr=127.0.0.1", f"--master-port={port}", path]
            result = subprocess.run(command, capture_output=True, text=True, timeout=CHILD_SECONDS, env={**os.environ, "OMP_NUM_THREADS": "1"})
        if result.returncode != 0:
            lines = [line for line in result.stderr.splitlines() if "Error" in line] or result.stderr.strip().splitlines() or ["no message"]
            raise AssertionError(lines[-1].strip())
        return result.stdout.strip().splitlines()[-1]

    return run


def versions(wanted):
    def run():
        from importlib import metadata

        wrong = []
        for name, version in wanted.items():
            try:
                have = metadata.version(name)
            except metadata.PackageNotFoundError:
                have = "absent"
            # A local version label (+cu130) may be left out of the lock.
            if have != version and have.split("+")[0] != version:
                wrong.append(f"{name} is {have}, locked is {version}")
        assert not wrong, "; ".join(wrong)
        return f"{len(wanted)} distributions as locked"

    return run


def main(arguments):
    options = dict(a.removeprefix("--").split("=", 1) for a in arguments)
    state = {}
    ONLY.update(n for n in options.get("only", "").split(",") if n)
    if ONLY:
        ONLY.update(["import torch", "CUDA seen"])  # the others stand on them

    def load():
        import torch

        state["torch"] = torch
        return f"PyTorch {torch.__version__}, CUDA {torch.version.cuda}, Python {sys.version.split()[0]}"

    if not check("import torch", load):
        return 1
    torch = state["torch"]
    expect_gpu = options.get("gpus", "auto")

    def seen():
        if torch.version.cuda is None:
            if expect_gpu == "required":
                raise AssertionError("this PyTorch was built without CUDA")
            raise NotSupported("this PyTorch was built without CUDA")
        if not torch.cuda.is_available():
            torch.cuda.init()  # says why
        return f"{torch.cuda.device_count()} GPU(s): " + ", ".join(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))

    gpus = torch.cuda.device_count() if check("CUDA seen", seen) else 0
    for index in range(gpus):
        device = f"cuda:{index}"
        check("architecture", architectures(index), index)
        check("matrix products", products(device), index)
        check("cuDNN convolution", convolution(device), index)
        check("attention", attention(device), index)
        check("FP16 autocast with GradScaler", learns(device, torch.float16), index)
        check("BF16 autocast", learns(device, torch.bfloat16), index)
        check("FP8 product", float8(device), index)
        check("torch.compile", compiled(device), index)
        torch.cuda.empty_cache()
    check("DataLoader with workers", loader)
    check("torchrun", torchrun(max(1, gpus)))
    if "versions" in options:
        check("versions as locked", versions(json.loads(options["versions"])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
