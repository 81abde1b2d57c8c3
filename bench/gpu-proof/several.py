"""What takes more than one GPU: sharing them, the links between them, ranks that train together, and how they are connected."""

import json
import os
import re
import shutil

from compute import ROOT, killed_in_the_middle, outcome, prepare
from container import minors, name, starts_when_killed

# NCCL beside torch.distributed, both with the image's libraries; copies are the driver's own on both sides.
REQUIRED = 0.95
COLLECTIVES = ["all-reduce", "all-gather", "reduce-scatter", "broadcast", "send and receive"]
KEYS = ["nccl.all_reduce", "nccl.all_gather", "nccl.reduce_scatter", "nccl.broadcast", "nccl.send_receive"]

# Which GPUs a program sees, and what the device rules say to the node of another. The nodes are looked at first: for root the driver's
# library makes those that it misses, and only the rules keep it from opening them.
SEEN = r"""
import ctypes, json, os, stat, sys
nodes = sorted(n for n in os.listdir("/dev") if n[:6] == "nvidia" and n[6:].isdigit())
cuda, count = ctypes.CDLL("libcuda.so.1"), ctypes.c_int()
status = cuda.cuInit(0)
cuda.cuDeviceGetCount(ctypes.byref(count))
found = {"cuInit": status, "devices": count.value, "nodes": nodes, "others": {}}
for minor in json.loads(sys.argv[1]):
    if f"nvidia{minor}" in found["nodes"]:
        continue
    path = f"/tmp/other-{minor}"
    try:
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(195, minor))
        os.close(os.open(path, os.O_RDWR))
        found["others"][minor] = "opened"
    except OSError as error:
        found["others"][minor] = error.strerror
print(json.dumps(found))
"""


def enough(proof, step):
    """Skips a step with its reason on a machine with one GPU."""
    count = len(minors())
    if count < 2:
        proof.check(f"{step}: there are GPUs to do it with", None, f"this machine has {count} GPU(s), it takes 2")
    return count if count >= 2 else 0


def share(proof):
    """Containers with a part of the GPUs each, until none is free."""
    count = enough(proof, "share")
    if not count:
        return
    part = count // 2
    holders = {}
    try:
        for holder in ("half-1", "half-2"):
            started = proof.yard("run", "-d", "--user", "0", "--name", holder, "--gpus", str(part), name(proof), "sleep", "300", name=holder)
            if not proof.check(f"share: {holder} gets {part} of {count} GPUs", started.ok, started.words):
                return
            holders[holder] = proof.yard("exec", "--user", "0", holder, "python3", "-c", SEEN, json.dumps(minors()), name=f"{holder}-sees").json()
        sees(proof, holders, part)
        conflict(proof, count, part)
    finally:
        for holder in holders:
            proof.yard("rm", "--force", holder, name="rm")


def sees(proof, holders, part):
    for holder, found in holders.items():
        proof.check(f"share: CUDA in {holder} starts and sees {part}", found.get("cuInit") == 0 and found.get("devices") == part, found)
        proof.check(f"share: the nodes of the others are refused to {holder}", found.get("others") and all(s == "Operation not permitted" for s in found["others"].values()), found.get("others"))
    first, second = (set(found.get("nodes", [])) for found in holders.values())
    proof.check("share: they have different GPUs", len(first) == len(second) == part and not first & second, f"{sorted(first)} and {sorted(second)}")
    held = {c["name"]: [g["name"] for g in c.get("gpus", [])] for c in proof.yard("ps", "--json").json() or [] if c["name"] in holders}
    proof.check("share: ps shows who has which", all(len(gpus) == part for gpus in held.values()) and len(held) == 2, held)


def conflict(proof, count, part):
    """More than are free is refused by name; a wait ends when a holder is killed, with that holder's GPUs."""
    left = count - 2 * part
    refused = proof.yard("run", "--rm", "--gpus", str(left + 1), name(proof), "true", name="too-many")
    proof.check("share: more than are free is refused, naming both", refused.code != 0 and "TY5013" in refused.err and "half-1" in refused.err and "half-2" in refused.err, refused.words)
    starts_when_killed(proof, "share", "half-1", left + 1)


