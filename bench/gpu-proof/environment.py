"""up: a whole environment on this machine with all its GPUs, from a recipe and packages that were brought along to `down`."""

import os
import shutil

from container import minors


def arrange(proof):
    """The project that pack.sh made, and its packages in the store; None when there is none."""
    source = proof.options.up or os.path.join(proof.options.bundle, "up")
    if not proof.check("up: a recipe with its lock was brought along", os.path.exists(os.path.join(source, "torchyard.lock")) or None, source):
        return None
    project = os.path.join(proof.work, "up")
    shutil.rmtree(project, ignore_errors=True)
    os.makedirs(project)
    for file in ("torchyard.toml", "torchyard.lock"):
        shutil.copy(os.path.join(source, file), project)
    packages = os.path.join(source, "packages")
    if os.path.isdir(packages):
        shutil.copytree(packages, os.path.join(proof.environment["TORCHYARD_STORE"], "packages"), dirs_exist_ok=True)
    return project


def variables(text):
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def up(proof):
    project, count = arrange(proof), len(minors())
    if project is None:
        return
    yard = lambda *arguments, **options: proof.yard(*arguments, cwd=project, **options)
    first = yard("up", "--json", limit=90, name="up")
    report = first.json()
    if not proof.check("up: builds, starts and proves an environment, without network", first.ok and report, first.words if not first.ok else f"{first.seconds:.1f} s"):
        return
    try:
        judge(proof, yard, first, report, count)
    finally:
        down = yard("down", name="down")
    proof.check("up: down ends it", down.ok and not any(c["name"] == report["name"] for c in yard("ps", "--all", "--json").json() or []), down.words)
    free = yard("run", "--rm", "--gpus", str(count), report["image"], "true", name="free-again")
    proof.check("up: its GPUs are free again", free.ok, free.words)


def judge(proof, yard, first, report, count):
    name = report["name"]
    proof.number("first up", first.seconds, "s")
    proof.check(f"up: it has all {count} GPU(s)", len(report.get("gpus", [])) == count > 0, report.get("gpus"))
    proved = next((c["result"] for c in report.get("checks", []) if c["name"] == "GPUs"), "")
    proof.check("up: its GPUs were proved inside it", proved.startswith("all ") and "proofs passed" in proved, proved or "no such check")
    smi = yard("exec", name, "nvidia-smi", "-L", name="nvidia-smi")
    proof.check("up: nvidia-smi inside lists them", smi.ok and smi.out.count("GPU-") == count, smi.words)

    # What tune proposes is set, unless the machine has set it.
    inside = variables(yard("exec", name, "env", name="env").out)
    proposed = {s["name"]: s for s in yard("tune", "--json", name="tune").json() or []}
    unset = [n for n, s in proposed.items() if not s.get("present") and n not in inside]
    proof.check("up: every setting of tune is set in it", proposed and not unset, ", ".join(unset) or f"{len(proposed)} settings")
    proof.check("up: each setting has a reason", all(len(s.get("reason", "")) > 10 for s in proposed.values()))

    held = next((c for c in yard("ps", "--json").json() or [] if c["name"] == name), {})
    proof.check("up: ps shows who has them", len(held.get("gpus", [])) == count, held.get("gpus"))
    refused = yard("run", "--rm", "--gpus", "1", report["image"], "true", name="one-more")
    proof.check("up: one more is refused, and it is named", refused.code != 0 and "TY5013" in refused.err and name in refused.err, refused.words)

    second = yard("up", "--json", name="second-up")
    again = second.json()
    proof.number("second up", second.seconds * 1000, "ms")
    proof.check("up: a second one finds it running", second.ok and again.get("already_running") is True and again.get("id") == report["id"], again.get("name") or second.words)
    proof.check("up: and answers under 300 ms", second.seconds < 0.3, f"{second.seconds * 1000:.0f} ms")
