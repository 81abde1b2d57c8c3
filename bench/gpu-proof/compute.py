"""What computes: verify, bench beside PyTorch, training that is killed and resumed, and fit against what PyTorch says."""

import json
import os
import re
import shutil
import statistics
import subprocess
import time

from container import name

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# What a verify on a Hopper GPU with PyTorch must have passed; the names are those of its table.
PROOFS = [
    "context and kernels", "memory test", "pinned host copies", "pageable host copies", "FP64 product", "FP32 product", "TF32 product", "FP16 product",
    "BF16 product", "FP8 E4M3 product", "FP8 E5M2 product", "INT8 product", "all-reduce", "all-gather", "reduce-scatter", "broadcast", "send and receive",
    "import torch", "CUDA seen", "architecture", "matrix products", "cuDNN convolution", "attention", "FP16 autocast with GradScaler", "BF16 autocast",
    "FP8 product", "torch.compile", "DataLoader with workers", "torchrun",
]


def verify(proof):
    page = os.path.join(proof.out, "verify.html")
    result = proof.yard("verify", name(proof), "--json", "--html", page, limit=150)
    report = result.json()
    passed = {r["name"] for r in report.get("verify", []) if r["outcome"].lower() == "passed"}
    other = [f"{r['name']}: {r['outcome']}: {r['detail']}" for r in report.get("verify", []) if r["outcome"].lower() != "passed"]
    proof.check("verify is green inside the image", result.ok and report.get("verdict", {}).get("good"), report.get("verdict", {}).get("text") or result.words)
    proof.check("every precision and operator was executed", not set(PROOFS) - passed, ", ".join(sorted(set(PROOFS) - passed)) or f"{len(passed)} proofs")
    proof.check("nothing failed or was left out", not other, "; ".join(other))
    proof.check("the page was written", os.path.exists(page))
    proof.number("verify", result.seconds, "s")
    proof.number("proofs passed", len(passed))


def compared(proof, where, text, required):
    """Reads the table of gpu-vs-torch/compare.py."""
    seen = {}
    for line in text.splitlines():
        found = re.match(r"(\S+\.\S+)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)\s", line)
        if found:
            seen[found.group(1)] = [float(v) for v in found.groups()[1:]]
    for key in required:
        ours, theirs, ratio = seen.get(key, (0, 0, 0))
        proof.check(f"{where}: {key} at least 98 % of PyTorch", ratio >= 0.98, f"{ours} and {theirs}, ratio {ratio}")
        proof.number(f"{where} {key}", ratio)


RATES = [
    "matrix.fp64", "matrix.fp32", "matrix.tf32", "matrix.fp16", "matrix.bf16", "matrix.fp8_e4m3", "matrix.fp8_e5m2", "matrix.int8", "memory.copy",
    "host.pinned_to_device", "host.device_to_pinned", "host.pageable_to_device", "host.device_to_pageable",
]


def bench(proof):
    folder = os.path.join(proof.work, "bench")
    result = proof.run(
        "sh", os.path.join(ROOT, "bench", "gpu-vs-torch", "run.sh"), proof.torchyard, proof.python, folder, proof.options.rounds, proof.options.size,
        limit=proof.options.rounds * 110, name="gpu-vs-torch")
    proof.number("bench beside PyTorch", result.seconds, "s")
    compared(proof, "machine", result.out, RATES)
    if os.path.exists(page := os.path.join(folder, "torchyard-1.html")):
        shutil.copy(page, os.path.join(proof.out, "bench.html"))


def bench_inside(proof):
    """bench IMAGE and PyTorch of the same image, in turns."""
    folder = os.path.join(proof.work, "bench", "inside")
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o777)
    for number in range(1, proof.options.rounds + 1):
        ours = proof.yard("bench", name(proof), "--json", "--size", proof.options.size, limit=110)
        with open(os.path.join(folder, f"torchyard-{number}.json"), "w", encoding="utf-8") as file:
            file.write(ours.out)
        theirs = proof.yard(
            "run", "--rm", "--gpus", "all", "-v", os.path.join(ROOT, "bench", "gpu-vs-torch") + ":/bench:ro", "-v", folder + ":/out", name(proof),
            "python3", "/bench/torch_rates.py", f"/out/torch-{number}.json", proof.options.size, limit=110, name="torch-inside")
        ran = ours.out.startswith("{") and theirs.ok
        if not proof.check(f"bench IMAGE and PyTorch inside ran, round {number}", ran, theirs.words if ours.out.startswith("{") else ours.words):
            return
    table = proof.run(proof.python, os.path.join(ROOT, "bench", "gpu-vs-torch", "compare.py"), folder, proof.options.rounds, name="compare")
    compared(proof, "image", table.out, RATES)


