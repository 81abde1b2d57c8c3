"""Trims a copy of this machine's PyTorch for its GPU, and compares it with the original: results, sizes, times. See README.md."""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BEGAN = time.monotonic()
REPORT = {"steps": {}, "problems": []}
COPIED = ("torch", "nvidia", "torchvision")
NOT_RUN = "no time was left"


def left():
    return ARGS.budget - (time.monotonic() - BEGAN)


def say(text):
    print(f"[{time.monotonic() - BEGAN:5.0f} s] {text}", flush=True)


def save():
    with open(OUT / "report.json", "w") as file:
        json.dump(REPORT, file, indent=1)


def problem(text):
    REPORT["problems"].append(text)
    say(f"PROBLEM: {text}")


def environment(tree, **more):
    env = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", CUBLAS_WORKSPACE_CONFIG=":4096:8", **more)
    env.pop("PYTHONPATH", None)
    if tree:
        env["PYTHONPATH"] = str(tree)
    return env


def packages():
    code = "import importlib.util as u, json; print(json.dumps({n: list(s.submodule_search_locations) for n in ('torch', 'nvidia', 'torchvision') if (s := u.find_spec(n))}))"
    return json.loads(subprocess.run([sys.executable, "-c", code], env=environment(None), capture_output=True, text=True, check=True).stdout)


def copy(found, tree):
    tree.mkdir(parents=True)
    for name, places in found.items():
        for place in places:
            subprocess.run(["cp", "-a", "--reflink=auto", f"{place}/.", str(tree / name)], check=True)
            beside = Path(place).parent / f"{name}.libs"
            if beside.is_dir():
                subprocess.run(["cp", "-a", "--reflink=auto", str(beside), str(tree)], check=True)


def libraries(tree):
    """The large libraries: those of torch/lib and nvidia."""
    return sorted(
        str(p.relative_to(tree))
        for part in ("torch/lib", "nvidia")
        for p in (tree / part).rglob("*.so*")
        if p.is_file() and not p.is_symlink() and p.stat().st_size > 1 << 20
    )


def trim(tree, target, *more):
    started = time.monotonic()
    command = [ARGS.program, "--store", str(WORK / "store"), "trim", str(tree), "--gpu", target, "--json", *more]
    with open(WORK / "trim.json", "w+") as out, open(WORK / "trim.txt", "w+") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        out.seek(0), err.seek(0)
        if status:
            raise SystemExit(f"torchyard trim failed with status {status}: {err.read()}")
        answer = json.load(out)
    answer["seconds"], answer["peak_memory_mb"] = round(seconds, 2), usage.ru_maxrss // 1024
    return answer


def blocks(tree, names):
    return sum((tree / n).stat().st_blocks * 512 for n in names)


class Compression(threading.Thread):
    """All libraries in one tar, by each compressor that is here, beside other work."""

    def __init__(self, trees, names):
        super().__init__(daemon=True)
        self.trees, self.names, self.sizes = trees, names, {}

    def run(self):
        tools = [("zstd -3", ["zstd", "-3", "-T4", "-c"]), ("xz -1", ["xz", "-1", "-T6", "-c"])]
        for label, command in tools:
            if not shutil.which(command[0]):
                continue
            for name, tree in self.trees.items():
                if left() < 60:
                    return
                tar = subprocess.Popen(["tar", "--sort=name", "-cf", "-", "-C", str(tree), *self.names], stdout=subprocess.PIPE)
                packer = subprocess.Popen(command, stdin=tar.stdout, stdout=subprocess.PIPE)
                size = 0
                while part := packer.stdout.read(1 << 20):
                    size += len(part)
                if tar.wait() == 0 and packer.wait() == 0:
                    self.sizes.setdefault(label, {})[name] = size
        if not self.sizes:
            self.zlib()

    def zlib(self):
        import zlib
        from concurrent.futures import ThreadPoolExecutor

        def packed(path):
            pack, size = zlib.compressobj(1), 0
            with open(path, "rb") as file:
                while part := file.read(1 << 20):
                    size += len(pack.compress(part))
            return size + len(pack.flush())

        for name, tree in self.trees.items():
            with ThreadPoolExecutor(8) as pool:
                self.sizes.setdefault("zlib -1, file by file", {})[name] = sum(pool.map(packed, (tree / n for n in self.names)))


