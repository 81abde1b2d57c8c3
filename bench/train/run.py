#!/usr/bin/env python3
"""How fast gpt.py trains on one GPU, and whether it resumes exactly. See README.md beside this file.

    python3 bench/train/run.py --out DIR [--budget 500] [--only speed,nano,fp8,resume,tf32,curves,precisions,variants]

Each measurement is a process of its own. Parts are in the order of their importance; what the budget does not allow is left out and said.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TREE = HERE.parent.parent
EXAMPLE = TREE / "src/Torchyard.Recipes/Example"
REPORTS = TREE / "src/Torchyard.Reports/Bench"
PATHS = [str(EXAMPLE), str(REPORTS), str(HERE)]


class Bench:
    def __init__(self, options):
        self.options, self.began = options, time.monotonic()
        self.out = Path(options.out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.work = Path(options.work)
        self.work.mkdir(parents=True, exist_ok=True)
        self.results, self.notes = {}, []
        self.environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(PATHS),
            "TORCHINDUCTOR_CACHE_DIR": str(self.work / "inductor"),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    @property
    def left(self):
        return self.options.budget - (time.monotonic() - self.began)

    def say(self, text):
        line = f"[{time.monotonic() - self.began:5.0f} s] {text}"
        print(line, flush=True)
        with open(self.out / "log.txt", "a") as log:
            log.write(line + "\n")

    def child(self, name, code, needs=40, environment=None):
        """Runs a piece of Python and keeps the JSON object that it prints last."""
        if self.left < needs:
            self.say(f"{name}: left out, {self.left:.0f} s of the budget are left")
            self.notes.append(f"{name}: left out for want of time")
            return None
        environment = self.environment | (environment or {})
        try:
            done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=max(20, self.left))
        except subprocess.TimeoutExpired:
            self.say(f"{name}: ran out of the budget")
            return None
        if done.returncode:
            (self.out / f"{name}.err").write_text(done.stdout[-4000:] + done.stderr[-12000:])
            self.say(f"{name}: failed: {(done.stderr.strip().splitlines() or ['?'])[-1][:300]}")
            self.notes.append(f"{name}: failed")
            return None
        result = json.loads(done.stdout.strip().splitlines()[-1])
        self.results[name] = result
        mfu = f", MFU {result['mfu']:.1%}" if result.get("mfu") else ""
        estimate = f" (estimated {result['memory_estimated'] / 2**30:.1f})" if "memory_estimated" in result else ""
        memory = f"{(result['memory_bytes'] or 0) / 2**30:.1f} GiB{estimate}"
        self.say(f"{name}: {result['tokens_per_second']:,.0f} tokens/s{mfu}, {memory}, start {result['start_seconds']:.0f} s")
        self.write()
        return result

    def ours(self, name, *arguments, attention=None, fast=None, needs=40):
        lines = ["import json, contextlib, torch, gpt, bench_train"]
        if fast is not None:
            lines += ["product = gpt.scaled_product", f"gpt.scaled_product = lambda a, b, sa, sb, fast: product(a, b, sa, sb, {fast})"]
        lines += ["context = contextlib.nullcontext()"]
        if attention:
            lines += ["from torch.nn.attention import SDPBackend, sdpa_kernel", f"context = sdpa_kernel(SDPBackend.{attention})"]
        lines += ["with context:", f"    print(json.dumps(bench_train.measure({list(arguments)!r}, {self.options.seconds})))"]
        return self.child(name, "\n".join(lines), needs)

    def nano(self, name, size, context, batch, needs=45):
        code = f"""