# Training

SMALL_BATCH = 32
BATCH = 256


def plan(proof):
    """Arguments of train.py that every run of a comparison shares."""
    return [
        "--epochs", "4", "--samples", str(proof.options.samples), "--batch-size", str(BATCH), "--checkpoint-every", "20", "--log-every", "20",
        "--workers", str(min(8, os.cpu_count())), "--deterministic",
    ]


def outcome(text):
    weights = re.search(r"weights sha256:(\w+)", text)
    speed = re.findall(r"([\d.]+) samples/s", text)
    return weights.group(1) if weights else None, float(speed[-1]) if speed else 0.0


def steady(text, batch):
    """Steps per second from the second epoch on: what comes before is spent on starting worker processes and loading kernels from the disk."""
    rows = [tuple(map(float, row)) for row in re.findall(r"epoch (\d+)\s+step (\d+)/\d+.*?([\d.]+) samples/s", text)]
    # The script says the mean rate since its start.
    times = [(step, step * batch / rate) for epoch, step, rate in rows if epoch >= 2]
    return (times[-1][0] - times[0][0]) / (times[-1][1] - times[0][1]) if len(times) > 1 else 0.0


def prepare(proof):
    folder = os.path.join(proof.work, "train")
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o777)
    if not os.path.exists(os.path.join(folder, "train.py")):
        made = proof.yard("init", "cpu", "--example", cwd=folder, name="init")
        proof.check("init --example writes train.py", made.ok and os.path.exists(os.path.join(folder, "train.py")), made.words)
    return folder


def in_container(proof, folder, *arguments, limit=90, label="train"):
    return proof.yard(
        "run", "--rm", "--gpus", "all", "-v", f"{folder}:/work", "-w", "/work", name(proof), "python3", "train.py", *plan(proof), *arguments, limit=limit, name=label)


def killed_in_the_middle(proof, folder, holder, *command):
    """Starts a training command in a container of that name, kills it with -9 once it has passed a checkpoint; how far it was."""
    log = os.path.join(proof.raw, f"{holder}.txt")
    started = proof.yard("run", "-d", "--name", holder, "--gpus", "all", "-v", f"{folder}:/work", "-w", "/work", name(proof), *command, name="killed")
    step, deadline = 0, time.monotonic() + min(60, proof.remaining())
    while started.ok and time.monotonic() < deadline:
        said = subprocess.run([proof.torchyard, "logs", holder], env=proof.environment, capture_output=True, text=True, timeout=20).stdout
        with open(log, "w", encoding="utf-8") as file:
            file.write(said)
        steps = re.findall(r"step (\d+)/(\d+)", said)
        if steps:
            step, total = map(int, steps[-1])
            if step >= total // 3:
                break
        time.sleep(0.1)
    proof.yard("kill", "-s", "KILL", holder, name="kill")
    proof.yard("rm", "--force", holder, name="rm")
    return step


def train(proof):
    folder = prepare(proof)
    for precision in ("fp16", "bf16"):
        whole = in_container(proof, folder, "--precision", precision, "--checkpoints", f"whole-{precision}", "--fresh", label=f"whole-{precision}")
        weights, _ = outcome(whole.out)
        if not proof.check(f"{precision}: trains in the container", whole.ok and weights, whole.words):
            continue
        loss = re.findall(r"loss ([\d.]+)", whole.out)
        proof.check(f"{precision}: the loss falls", len(loss) > 1 and float(loss[-1]) < float(loss[0]) * 0.7, f"{loss[0]} to {loss[-1]}")
        arguments = ["--precision", precision, "--checkpoints", f"killed-{precision}"]
        at = killed_in_the_middle(proof, folder, f"killed-{precision}", "python3", "train.py", *plan(proof), *arguments)
        resumed = in_container(proof, folder, *arguments, label=f"resumed-{precision}")
        again, _ = outcome(resumed.out)
        went_on = re.search(r"resumed from .* at step (\d+)", resumed.out)
        proof.check(f"{precision}: killed with -9 in the middle", at > 0 and bool(went_on), f"at step {at}, resumed at {went_on.group(1) if went_on else '-'}")
        proof.check(f"{precision}: resumed to the weights of the undisturbed run", again == weights, f"{again} and {weights}")