class Run:
    """One run of all operators."""

    def __init__(self, name, tree, **env):
        self.name, self.tree, self.out = name, tree, OUT / name
        self.env = environment(tree, TORCHINDUCTOR_CACHE_DIR=str(WORK / f"cache-{name}"), TRITON_CACHE_DIR=str(WORK / f"triton-{name}"), **env)
        self.log = None

    def start(self):
        self.out.mkdir(parents=True, exist_ok=True)
        self.log = open(self.out / "log.txt", "w")
        self.limit = min(ARGS.run_limit, max(20, left() - 40))
        self.began = time.monotonic()
        command = [sys.executable, str(HERE / "operators.py"), str(self.out), "--deadline", str(int(self.limit - 10))]
        if ARGS.only:
            command += ["--only", ARGS.only]
        self.process = subprocess.Popen(command, env=self.env, stdout=self.log, stderr=subprocess.STDOUT)
        return self

    def wait(self):
        try:
            code = self.process.wait(max(1, self.limit + 15 - (time.monotonic() - self.began)))
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.results = {}
        path = self.out / "results.jsonl"
        if path.exists():
            for line in path.read_text().splitlines():
                one = json.loads(line)
                self.results[f"{one['group']}/{one['name']}"] = one
        facts = self.out / "process.json"
        self.facts = json.loads(facts.read_text()) if facts.exists() else {}
        passed = sum("sha256" in one for one in self.results.values())
        say(f"{self.name}: {passed} of {len(self.results)} operators in {time.monotonic() - self.began:.0f} s, exit {code}")
        if code:
            problem(f"{self.name} ended with {code}; the end of its log: {(self.out / 'log.txt').read_text()[-600:]}")
        expected, wrong = str(self.tree or ""), []
        for path in self.facts.get("libraries", []):
            # Others, such as NumPy's, are not copied.
            if self.tree and not path.startswith(expected) and any(f"/{part}/" in path for part in COPIED):
                wrong.append(path)
        if wrong:
            problem(f"{self.name} loaded libraries of another PyTorch: {wrong[:5]}")
        REPORT["steps"][self.name] = {
            "passed": passed,
            "operators": len(self.results),
            "exit": code,
            "errors": {k: v["error"] for k, v in self.results.items() if "error" in v},
            **{k: v for k, v in self.facts.items() if k != "libraries"},
            "mapped_libraries": len(self.facts.get("libraries", [])),
        }
        save()
        return self


COMPARE = """
import json, sys, torch
a, b, c = (torch.load(p) for p in sys.argv[1:4])
def apart(x, y):
    if len(x) != len(y): return float("inf")
    most = 0.0
    for p, q in zip(x, y):
        if p.shape != q.shape or p.dtype != q.dtype: return float("inf")
        p, q = ((torch.view_as_real(t) if t.is_complex() else t).double() for t in (p, q))
        same = (p == q) | (p.isnan() & q.isnan())
        if not same.all():
            d = (p - q).abs()[~same]
            most = max(most, float("inf") if d.isnan().any() else d.max().item())
    return most
print(json.dumps({k: [apart(a[k], b[k]), apart(a[k], c[k])] for k in json.loads(sys.argv[4]) if k in a and k in b and k in c}))
"""


def compare(first, second, run):
    """Where bits differ: whether the run is further from the first untrimmed one than the second untrimmed one is."""
    same, differ, worse, new_errors, both_fail, not_run = 0, {}, [], [], [], 0
    for key, base in first.results.items():
        other = run.results.get(key, {"error": "it did not run"})
        if "sha256" not in base:
            both_fail.append(key)
        elif other.get("error") == NOT_RUN:
            not_run += 1
        elif "sha256" not in other:
            new_errors.append(f"{key}: {other['error']}")
        elif base["sha256"] == other["sha256"]:
            same += 1
        else:
            differ[key] = second.results.get(key, {}).get("sha256") == base["sha256"]
    if differ:
        done = subprocess.run(
            [sys.executable, "-c", COMPARE, *(str(r.out / "outputs.pt") for r in (first, second, run)), json.dumps(list(differ))],
            env=environment(None),
            capture_output=True,
            text=True,
        )
        gaps = json.loads(done.stdout) if done.returncode == 0 else {}
        for key in differ:
            noise, gap = gaps.get(key, [0.0, float("inf")])
            # Atomic additions: two runs of the same library are as far apart, or nearly.
            if gap > 2 * noise:
                worse.append(f"{key}: {gap:.3g} apart, two untrimmed runs {noise:.3g}")
    if new_errors:
        problem(f"{run.name}: {len(new_errors)} operators fail that the original runs: {new_errors[:5]}")
    REPORT["steps"].setdefault("compared", {})[run.name] = {
        "identical": same,
        "different_as_untrimmed_runs_are": len(differ) - len(worse),
        "further_apart": worse,
        "new_errors": new_errors,
        "failed_in_the_original_too": both_fail,
        "not_run": not_run,
    }
    save()


