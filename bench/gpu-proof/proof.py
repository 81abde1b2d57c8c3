"""The proof of everything that Torchyard says about GPUs, on one machine, in under eight minutes.

Each step has its own time limit and its own failures; the report is written anew after each. See README.md.
"""

import argparse
import os
import shutil
import sys
import time

import compute
import container
import environment
import everyday
import machine
import record
import sabotage
import several
from framework import FAIL, PASS, SKIP, Proof, Step

# In this order what later steps need comes first, and what can be spared comes last. Limits in seconds.
STEPS = {
    "facts": (40, machine.facts),
    "record": (20, record.record),
    "doctor": (75, machine.doctor),
    "fit": (30, compute.fit),
    "capture": (200, container.capture),
    "root": (60, container.run_as_root),
    "up": (120, environment.up),
    "everyday": (60, everyday.everyday),
    "start": (40, container.start),
    "verify": (90, compute.verify),
    "bench": (240, compute.bench),
    "sabotage": (80, sabotage.sabotage),
    "train": (120, compute.train),
    "speed": (120, compute.speed),
    "user": (60, container.run_as_user),
    "inside": (300, compute.bench_inside),
    # These skip on a machine with one GPU.
    "share": (60, several.share),
    "topology": (20, several.topology),
    "links": (240, several.links),
    "ranks": (120, several.ranks),
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--out", default=os.environ.get("OUT") or os.path.abspath("gpu-proof-out"), help="gets report.md, report.json, raw.tar.gz and the pages")
    parser.add_argument("--work", default="/tmp/gpu-proof", help="store, raw outputs, training; kept for a later run with other steps")
    parser.add_argument("--store", default=None, help="the store (default: one in --work)")
    parser.add_argument("--bundle", default="", help="what pack.sh made")
    parser.add_argument("--torchyard", default=shutil.which("torchyard"), help="the program")
    parser.add_argument("--environment", default="/opt/torch/.venv", help="the environment that is captured")
    parser.add_argument("--python", default=None, help="its interpreter (default: bin/python3 of the environment, else python3)")
    parser.add_argument("--steps", default=",".join(STEPS), help="which steps, separated by commas")
    parser.add_argument("--skip", default="", help="steps to leave out")
    parser.add_argument("--patience", type=float, default=1, help="times the usual limit that each command and step may take, for slow machines")
    parser.add_argument("--budget", type=float, default=470, help="seconds for everything")
    parser.add_argument("--only", default="torch,torchvision,triton,numpy", help="distributions that are captured, with what they need; '' for all")
    parser.add_argument("--image", default=None, help="an image of the store to use in place of a capture")
    parser.add_argument("--up", default=None, help="directory with torchyard.toml, torchyard.lock and packages/ for the step 'up' (default: that of the bundle)")
    parser.add_argument("--small", default=None, help="an environment for the ordinary user's capture (default: a new empty one)")
    parser.add_argument("--runtime", default=None, help="crun or runc (default: torchyard's own choice)")
    parser.add_argument("--once", dest="twice", action="store_false", help="capture once, not twice")
    parser.add_argument("--starts", type=int, default=12, help="starts with and without GPUs")
    parser.add_argument("--samples", type=int, default=32768, help="pictures in an epoch of train.py")
    parser.add_argument("--rounds", type=int, default=2, help="rounds of bench and PyTorch in turns")
    parser.add_argument("--size", type=int, default=8192, help="rows of the matrices")
    return parser.parse_args()


def tools(options):
    """A copy of the program and the bundle that every account of the machine can reach."""
    target = os.path.join(options.work, "tools")
    shutil.rmtree(target, ignore_errors=True)
    if os.path.isdir(options.bundle):
        shutil.copytree(options.bundle, target, symlinks=True, ignore=shutil.ignore_patterns("up", "*.xz"))
    program = os.path.dirname(os.path.realpath(options.torchyard))
    shutil.rmtree(os.path.join(target, "torchyard"), ignore_errors=True)
    os.makedirs(os.path.join(target, "torchyard"), exist_ok=True)
    for file in ("torchyard", "torchyard-supervisor"):
        shutil.copy(os.path.join(program, file), os.path.join(target, "torchyard"))
    for folder, _, _ in os.walk(target):
        os.chmod(folder, 0o755)
    for folder in (options.work, os.path.dirname(options.work)):
        os.chmod(folder, os.stat(folder).st_mode | 0o555)
    options.torchyard = os.path.join(target, "torchyard", "torchyard")
    os.environ["PATH"] = os.path.join(target, "bin") + ":" + os.environ["PATH"]


def main():
    options = arguments()
    options.python = options.python or next((p for p in (os.path.join(options.environment, "bin", "python3"),) if os.path.exists(p)), shutil.which("python3"))
    options.capture = ["--name", container.IMAGE, *(["--only", options.only] if options.only else [])]
    options.small_capture = ["--name", "small"]
    if not options.torchyard:
        sys.exit("gpu-proof: torchyard is not in PATH; run bench/gpu-proof/pack.sh first, or give --torchyard PROGRAM")
    tools(options)
    options.out = os.path.join(options.out, time.strftime("gpu-proof-%Y%m%d-%H%M%S", time.gmtime()))
    unknown = [s for s in options.steps.split(",") if s not in STEPS]
    if unknown:
        sys.exit(f"gpu-proof: there is no step {', '.join(unknown)}; steps: {', '.join(STEPS)}")
    proof = Proof(options)
    for name in options.steps.split(","):
        if name in options.skip.split(","):
            continue
        limit, action = STEPS[name]
        proof.execute(Step(name, limit, action))
    proof.pack()
    count = lambda state: sum(step.state == state for step in proof.steps)
    skipped = f", {count(SKIP)} skipped" if count(SKIP) else ""
    print(f"{count(PASS)} of {len(proof.steps)} steps passed{skipped} in {time.monotonic() - proof.began:.0f} s; {options.out}")
    return 1 if count(FAIL) else 0


if __name__ == "__main__":
    sys.exit(main())