def speed(proof):
    """
    The same script inside and outside, in turns; the medians of three each. The batches are small, so that the rate is that of the step itself:
    with large ones the processes that draw pictures decide it, and their share of a shared host differs by a fifth from run to run.
    """
    folder = prepare(proof)
    sides = {"outside": [], "inside": []}
    for number in (1, 2, 3):
        arguments = ["--precision", "bf16", "--fresh", "--checkpoint-every", "100000", "--epochs", "3", "--samples", "16384", "--batch-size", str(SMALL_BATCH), "--log-every", "100"]
        out = proof.run(proof.python, "train.py", *plan(proof), *arguments, "--checkpoints", f"outside-{number}", cwd=folder, limit=60, name="outside")
        inside = in_container(proof, folder, *arguments, "--checkpoints", f"inside-{number}", limit=60, label="inside")
        for side, result in (("outside", out), ("inside", inside)):
            if result.ok:
                sides[side].append(steady(result.out, SMALL_BATCH))
                proof.number(f"whole run {side} {number}", result.seconds, "s")
    if proof.check("train.py runs outside and inside", len(sides["outside"]) == 3 and len(sides["inside"]) == 3):
        outside, inside = statistics.median(sides["outside"]), statistics.median(sides["inside"])
        proof.number("steps/s outside", outside)
        proof.number("steps/s inside", inside)
        # Two runs of one program differ by this much.
        proof.check("steps per second inside not below those outside", inside >= 0.97 * outside, f"{inside:.1f} and {outside:.1f}, ratio {inside / outside:.3f}; {sides}")


# Fit

ASK = """
import json, torch, platform
print(json.dumps({"torch": torch.__version__, "cuda": torch.version.cuda, "architectures": torch.cuda.get_arch_list(), "cudnn": torch.backends.cudnn.version(),
  "nccl": ".".join(map(str, torch.cuda.nccl.version())), "capability": list(torch.cuda.get_device_capability()), "python": platform.python_version()}))
"""


def fit(proof):
    said = proof.run(proof.python, "-c", ASK, limit=60, name="torch").json()
    if not proof.check("PyTorch says what it is", said):
        return
    version, _, build = said["torch"].partition("+")
    python = ".".join(said["python"].split(".")[:2])
    answer = proof.yard("fit", "--torch", version, "--build", build or "cpu", "--python", python, "--json")
    report = answer.json()
    stack = next(iter(report.get("stacks", [])), {})
    text = json.dumps(stack)
    proof.check("fit says that this PyTorch fits this machine", report.get("fits") is True, answer.words if not report else f"{version} {build}")
    architecture = "sm_{}{}".format(*said["capability"])
    proof.check("the GPU's architecture is in the build, says fit and says PyTorch", architecture in said["architectures"] and architecture in text, f"{architecture} of {' '.join(said['architectures'])}")
    proof.check("CUDA", str(stack.get("cuda", "")).startswith(said["cuda"]), f"{stack.get('cuda')} and {said['cuda']}")
    major, rest = divmod(said["cudnn"], 10000)
    cudnn = f"{major}.{rest // 100}.{rest % 100}"
    proof.check("cuDNN", str(stack.get("cudnn", "")).startswith(cudnn), f"{stack.get('cudnn')} and {cudnn}")
    proof.check("NCCL", stack.get("nccl") == said["nccl"], f"{stack.get('nccl')} and {said['nccl']}")
    from machine import module_version

    driver = module_version() or "-"
    proof.check("the driver is this machine's", f"driver {driver} supports" in text, driver)
    table = next((r for r in report.get("refused", [])), None)
    proof.check("nothing of it is refused", table is None, table)