def libraries(proof):
    """The NCCL of the machine's own environment, for proofs outside of an image."""
    venv = proof.options.environment
    return dict(proof.environment, VIRTUAL_ENV=venv) if os.path.isdir(venv) else proof.environment


def right(proof, where, report, count):
    """Peer copies and collectives of a verify report."""
    passed = {(r["area"], r.get("gpu"), r["name"]) for r in report.get("verify", []) if r["outcome"].lower() == "passed"}
    copied = sum(1 for area, _, _ in passed if area == "peer")
    details = {f"{r['name']}: {r['detail']}" for r in report.get("verify", []) if r["area"] in ("peer", "nccl") and r["outcome"].lower() != "passed"}
    proof.check(f"{where}: a copy from every GPU to every other comes over right", copied == count * (count - 1), f"{copied} copies; {'; '.join(details)}" if details else f"{copied} copies")
    worked = [c for c in COLLECTIVES if ("nccl", None, c) in passed]
    proof.check(f"{where}: every collective over all GPUs is right", worked == COLLECTIVES, ", ".join(worked) if worked == COLLECTIVES else "; ".join(details))


def links(proof):
    """verify and bench of peers and NCCL, beside torch.distributed with a rank for each GPU, in the same image."""
    count = enough(proof, "links")
    if not count:
        return
    verified = proof.yard("verify", "--json", "--memory-gib", "1", limit=120, env=libraries(proof), name="verify-machine")
    right(proof, "machine", verified.json(), count)
    right(proof, "inside", proof.yard("verify", name(proof), "--json", "--memory-gib", "1", limit=120, name="verify-inside").json(), count)

    ours = proof.yard("bench", name(proof), "--only", "peer", "--only", "nccl", "--json", limit=120, name="bench").json()
    measured = {r["key"]: r for r in ours.get("bench", []) if "missing" not in r}
    copies = [key for key in measured if key.startswith("peer.")]
    proof.check("bench measures every pair", len(copies) == count * (count - 1), ", ".join(f"{k} {measured[k]['value']:.0f}" for k in copies))
    folder = os.path.join(proof.work, "bench", "links")
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o777)
    theirs = proof.yard(
        "run", "--rm", "--gpus", "all", "-v", os.path.join(ROOT, "bench", "gpu-vs-torch") + ":/bench:ro", "-v", folder + ":/out", name(proof),
        "torchrun", "--standalone", f"--nproc-per-node={count}", "/bench/torch_collectives.py", "/out/torch.json", limit=150, name="torch-distributed")
    beside = {}
    if os.path.exists(file := os.path.join(folder, "torch.json")):
        with open(file, encoding="utf-8") as text:
            beside = json.load(text)
    if proof.check(f"PyTorch's collectives run with {count} ranks", theirs.ok and beside, theirs.words):
        compared(proof, measured, beside, copies)


def compared(proof, measured, beside, copies):
    for key in [*KEYS, *copies]:
        # The largest message: there the links decide, and not what a call costs.
        size, rate = beside.get(key, [[0, 0]])[-1]
        mine = measured.get(key, {"value": 0.0})
        points = {p["bytes"]: p["value"] for p in mine.get("series", [])} or {size: mine["value"]}
        ratio = points.get(size, 0) / rate if rate else 0
        proof.check(f"{key} at least {REQUIRED:.0%} of PyTorch", ratio >= REQUIRED, f"{points.get(size, 0):.1f} and {rate:.1f} GB/s at {size >> 20} MiB, ratio {ratio:.3f}")
        proof.number(key, ratio)
        proof.number(f"{key} GB/s", points.get(size, 0.0))