import argparse, json, pathlib, gpt, nano
args = gpt.parse_arguments(["--context", "{context}"])
args.checkpoints = pathlib.Path({str(self.work / "nano-data")!r}); args.context = {context}
args.checkpoints.mkdir(exist_ok=True, parents=True)
gpt.corpus(args, 0)
layers, width, heads, _ = gpt.SIZES["{size}"]
print(json.dumps(nano.measure((layers, width, heads), {context}, {batch}, str(args.checkpoints / "data.bin"), {self.options.seconds})))
"""
        return self.child(name, code, needs)

    # Parts

    def speed(self):
        self.ours("350m-bf16", *self.large("350m", "bf16"))

    def speed_nano(self):
        o = self.options
        self.nano("350m-nanogpt", o.size or "350m", o.context, o.batch)

    def large(self, size, precision, batch=None, *more):
        o = self.options
        shape = ("--context", str(o.context), "--batch-size", str(batch or o.batch))
        return ("--size", o.size or size, "--precision", precision, *shape, *more)

    def fp8(self):
        self.ours("1b-bf16", *self.large("1b", "bf16", self.options.batch_1b), needs=50)
        self.ours("1b-fp8", *self.large("1b", "fp8", self.options.batch_1b), needs=50)

    def tf32(self):
        self.ours("350m-tf32", *self.large("350m", "tf32", self.options.batch // 2), needs=50)
        self.ours("350m-fp32", *self.large("350m", "fp32", self.options.batch // 2), needs=60)

    def precisions(self):
        self.ours("350m-fp16", *self.large("350m", "fp16"), needs=25)
        self.ours("350m-fp8", *self.large("350m", "fp8"), needs=30)
        self.ours("350m-bf16-deterministic", *self.large("350m", "bf16", None, "--deterministic"), needs=25)
        self.ours("350m-bf16-recompute", *self.large("350m", "bf16", None, "--recompute"), needs=25)

    def variants(self):
        self.ours("350m-bf16-compile-model", *self.large("350m", "bf16", None, "--compile", "model"), needs=70)
        self.ours("350m-bf16-flash", *self.large("350m", "bf16"), attention="FLASH_ATTENTION")
        self.ours("350m-bf16-cudnn", *self.large("350m", "bf16"), attention="CUDNN_ATTENTION")
        self.ours("1b-fp8-fast-all", *self.large("1b", "fp8", self.options.batch_1b), fast=True)
        self.ours("350m-bf16-half-batch", *self.large("350m", "bf16", self.options.batch // 2))

    def train(self, directory, *arguments):
        command = [sys.executable, str(EXAMPLE / "gpt.py"), "--checkpoints", str(directory), *arguments]
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def finish(self, process, name):
        try:
            text, _ = process.communicate(timeout=max(20, self.left))
        except subprocess.TimeoutExpired:
            process.kill()
            text, _ = process.communicate()
        (self.out / f"{name}.txt").write_text(text)
        return text

    def resume(self):
        """Killed with -9 and started again: the same weights, bit by bit."""
        if self.left < 100:
            self.notes.append("resume: left out for want of time")
            return
        gpu = ("--size", self.options.small, "--deterministic", "--steps", "30", "--save-every", "10", "--log-every", "1", "--seed", "7")
        whole = self.finish(self.train(self.work / "whole", *gpu), "resume-whole")
        killed_directory = self.work / "killed"
        victim = self.train(killed_directory, *gpu)
        seen = []
        for line in victim.stdout:
            seen.append(line)
            if line.startswith("step 15/"):
                os.kill(victim.pid, signal.SIGKILL)
                break
        victim.wait()
        (self.out / "resume-killed.txt").write_text("".join(seen))
        resumed = self.finish(self.train(killed_directory, *gpu), "resume-resumed")
        weights = [next((line for line in text.splitlines() if line.startswith("weights sha256:")), "none") for text in (whole, resumed)]
        same = weights[0] == weights[1] != "none"
        line = next((line for line in resumed.splitlines() if "resumed from" in line), "")
        self.results["resume"] = {"whole": weights[0], "resumed": weights[1], "identical": same, "line": line}
        self.say(f"resume: {'bit-identical' if same else 'DIFFERENT'}: {weights}")
        self.write()

    def curves(self):
        """BF16 and FP8 on the same data from the same weights."""
        for precision in ("bf16", "fp8"):
            if self.left < 45:
                self.notes.append(f"curve in {precision}: left out for want of time")
                continue
            directory = self.work / f"curve-{precision}"
            steps = ("--steps", str(self.options.curve_steps), "--save-every", "0", "--log-every", "10", "--batch-size", "32")
            more = ("--size", self.options.small, "--precision", precision, *steps)
            text = self.finish(self.train(directory, *more), f"curve-{precision}")
            if (directory / "metrics.jsonl").exists():
                lines = [json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()]
                (self.out / f"curve-{precision}.jsonl").write_text((directory / "metrics.jsonl").read_text())
                unseen = next((line for line in text.splitlines() if line.startswith("loss on unseen")), "")
                self.results[f"curve-{precision}"] = {"last": lines[-1] if lines else None, "unseen": unseen}
                self.say(f"curve {precision}: step {lines[-1]['step']} loss {lines[-1]['loss']:.4f}; {unseen}")
        self.write()

    def ratios(self):
        rate = lambda name: self.results.get(name, {}).get("tokens_per_second")
        pairs = [
            ("BF16 350M against nanoGPT's loop", "350m-bf16", "350m-nanogpt", 1.0),
            ("FP8 against BF16, 1B", "1b-fp8", "1b-bf16", 1.15),
            ("TF32 against FP32, 350M", "350m-tf32", "350m-fp32", 2.5),
        ]
        lines = []
        if (mfu := self.results.get("350m-bf16", {}).get("mfu")) is not None:
            lines.append(f"{'reached' if mfu >= 0.45 else 'MISSED '}  MFU of 350M in BF16: {mfu:.1%} (bar 45 %)")
        for title, a, b, bar in pairs:
            if rate(a) and rate(b):
                lines.append(f"{'reached' if rate(a) / rate(b) >= bar else 'MISSED '}  {title}: {rate(a) / rate(b):.2f} (bar {bar})")
        if "resume" in self.results:
            lines.append(f"{'reached' if self.results['resume']['identical'] else 'MISSED '}  killed with -9 and resumed: bit-identical")
        return lines

    def write(self):
        """Each result as it comes: a run that is ended by force leaves what it has."""
        (self.out / "report.json").write_text(json.dumps({"results": self.results, "notes": self.notes, "bars": self.ratios()}, indent=1))
        rows = [f"{'':28} {'tokens/s':>12} {'TFLOPS':>8} {'MFU':>7} {'GiB':>7} {'mJ/token':>9} {'start s':>8}"]
        for name, r in self.results.items():
            if "tokens_per_second" in r:
                cell = lambda key, factor, form: form.format(r[key] * factor) if r.get(key) is not None else "-"
                rows.append(
                    f"{name:28} {r['tokens_per_second']:12,.0f} {cell('tflops', 1, '{:.0f}'):>8} {cell('mfu', 100, '{:.1f}%'):>7} "
                    f"{cell('memory_bytes', 2**-30, '{:.1f}'):>7} {cell('joules_per_token', 1000, '{:.3f}'):>9} {r['start_seconds']:8.0f}"
                )
        (self.out / "report.txt").write_text("\n".join([*rows, "", *self.ratios(), *self.notes]) + "\n")

    def run(self):
        parts = {
            "speed": self.speed, "nano": self.speed_nano, "fp8": self.fp8, "resume": self.resume, "tf32": self.tf32,
            "curves": self.curves, "precisions": self.precisions, "variants": self.variants,
        }  # fmt: skip
        for name in self.options.only.split(",") if self.options.only else parts:
            parts[name]()
        self.write()
        print((self.out / "report.txt").read_text())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--work", default="/tmp/train-bench", help="caches and checkpoints")
    parser.add_argument("--budget", type=float, default=500, help="seconds")
    parser.add_argument("--only", default="", help="parts, with commas between")
    parser.add_argument("--seconds", type=float, default=6, help="of each measurement")
    parser.add_argument("--context", type=int, default=1024)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--batch-1b", type=int, default=16)
    parser.add_argument("--size", help="another size in all measurements of speed, for a rehearsal")
    parser.add_argument("--small", default="125m", help="size of the resumed run and of the curves")
    parser.add_argument("--curve-steps", type=int, default=400)
    Bench(parser.parse_args()).run()


if __name__ == "__main__":
    main()
