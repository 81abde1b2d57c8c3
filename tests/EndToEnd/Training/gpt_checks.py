"""Checks of gpt.py on the CPU; each is a command line of its own: python3 gpt_checks.py NAME. It ends with "passed: NAME"."""

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

# Threads that wait for each other on a machine with other work would take most of the time.
os.environ["OMP_NUM_THREADS"] = "1"

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import gpt
import torch

TINY = ["--size", "1m", "--context", "32", "--batch-size", "4", "--warmup", "2", "--log-every", "1", "--device", "cpu"]


def text_file(directory):
    path = Path(directory) / "text"
    path.write_bytes(b"".join(b"for index in range(%d): total += index * %d\n" % (n, n % 7) for n in range(4000)))
    return ["--data", str(path)]


def program(*arguments):
    return [sys.executable, str(HERE / "gpt.py"), *TINY, *arguments]


def run(*arguments, ranks=1):
    command = program(*arguments)
    if ranks > 1:
        launcher = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={ranks}"]
        command = [*launcher, str(Path(__file__).resolve()), "as-rank", *command[2:]]
    return subprocess.run(command, capture_output=True, text=True)


def lines(directory):
    return [json.loads(line) for line in (Path(directory) / "metrics.jsonl").read_text().splitlines()]


def weights(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return next(line for line in done.stdout.splitlines() if line.startswith("weights sha256:"))


def losses(directory, arguments):
    made = gpt.Run(gpt.parse_arguments([*TINY, *arguments, "--checkpoints", str(directory), "--save-every", "0"]))
    assert made.train()
    made.lock_file.close()
    return [line["loss"] for line in lines(directory)]


def loss_falls(directory):
    seen = losses(f"{directory}/run", [*text_file(directory), "--steps", "40"])
    assert abs(seen[0] - math.log(256)) < 0.3, seen[0]
    assert seen[-1] < 0.7 * seen[0], seen


def exact_resume(directory):
    """Killed with -9 between two checkpoints; the same bits as a run that was left alone, and each line of metrics once."""
    more = [*text_file(directory), "--steps", "9", "--save-every", "2", "--keep", "2"]
    whole = weights(run(*more, "--checkpoints", f"{directory}/whole"))
    killed = subprocess.Popen(program(*more, "--checkpoints", f"{directory}/killed"), stdout=subprocess.PIPE, text=True)
    for line in killed.stdout:
        if line.startswith("step 5/"):
            killed.kill()
            break
    assert killed.wait() == -signal.SIGKILL
    resumed = run(*more, "--checkpoints", f"{directory}/killed")
    assert "resumed from" in resumed.stdout, resumed.stdout
    assert weights(resumed) == whole
    assert [line["step"] for line in lines(f"{directory}/killed")] == list(range(1, 10))
    kept = sorted(path.name for path in Path(f"{directory}/killed").glob("step-*"))
    assert kept == ["step-00000008", "step-00000009"], kept
    # The newest is damaged: the one before it gives the same end.
    file = Path(f"{directory}/killed/step-00000009/rank-0.pt")
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    again = run(*more, "--checkpoints", f"{directory}/killed")
    assert "is damaged" in again.stdout, again.stdout
    assert weights(again) == whole


def ranks_equal_one(directory):
    """Two ranks and one process with twice the accumulation see the same batches and end with the same weights, but for rounding."""
    more = [*text_file(directory), "--steps", "4", "--save-every", "0"]
    weights(run(*more, "--accumulate", "2", "--checkpoints", f"{directory}/one"))
    one = torch.load(f"{directory}/one/step-00000004/rank-0.pt", weights_only=True)["tensors"]
    for parallel in ("ddp", "fsdp"):
        weights(run(*more, "--parallel", parallel, "--checkpoints", f"{directory}/{parallel}", ranks=2))
        parts = [
            torch.load(path, weights_only=True)["tensors"]
            for path in sorted(Path(f"{directory}/{parallel}/step-00000004").glob("rank-*.pt"))[: 1 if parallel == "ddp" else 2]
        ]
        for name, expected in one.items():
            found = parts[0][name] if len(parts) == 1 or expected.dim() == 0 else torch.cat([part[name] for part in parts])
            assert torch.allclose(found, expected, rtol=1e-3, atol=1e-5), (parallel, name, (found - expected).abs().max())


def emulated(a, b, scale_a, scale_b, fast):
    return (a.float() @ b.float() * (scale_a * scale_b)).to(torch.bfloat16)


def fp8_linear(directory):
    """Against the product in 64 bits: within the rounding of 3 and 2 bits of mantissa, and without bias."""
    gpt.scaled_product = emulated
    torch.manual_seed(1)
    layer = gpt.Fp8Linear(64, 48, bias=False)
    # A magnitude far from 1, as gradients have it, and one outlier.
    x = (torch.randn(4, 16, 64) * 1e-3).index_put((torch.tensor(0), torch.tensor(0), torch.tensor(0)), torch.tensor(0.05)).requires_grad_()
    gradient = torch.randn(4, 16, 48) * 1e-5
    y = layer(x)
    y.backward(gradient.to(y.dtype))
    x64, w64, g64 = x.detach().double().flatten(0, 1), layer.weight.detach().double(), gradient.double().flatten(0, 1)
    pairs = {
        "y": (y.flatten(0, 1), x64 @ w64.t(), 0.05),
        "x.grad": (x.grad.flatten(0, 1), g64 @ w64, 0.10),
        "weight.grad": (layer.weight.grad, g64.t() @ x64, 0.10),
    }
    for name, (found, expected, bound) in pairs.items():
        error = ((found.double() - expected).norm() / expected.norm()).item()
        assert 0 < error < bound, (name, error)
    zeros, scale = gpt.quantise(torch.zeros(16, 16), torch.float8_e4m3fn)
    assert zeros.float().abs().max() == 0 and math.isfinite(scale.item())
    for dtype in (torch.float8_e4m3fn, torch.float8_e5m2):
        values, scale = gpt.quantise(torch.tensor([1e30, -3e29, 1.0]), dtype)
        assert torch.isfinite(values.float()).all() and abs(values.float()[0] * scale / 1e30 - 1) < 1e-6


def fp8_follows_bf16(directory):
    """The tolerance that docs/training.md states: a hundredth of the loss, on the mean of the last steps."""
    gpt.scaled_product, gpt.FP8_FROM = emulated, (0, 0)
    ends = {}
    for precision in ("bf16", "fp8"):
        seen = losses(f"{directory}/{precision}", [*text_file(directory), "--steps", "30", "--precision", precision])
        ends[precision] = sum(seen[-5:]) / 5
        assert seen[-1] < 0.8 * seen[0], (precision, seen)
    assert ends["fp8"] != ends["bf16"] and abs(ends["fp8"] / ends["bf16"] - 1) < 0.01, ends


def refusals(directory):
    """What cannot work is refused before the first step, with what would."""
    small = Path(directory) / "small"
    small.write_bytes(b"too short")
    empty = Path(directory) / "nothing"
    empty.mkdir()
    cases = [
        (["--precision", "fp8"], "has no FP8 products: L40S, H100, H200, B200 and later GPUs do. Use --precision bf16"),
        (["--precision", "fp16"], "Use --precision fp32"),
        (["--size", "1b", "--batch-size", "4096", "--context", "1024"], "GiB are free on the CPU"),
        (["--data", str(small)], "has 9 bytes; --context 32 needs 3300 at least"),
        (["--data", str(empty)], "is not a file, or a directory with files"),
        (["--data", f"{directory}/absent"], "is not a file, or a directory with files"),
        (["--batch-size", "3", "--context", "5"], "must be a multiple of 16"),
    ]
    for arguments, said in cases:
        done = run(*arguments, "--checkpoints", f"{directory}/refused")
        assert done.returncode == 2 and said in done.stderr and "step 1" not in done.stdout, (arguments, done.stdout, done.stderr)


def what_fits(directory):
    """The advice is followed: what is named fits, by the same estimate; the next larger does not."""
    args = ["1m", 64, 128, "fp32"]
    gpt.host_memory = lambda: gpt.memory_needed("1m", 5, 128, "fp32", False, 1) + 1
    said = []
    gpt.fail = lambda text: said.append(text)
    made = gpt.Run.__new__(gpt.Run)
    made.args, made.gpu, made.ranks, made.name = gpt.parse_arguments([]), False, 1, "the CPU"
    made.args.size, made.args.batch_size, made.args.context, made.args.precision = args[0], args[1], args[2], args[3]
    made.check_memory()
    assert "--size 1m --batch-size 5;" in said[0] and "--recompute" in said[0], said
    said.clear()
    made.args.batch_size = 5
    made.check_memory()
    assert not said, said


def not_a_number(directory):
    """Ends with the step, the last good checkpoint and what to try; what went wrong is not saved."""
    more = [*TINY, *text_file(directory), "--steps", "6", "--save-every", "2", "--checkpoints", f"{directory}/run"]
    made = gpt.Run(gpt.parse_arguments(more))
    step = made.train_step

    def broken(batches):
        loss, norm = step(batches)
        return (loss * float("nan"), norm) if made.step == 4 else (loss, norm)

    made.train_step = broken
    said = []
    gpt.fail = lambda text: (said.append(text), sys.exit(2))
    try:
        made.train()
        raise AssertionError("it went on")
    except SystemExit as end:
        assert end.code == 2
    assert "step 4: loss nan" in said[0] and "Last good checkpoint" in said[0] and "step-00000002" in said[0] and "--lr" in said[0], said
    assert [path.name for path in Path(f"{directory}/run").glob("step-*")] == ["step-00000002"]


def runs_do_not_mix(directory):
    """Neither with one that runs, nor with the checkpoints of one that was different."""
    more = [*text_file(directory), "--checkpoints", f"{directory}/run", "--save-every", "1"]
    first = subprocess.Popen(program(*more, "--steps", "100000"), stdout=subprocess.PIPE, text=True)
    for line in first.stdout:
        if line.startswith("step 2/"):
            break
    second = run(*more, "--steps", "100000")
    assert second.returncode == 2 and "another run is using" in second.stderr, second.stderr
    # What Slurm sends some time before the end: saved, and a status that asks for another start.
    first.send_signal(signal.SIGUSR1)
    rest = first.stdout.read()
    assert first.wait() == 75 and "asked to stop: saved step" in rest, (first.returncode, rest)
    other = run(*more, "--steps", "100000", "--seed", "2")
    assert other.returncode == 2 and "is of another run (seed 1 -> 2)" in other.stderr, other.stderr


def as_rank():
    """The program, with what FSDP2 of PyTorch 2.6 looks for on the CPU in vain: streams and events; there is nothing to wait for."""

    class Nothing(torch.cpu.Stream):
        def __init__(self, *arguments, **named):
            pass

        def __getattr__(self, name):
            return lambda *arguments, **named: Nothing()

    torch.cpu.Stream.record_event = lambda *_: Nothing()
    torch.cpu.Stream.wait_event = torch.cpu.Stream.wait_stream = lambda *_: None
    torch.cpu.Event = getattr(torch.cpu, "Event", Nothing)
    # There, weights that are gathered a second time in the backward pass count as changed.
    import torch.distributed.fsdp as fsdp

    whole = fsdp.fully_shard
    fsdp.fully_shard = lambda part, **named: whole(part, reshard_after_forward=False, **named)
    sys.argv[1:2] = []
    sys.exit(gpt.main())


CHECKS = [
    loss_falls, exact_resume, ranks_equal_one, fp8_linear, fp8_follows_bf16, refusals, what_fits, not_a_number, runs_do_not_mix,
]  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["as-rank"]:
        as_rank()
    for check in CHECKS:
        if check.__name__ in sys.argv[1:]:
            with tempfile.TemporaryDirectory() as place:
                check(place)
            print(f"passed: {check.__name__}", flush=True)