def ranks(proof):
    """train.py with a rank for each GPU in the image: once undisturbed, once killed with -9 and resumed."""
    count = enough(proof, "ranks")
    if not count:
        return
    folder = prepare(proof)
    command = lambda *arguments: [
        "torchrun", "--standalone", f"--nproc-per-node={count}", "train.py", "--epochs", "1", "--samples", str(proof.options.samples), "--batch-size", "64",
        "--workers", "2", "--log-every", "4", "--checkpoint-every", "4", "--deterministic", *arguments]
    run = lambda *arguments, label: proof.yard(
        "run", "--rm", "--gpus", "all", "-v", f"{folder}:/work", "-w", "/work", name(proof), *command(*arguments), limit=100, name=label)
    whole = run("--fresh", "--checkpoints", "whole-ranks", label="whole-ranks")
    weights, _ = outcome(whole.out)
    loss = re.findall(r"loss ([\d.]+)", whole.out)
    if not proof.check(f"torchrun with {count} ranks trains in the image", whole.ok and f" {count} x " in whole.out and weights, whole.words):
        return
    proof.check("ranks: the loss falls", len(loss) > 1 and float(loss[-1]) < float(loss[0]), f"{loss[0]} to {loss[-1]}" if loss else "no loss")
    proof.check("ranks: on GPUs", f" {count} x cuda" in whole.out, (re.findall(r"PyTorch .*", whole.out) or [""])[0])
    shutil.rmtree(os.path.join(folder, "killed-ranks"), ignore_errors=True)
    at = killed_in_the_middle(proof, folder, "killed-ranks", *command("--checkpoints", "killed-ranks"))
    resumed = run("--checkpoints", "killed-ranks", label="resumed-ranks")
    went_on = re.search(r"resumed from .* at step (\d+)", resumed.out)
    proof.check("ranks: killed with -9 in the middle", at > 0 and bool(went_on), f"at step {at}, resumed at {went_on.group(1) if went_on else '-'}")
    proof.check("ranks: resumed to the weights of the undisturbed run", outcome(resumed.out)[0] == weights, f"{outcome(resumed.out)[0]} and {weights}")


def topology(proof):
    """How doctor says that GPUs are connected, against `nvidia-smi topo -m`."""
    count = enough(proof, "topology")
    if not count:
        return
    said = proof.yard("doctor", "--json", name="doctor").json().get("gpus", {}).get("gpus", [])
    matrix = proof.run("nvidia-smi", "topo", "-m", name="topo")
    rows = table(matrix.out)
    if not proof.check("topology: nvidia-smi shows as many GPUs", len(rows) == len(said) == count, f"{len(rows)} and {len(said)} of {count}"):
        return
    for gpu, row in zip(said, rows):
        links = [int(n) for n in re.findall(r"\bNV(\d+)\b", " ".join(row["links"]))]
        active = gpu.get("nv_links_active") or 0
        # Through a switch every peer is reached over all links; without one each has its own, and some may lead to GPUs that are not visible here.
        proof.check(f"topology: NVLinks of GPU {gpu['index']}", active >= max(links, default=0) and (active > 0) == bool(links), f"doctor {active} up, nvidia-smi {' '.join(row['links'])}")
        numa = row.get("NUMA Affinity", "N/A")
        proof.check(f"topology: NUMA node of GPU {gpu['index']}", str(gpu.get("numa_node")) == numa if numa.isdigit() and "numa_node" in gpu else None, f"doctor {gpu.get('numa_node')}, nvidia-smi {numa}")


def table(text):
    """Rows of `nvidia-smi topo -m`: the connections to GPUs, and the other columns by name."""
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in text.splitlines()]
    header = next((line for line in lines if "GPU0" in line and "Affinity" in line), "")
    # The first column has no title.
    columns = ["", *(cell.strip() for cell in header.strip().split("\t"))]
    rows = []
    for line in lines:
        cells = [cell.strip() for cell in line.split("\t")]
        if re.fullmatch(r"GPU\d+", cells[0]):
            named = dict(zip(columns, cells))
            rows.append({"links": [v for k, v in named.items() if re.fullmatch(r"GPU\d+", k)], **named})
    return rows