FIRST = """
import json, resource, time
t = time.perf_counter()
import torch
i = time.perf_counter() - t
t = time.perf_counter()
x = torch.ones(256, 256, device="cuda")
(x @ x).sum().item()
print(json.dumps([i, time.perf_counter() - t, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def starts(trees, turns):
    found = {name: [] for name in trees}
    for turn in range(turns + 1):
        for name, tree in trees.items():
            if left() < 25:
                break
            done = subprocess.run([sys.executable, "-c", FIRST], env=environment(tree), capture_output=True, text=True)
            if done.returncode:
                problem(f"import in {name}: {done.stderr[-400:]}")
            elif turn:  # the first turn fills the page cache
                found[name].append(json.loads(done.stdout.splitlines()[-1]))
    REPORT["steps"]["start"] = {
        name: {
            "import_seconds": round(statistics.median(x[0] for x in values), 3),
            "first_kernel_seconds": round(statistics.median(x[1] for x in values), 3),
            "peak_memory_mb": round(statistics.median(x[2] for x in values), 1),
            "turns": len(values),
        }
        for name, values in found.items()
        if values
    }
    save()


def other_target(found, target):
    """Libraries trimmed for another GPU: what PyTorch says, and that it does not crash."""
    tree = WORK / "other"
    copy(found, tree)
    trim(tree, target)
    done = subprocess.run(
        [sys.executable, "-c", "import torch; x = torch.ones(64, 64, device='cuda'); print((x + 1).sum().item()); print((x @ x).sum().item())"],
        env=environment(tree, CUDA_DISABLE_PTX_JIT="1"),
        capture_output=True,
        text=True,
        timeout=120,
    )
    REPORT["steps"]["other_target"] = {
        "target": target,
        "exit": done.returncode,
        "crashed": done.returncode < 0,
        "says": (done.stderr or done.stdout).strip().splitlines()[-6:],
    }
    if done.returncode < 0:
        problem(f"libraries trimmed for {target} end the process with signal {-done.returncode}")
    save()
    shutil.rmtree(tree, ignore_errors=True)


def text():
    steps, lines = REPORT["steps"], []
    size = steps["sizes"]
    lines.append(f"# Trimmed for {REPORT['target']} on {REPORT['device']}, PyTorch {REPORT['torch']}")
    lines.append("")
    lines.append(f"{size['libraries']} libraries over 1 MB: {size['before'] / 1e6:,.0f} MB before, {size['after'] / 1e6:,.0f} MB after")
    lines.append(f"device code: {size['code_before'] / 1e6:,.0f} MB before, {size['code_after'] / 1e6:,.0f} MB after")
    lines.append(f"trimming took {size['seconds']} s: {size['rate'] / 1e6:,.0f} MB/s, peak memory {size['peak_memory_mb']} MB; a second time: {size['again']}")
    for label, sizes in steps.get("compressed", {}).items():
        if len(sizes) == 2:
            lines.append(f"in one tar, {label}: {sizes['full'] / 1e6:,.0f} MB before, {sizes['trimmed'] / 1e6:,.0f} MB after")
    lines.append("")
    for name, one in steps.get("compared", {}).items():
        lines.append(
            f"{name}: {one['identical']} operators bit-identical, {one['different_as_untrimmed_runs_are']} as far apart as untrimmed runs, "
            f"{len(one['further_apart'])} further, {len(one['new_errors'])} new errors, {len(one['failed_in_the_original_too'])} that fail in the original too"
            + (f", {one['not_run']} not run for want of time" if one["not_run"] else "")
        )
        lines += [f"  further apart: {x}" for x in one["further_apart"]] + [f"  new error: {x}" for x in one["new_errors"]]
    original = next((v for k, v in steps.items() if k.startswith("full") and isinstance(v, dict) and "errors" in v), {})
    lines += [f"  fails in the original: {k}: {v}" for k, v in original.get("errors", {}).items()]
    lines.append("")
    for name, one in steps.get("start", {}).items():
        lines.append(f"{name}: import {one['import_seconds']} s, first kernel {one['first_kernel_seconds']} s, peak memory {one['peak_memory_mb']} MB")
    if other := steps.get("other_target"):
        lines.append(f"trimmed for {other['target']} instead: exit {other['exit']}{' (crash)' if other['crashed'] else ''}: {' / '.join(other['says'])[-300:]}")
    lines.append("")
    lines += [f"PROBLEM: {p}" for p in REPORT["problems"]] or ["no problem was found"]
    return "\n".join(lines) + "\n"


def main():
    found = packages()
    if "torch" not in found:
        raise SystemExit("PyTorch is not here")
    query = "import torch; p = torch.cuda.get_device_capability(); print(torch.__version__); print(f'sm_{p[0]}{p[1]}'); print(torch.cuda.get_device_name(0))"
    version, here, device = subprocess.run([sys.executable, "-c", query], env=environment(None), capture_output=True, text=True, check=True).stdout.split("\n")[:3]
    target = ARGS.target or here
    REPORT.update(torch=version, device=device, target=target, budget=ARGS.budget)
    say(f"PyTorch {version} on {device}; copying {', '.join(found)}")
    site = Path(found["torch"][0]).parent
    tree = WORK / "trimmed"
    copy(found, tree)
    names = libraries(tree)
    before, full_size = sum((tree / n).stat().st_size for n in names), blocks(tree, names)
    say(f"trimming {len(names)} large libraries, {before / 1e6:,.0f} MB")
    answer = trim(tree, target)
    again = trim(tree, target)
    touched = {f["path"]: f for f in answer["files"]}
    REPORT["steps"]["sizes"] = {
        "libraries": len(names),
        "before": before,
        "after": sum((tree / n).stat().st_size for n in names),
        "disk_before": full_size,
        "disk_after": blocks(tree, names),
        "code_before": answer["code_before"],
        "code_after": answer["code_after"],
        "seconds": answer["seconds"],
        "rate": answer["bytes_before"] / answer["seconds"],
        "peak_memory_mb": answer["peak_memory_mb"],
        "again": "nothing changed" if again["code_after"] == again["code_before"] and again["bytes_after"] == again["bytes_before"] else "IT CHANGED",
        "classes": answer["classes"],
        "files": [{k: v for k, v in f.items() if k != "classes"} for f in answer["files"]],
        "untouched": answer["untouched"],
        "notes": {p: f["notes"] for p, f in touched.items() if f["notes"]},
    }
    if REPORT["steps"]["sizes"]["again"] != "nothing changed":
        problem("trimming twice changed something")
    save()
    say(f"{REPORT['steps']['sizes']['after'] / 1e6:,.0f} MB in {answer['seconds']} s")

    packing = Compression({"full": site, "trimmed": tree}, names)
    packing.start()
    lazy, eager = {"CUDA_MODULE_LOADING": "LAZY"}, {"CUDA_MODULE_LOADING": "EAGER"}
    first, trimmed = Run("full-lazy", None, **lazy).start(), Run("trimmed-lazy", tree, **lazy).start()
    first.wait(), trimmed.wait()
    second, eagerly = Run("full-lazy-again", None, **lazy).start(), Run("trimmed-eager", tree, **eager).start()
    second.wait(), eagerly.wait()
    compare(first, second, trimmed)
    compare(first, second, eagerly)
    if left() > 90:
        full_eager, closed = Run("full-eager", None, **eager).start(), Run("trimmed-no-jit", tree, CUDA_DISABLE_PTX_JIT="1", **lazy).start()
        full_eager.wait(), closed.wait()
        compare(first, second, closed)
        compare(first, second, full_eager)
    if left() > 60:
        packing.join(max(1, left() - 60))
    REPORT["steps"]["compressed"] = packing.sizes
    if left() > 45:
        say("starting, in turns")
        starts({"full": None, "trimmed": tree}, 3)
    other = "sm_80" if target != "sm_80" else "sm_90"
    if left() > 45:
        say(f"trimmed for {other} instead")
        other_target(found, other)
    else:
        problem(f"no time was left for libraries trimmed for {other}")
    REPORT["seconds"] = round(time.monotonic() - BEGAN, 1)
    save()
    (OUT / "report.md").write_text(text())
    print(text())
    shutil.rmtree(WORK, ignore_errors=True)
    for run in OUT.glob("*/outputs.pt"):
        run.unlink()
    return 1 if REPORT["problems"] else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True, help="torchyard")
    parser.add_argument("--out", default="trim-report", help="where the report goes")
    parser.add_argument("--work", default="/tmp/torchyard-trim", help="room for two copies of PyTorch (10 GB)")
    parser.add_argument("--target", help="architecture to trim for (default: this GPU's)")
    parser.add_argument("--budget", type=float, default=450, help="seconds in all")
    parser.add_argument("--run-limit", type=float, default=110, help="most seconds of one run of the operators")
    parser.add_argument("--only", default="", help="groups of operators")
    ARGS = parser.parse_args()
    OUT, WORK = Path(ARGS.out).resolve(), Path(ARGS.work)
    OUT.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    try:
        sys.exit(main())
    finally:
        save()
