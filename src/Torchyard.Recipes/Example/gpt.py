#!/usr/bin/env python3
"""Train a GPT on bytes of text, and use the GPU fully while doing so.

A decoder-only transformer, from 1 million to 1 billion parameters, on your files or on the Python sources that the image holds. All that
costs speed is a flag: precision from FP32 to FP8, torch.compile, recomputation, DDP or FSDP2 under torchrun --nproc-per-node=8 gpt.py.
Every line says tokens/s and MFU, the model's arithmetic as a share of what the GPU's data sheet promises for dense matrices.

Killed at any time and started again it goes on exactly: weights, optimizer, random numbers, place in the data. USR1, USR2, TERM and Ctrl-C
save and end with status 75, which a job script takes as "run me again". Metrics are beside the checkpoints: metrics.jsonl, tensorboard/.
docs/training.md of Torchyard says what to choose and why.
"""

import argparse, contextlib, ctypes, fcntl, hashlib, itertools, json, math, os, queue  # noqa: E401
import shutil, signal, sys, sysconfig, threading, time  # noqa: E401
from pathlib import Path

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read at the first call: without, products may differ from run to run
os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")  # fewer holes where sizes change

import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint

VOCABULARY = 256  # a token is a byte
AGAIN = 75  # EX_TEMPFAIL of sysexits.h
# Layers, width, heads, highest learning rate.
SIZES = {
    "1m": (5, 128, 4, 2e-3), "10m": (6, 384, 6, 1e-3), "60m": (8, 768, 6, 6e-4),
    "125m": (10, 1024, 8, 6e-4), "350m": (18, 1280, 10, 3e-4), "1b": (20, 2048, 16, 2e-4),
}  # fmt: skip
# Dense TFLOPS by NVIDIA's data sheets, as 'torchyard gpus' has them: FP32, TF32, FP16 and BF16, FP8. The first name that fits counts.
PEAKS = {
    "A100": (19.5, 156, 312, None), "A30": (10.3, 82, 165, None), "A10": (31.2, 62.5, 125, None), "L40S": (91.6, 183, 362.05, 733),
    "L40": (90.5, 90.5, 181.05, 362), "L4": (30.3, 60, 121, 242.5), "H100 PCIe": (51, 378, 756.5, 1513),
    "H100 NVL": (60, 417.5, 835.5, 1670.5), "H100": (67, 494.7, 989.4, 1978.9), "H200 NVL": (60, 417.5, 835.5, 1670.5),
    "H200": (67, 494.7, 989.4, 1978.9), "GB200": (80, 1250, 2500, 5000), "B200": (75, 1125, 2250, 4500),
}  # fmt: skip
FP8_FROM = (8, 9)  # compute capability
PRECISIONS = {"fp32": 0, "tf32": 1, "fp16": 2, "bf16": 2, "fp8": 3}  # and the column of its peak
GIB = 2**30


def fail(text):
    print(f"gpt.py: {text}" if os.environ.get("RANK", "0") == "0" else "", file=sys.stderr, flush=True)
    sys.exit(2)


# ---- FP8: weights stay in FP32 and are rounded for each product; so are activations and gradients


def quantise(x, dtype):
    """FP8 values and the scale to multiply them with. The largest magnitude of the tensor becomes the largest of the format."""
    highest = torch.finfo(dtype).max
    scale = x.abs().amax().float().clamp(min=1e-12) / highest
    return (x.float() / scale).clamp(-highest, highest).to(dtype), scale


def scaled_product(a, b, scale_a, scale_b, fast):
    """a times b, b in column-major order as the tensor cores want it. fast: sums are kept in fewer bits than FP32."""
    return torch._scaled_mm(a, b, scale_a=scale_a, scale_b=scale_b, out_dtype=torch.bfloat16, use_fast_accum=fast)


class Fp8Product(torch.autograd.Function):
    """x times the transposed weight. E4M3 has the precision that values need, E5M2 the range that gradients need."""

    @staticmethod
    def forward(ctx, x, weight):
        x8, scale_x = quantise(x, torch.float8_e4m3fn)
        w8, scale_w = quantise(weight, torch.float8_e4m3fn)
        ctx.save_for_backward(x8, w8, scale_x, scale_w)
        ctx.dtypes = x.dtype, weight.dtype
        return scaled_product(x8, w8.t(), scale_x, scale_w, fast=True)

    @staticmethod
    def backward(ctx, gradient):
        x8, w8, scale_x, scale_w = ctx.saved_tensors
        g8, scale_g = quantise(gradient, torch.float8_e5m2)
        grad_x = scaled_product(g8, w8.t().contiguous().t(), scale_g, scale_w, fast=False)
        grad_w = scaled_product(g8.t().contiguous(), x8.t().contiguous().t(), scale_g, scale_x, fast=False)
        return grad_x.to(ctx.dtypes[0]), grad_w.to(ctx.dtypes[1])


class Fp8Linear(nn.Linear):
    def forward(self, x):
        return Fp8Product.apply(x.flatten(0, -2), self.weight).unflatten(0, x.shape[:-1])


class Block(nn.Module):
    def __init__(self, width, heads, residual_std, linear):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width, bias=False), nn.LayerNorm(width, bias=False)
        self.qkv, self.out = linear(width, 3 * width, bias=False), linear(width, width, bias=False)
        self.up, self.down = linear(width, 4 * width, bias=False), linear(4 * width, width, bias=False)
        for layer, std in (self.qkv, 0.02), (self.up, 0.02), (self.out, residual_std), (self.down, residual_std):
            nn.init.normal_(layer.weight, std=std)

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(batch, length, width))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Gpt(nn.Module):
    def __init__(self, size, context, dtype, fp8, recompute):
        super().__init__()
        self.layers, self.width, heads, _ = SIZES[size]
        self.context, self.dtype, self.recompute = context, dtype, recompute
        self.bytes = nn.Parameter(torch.empty(VOCABULARY, self.width).normal_(std=0.02))
        self.places = nn.Parameter(torch.empty(context, self.width).normal_(std=0.02))
        residual_std = 0.02 / math.sqrt(2 * self.layers)
        linear = Fp8Linear if fp8 else nn.Linear
        self.blocks = nn.ModuleList(Block(self.width, heads, residual_std, linear) for _ in range(self.layers))
        self.norm, self.head = nn.LayerNorm(self.width, bias=False), nn.Linear(self.width, VOCABULARY, bias=False)
        nn.init.normal_(self.head.weight, std=0.02)

    def forward(self, tokens, targets=None):
        # A product with one-hot rows: at 256 tokens as fast as a look-up, and its gradient is a sum in a fixed order.
        x = F.one_hot(tokens, VOCABULARY).to(self.bytes.dtype) @ self.bytes
        x = (x + self.places[: tokens.shape[1]]).to(self.dtype)
        for block in self.blocks:
            x = checkpoint(block, x, use_reentrant=False) if self.recompute and self.training else block(x)
        logits = self.head(self.norm(x)).float()
        return logits if targets is None else F.cross_entropy(logits.flatten(0, 1), targets.flatten())

    def flops_per_token(self):
        """Forward and backward: 6 for each weight of a product, and causal attention, of which half of the square is needed."""
        products = sum(p.numel() for p in self.blocks.parameters() if p.dim() == 2) + self.head.weight.numel()
        return 6 * products + 6 * self.layers * self.width * self.context


def memory_needed(size, batch, context, precision, recompute, shards):
    """An upper estimate, in bytes: FP32 weights, gradients and AdamW's two averages; rounded weights; activations for the backward."""
    layers, width, _, _ = SIZES[size]
    weights = 12 * layers * width**2 + (2 * VOCABULARY + context) * width
    narrow = precision not in ("fp32", "tf32")
    per_layer = batch * context * width * (24 if precision == "fp8" else 34 if narrow else 66)  # seen on an H200: 15, 27 to 31, 61
    kept = batch * context * width * (2 if narrow else 4) * layers + per_layer if recompute else per_layer * layers
    return weights * 16 // shards + weights * (2 if narrow else 0) + kept + batch * context * VOCABULARY * 16 + GIB // 4


# ---- Data: bytes of files, mapped into memory. Which of them a step sees depends on the seed and the step alone


def corpus(args, rank):
    """The bytes, and the digest that tells them from other bytes."""
    if args.data:
        files = [file for path in args.data for file in (sorted(path.rglob("*")) if path.is_dir() else [path]) if not file.is_dir()]
    else:
        roots = Path(sysconfig.get_path("stdlib")), Path(torch.__file__).parent
        files = [file for root in roots for file in sorted(root.rglob("*.py")) if "-packages" not in str(file.relative_to(root))]
    if missing := [file for file in files or args.data if not file.is_file()]:
        fail(f"--data: {missing[0]} is not a file, or a directory with files")
    packed = files[0] if len(files) == 1 else args.checkpoints / "data.bin"
    if len(files) > 1 and rank == 0:
        write_durably(packed, lambda target: [target.write(file.read_bytes()) for file in files])
    if dist.is_initialized():
        dist.barrier()
    length, least = packed.stat().st_size, 100 * (args.context + 1)  # a hundredth is held out
    if length < least:
        fail(f"{packed} has {length} bytes; --context {args.context} needs {least} at least: give more text or a shorter context")
    data = torch.from_file(str(packed), shared=False, size=length, dtype=torch.uint8)
    parts = [data[start : start + 65536] for start in range(0, length, max(65536, length // 64))]
    return data, hashlib.sha256(b"".join([str(length).encode(), *(bytes(part.tolist()) for part in parts)])).hexdigest()


def windows(data, args, seed):
    starts = torch.randint(len(data) - args.context, (args.batch_size, 1), generator=torch.Generator().manual_seed(seed))
    return data[starts + torch.arange(args.context + 1)]


def split(batch, device):
    batch = batch.to(device, non_blocking=True).long()
    return batch[:, :-1].contiguous(), batch[:, 1:].contiguous()


def prepare(batches, data, args, first, rank, ranks, pin):
    """Fills a queue, in a thread: some steps ahead, in memory that the GPU copies from by itself."""
    try:
        for number in itertools.count(first):
            batch = windows(data, args, args.seed * 2**32 + number * ranks + rank)
            batches.put(batch.pin_memory() if pin else batch)
    except Exception as error:  # told where somebody waits for it
        batches.put(error)


def write_durably(path, write):
    """The file appears under its name only when all of it is on the disk; its SHA-256."""
    temporary = path.with_name(f".{path.name}.tmp")
    with open(temporary, "wb+") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    rename_durably(temporary, path)
    return digest_of(path)


def rename_durably(draft, path):
    os.replace(draft, path)
    directory = os.open(path.parent, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def local(tensor):
    """This rank's part of a tensor that FSDP has spread."""
    return tensor.to_local() if hasattr(tensor, "to_local") else tensor


class Run:
    def __init__(self, args):
        self.args = args
        self.rank, self.ranks = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        self.gpu = torch.cuda.is_available() and args.device != "cpu"
        self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))) if self.gpu else torch.device("cpu")
        if self.gpu:
            torch.cuda.set_device(self.device)
        self.choose()
        self.check_memory()
        if self.ranks > 1 and not dist.is_initialized():
            dist.init_process_group("nccl" if self.gpu else "gloo")
        self.set_up_torch()
        args.checkpoints.mkdir(parents=True, exist_ok=True)
        self.lock()
        data, digest = corpus(args, self.rank)
        self.data, self.unseen = data[: -(len(data) // 100)], data[-(len(data) // 100) :]
        self.make_model()
        names = ("size", "context", "batch_size", "accumulate", "steps", "warmup", "lr", "seed", "precision", "parallel", "recompute")
        self.plan = {name: getattr(args, name) for name in names} | {"ranks": self.ranks, "data": digest}
        self.step, self.stop_asked, self.pending, self.events, self.losses, self.marked = 0, False, None, None, [], None
        self.load()

    def choose(self):
        """Decides what was left open by what is there, and refuses what cannot be."""
        args, gpu = self.args, self.gpu
        capability = torch.cuda.get_device_capability(self.device) if gpu else (0, 0)
        self.name = torch.cuda.get_device_name(self.device) if gpu else "the CPU"
        args.precision = args.precision or ("fp32" if not gpu else "bf16" if capability >= (8, 0) else "fp16")
        if args.precision == "fp8" and capability < FP8_FROM:
            fail(f"{self.name} has no FP8 products: L40S, H100, H200, B200 and later GPUs do. Use --precision bf16")
        if (args.precision in ("tf32", "fp16") and not gpu) or (args.precision in ("tf32", "bf16") and gpu and capability < (8, 0)):
            fail(f"{self.name} has no {args.precision.upper()} products. Use --precision {'fp16' if gpu else 'fp32'}")
        if args.parallel == "fsdp" and not gpu and not hasattr(torch.cpu.Stream, "record_event"):
            fail(f"FSDP2 of PyTorch {torch.__version__} needs GPUs. Use --parallel ddp")
        if args.parallel == "fsdp" and args.precision == "fp16":
            fail("FP16 needs its loss scaled, which this script does not do under FSDP. Use --precision bf16, or --parallel ddp")
        args.size = args.size or ("125m" if gpu else "1m")
        args.context = args.context or (1024 if gpu else 128)
        args.batch_size = args.batch_size or (16 if gpu else 8)
        args.steps = args.steps or (2000 if gpu else 200)
        args.lr = args.lr or SIZES[args.size][3]
        args.compile = args.compile or ("blocks" if gpu else "off")
        if args.batch_size * args.context % 16:
            fail(f"--batch-size {args.batch_size} times --context {args.context} must be a multiple of 16")
        self.dtype = {"fp16": torch.float16, "bf16": torch.bfloat16, "fp8": torch.bfloat16}.get(args.precision, torch.float32)
        peaks = next((peaks for model, peaks in PEAKS.items() if model in self.name), None)
        self.peak = args.peak or (peaks[PRECISIONS[args.precision]] if peaks else None)

    def check_memory(self):
        args, shards = self.args, self.ranks if self.args.parallel == "fsdp" else 1
        free = torch.cuda.mem_get_info()[0] if self.gpu else host_memory() // int(os.environ.get("LOCAL_WORLD_SIZE", 1))
        needed = lambda size, batch, recompute: memory_needed(size, batch, args.context, args.precision, recompute, shards)
        if needed(args.size, args.batch_size, args.recompute) <= free:
            return
        smaller = [(args.size, b) for b in range(args.batch_size - 1, 0, -1) if b * args.context % 16 == 0]
        choices = [[(*c, args.recompute) for c in smaller], [(*c, True) for c in [(args.size, args.batch_size), *smaller]]]
        choices.append([(size, args.batch_size, args.recompute) for size in reversed(SIZES) if SIZES[size] < SIZES[args.size]])
        fitting = dict.fromkeys(f for group in choices if (f := next((c for c in group if needed(*c) <= free), None)))
        advice = "; ".join(f"--size {size} --batch-size {batch}{' --recompute' if again else ''}" for size, batch, again in fitting)
        fail(
            f"--size {args.size} --batch-size {args.batch_size} --context {args.context} needs about "
            f"{needed(args.size, args.batch_size, args.recompute) / GIB:.1f} GiB, and {free / GIB:.1f} GiB are free on {self.name}. "
            + (f"These fit: {advice}" if advice else "Free memory, or give a smaller --size and a shorter --context")
        )

    def set_up_torch(self):
        torch.set_float32_matmul_precision("highest" if self.args.precision == "fp32" else "high")  # high: TF32
        if self.args.deterministic or not self.gpu:
            torch.use_deterministic_algorithms(True)
            torch.utils.deterministic.fill_uninitialized_memory = False
            if self.args.compile != "off":
                from torch._inductor import config

                config.deterministic = True  # newer versions: kernels are not chosen by timing them
        torch.manual_seed(self.args.seed)

    def lock(self):
        """Two runs in one directory would take each other's checkpoints."""
        if self.rank == 0:
            self.lock_file = open(self.args.checkpoints / "lock", "a")
            try:
                fcntl.flock(self.lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                fail(f"another run is using {self.args.checkpoints}. Wait for it, or give --checkpoints DIR")

    def make_model(self):
        args = self.args
        with torch.device(self.device):
            self.model = self.parallel = Gpt(args.size, args.context, self.dtype, args.precision == "fp8", args.recompute)
        for part in {"blocks": self.model.blocks, "model": [self.model], "off": []}[args.compile]:
            part.compile(dynamic=False)
        if self.ranks > 1 and args.parallel == "fsdp":
            from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

            policy = MixedPrecisionPolicy(param_dtype=None if self.dtype == torch.float32 else self.dtype, reduce_dtype=torch.float32)
            for part in [*self.model.blocks, self.model]:
                fully_shard(part, mp_policy=policy)
        elif self.ranks > 1:
            self.parallel = DistributedDataParallel(self.model, [self.device.index] if self.gpu else None, gradient_as_bucket_view=True)
        weights = list(self.model.parameters())
        groups = [{"params": [p for p in weights if (p.dim() > 1) == decay], "weight_decay": 0.1 * decay} for decay in (True, False)]
        self.optimizer = torch.optim.AdamW(groups, lr=args.lr, betas=(0.9, 0.95), fused=True)
        for p in weights:  # what the first step would make, so that loading finds it
            step = torch.zeros((), device=p.device)
            self.optimizer.state[p] = {"step": step, "exp_avg": torch.zeros_like(p), "exp_avg_sq": torch.zeros_like(p)}
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=args.precision == "fp16")  # lifts gradients into its range

    def say(self, text):
        if self.rank == 0:
            print(text, flush=True)

    # A checkpoint is a directory: a file of every rank, and a manifest with their digests that is written last

    def tensors(self):
        found = {}
        for name, p in self.model.named_parameters():
            found |= {name: local(p.detach())} | {f"{name} {key}": local(value) for key, value in self.optimizer.state[p].items()}
        return found

    def saved(self):
        return sorted(path for path in self.args.checkpoints.glob("step-*") if (path / "manifest.json").is_file())

    def save(self):
        final, draft = (self.args.checkpoints / name for name in (f"step-{self.step:08d}", f".step-{self.step:08d}.tmp"))
        draft.mkdir(exist_ok=True)
        state = {"rng": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state(self.device) if self.gpu else None}
        if self.rank == 0 or self.args.parallel == "fsdp":
            state |= {"tensors": self.tensors(), "scaler": self.scaler.state_dict()}
        digests = self.gather(write_durably(draft / f"rank-{self.rank}.pt", lambda file: torch.save(state, file)))
        if self.rank == 0:
            manifest = {"plan": self.plan, "step": self.step, "sha256": digests, "torch": torch.__version__}
            write_durably(draft / "manifest.json", lambda file: file.write(json.dumps(manifest, indent=1).encode()))
            shutil.rmtree(final, ignore_errors=True)
            rename_durably(draft, final)
            for old in self.saved()[: -self.args.keep]:
                shutil.rmtree(old, ignore_errors=True)
        self.gather(None)

    def gather(self, value):
        """The values of all ranks, when all have come here."""
        values = [value] * self.ranks
        if self.ranks > 1:
            dist.all_gather_object(values, value)
        return values

    def load(self):
        """Goes on from the newest checkpoint that is whole."""
        if self.rank == 0:
            for old in [*self.args.checkpoints.glob(".step-*.tmp"), *(self.args.checkpoints.glob("step-*") if self.args.fresh else [])]:
                shutil.rmtree(old)
        self.gather(None)
        torch.manual_seed(self.args.seed + 1000 * (self.rank + 1))  # weights begin equal on all ranks; dropout, if you add it, must differ
        for path in reversed(self.saved()):
            manifest = json.loads((path / "manifest.json").read_text())
            if other := [f"{name} {old} -> {self.plan[name]}" for name, old in manifest["plan"].items() if self.plan.get(name) != old]:
                fail(f"{path} is of another run ({', '.join(other)}). Give --checkpoints DIR, or --fresh to delete it and start over")
            file, first = path / f"rank-{self.rank}.pt", path / "rank-0.pt"
            if not all(self.gather(file.exists() and digest_of(file) == manifest["sha256"][self.rank])):
                self.say(f"{path} is damaged; the one before it is taken")
                continue
            mine = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
            shared = mine if "tensors" in mine else torch.load(first, map_location="cpu", weights_only=True, mmap=True)
            for name, tensor in self.tensors().items():
                tensor.copy_(shared["tensors"][name])
            self.scaler.load_state_dict(shared["scaler"])
            torch.set_rng_state(mine["rng"])
            if self.gpu:
                torch.cuda.set_rng_state(mine["cuda"], self.device)
            self.step = manifest["step"]
            self.say(f"resumed from {path} at step {self.step} of {self.args.steps}")
            return

    def autocast(self):
        return contextlib.nullcontext() if self.dtype == torch.float32 else torch.autocast(self.device.type, dtype=self.dtype)

    def train_step(self, batches):
        """Queues one step; its mean loss and the norm of its gradient, still on the device."""
        args, total = self.args, 0
        cosine = 0.55 + 0.45 * math.cos(math.pi * self.step / args.steps)  # from 1 to 0.1
        for group in self.optimizer.param_groups:
            group["lr"] = args.lr * min((self.step + 1) / max(1, args.warmup), cosine)
        for part in range(args.accumulate):
            last = part == args.accumulate - 1
            if isinstance(batch := batches.get(), Exception):
                raise batch
            tokens, targets = split(batch, self.device)
            if self.ranks > 1 and args.parallel == "fsdp":
                self.model.set_requires_gradient_sync(last)
            with self.parallel.no_sync() if self.ranks > 1 and args.parallel == "ddp" and not last else contextlib.nullcontext():
                with self.autocast():
                    loss = self.parallel(tokens, targets) / args.accumulate
                self.scaler.scale(loss).backward()
            total = total + loss.detach()
        self.scaler.unscale_(self.optimizer)
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return total, norm.full_tensor() if hasattr(norm, "full_tensor") else norm

    def note(self, loss, norm):
        """Sends the step's numbers to the CPU without waiting; they are read when the next step is queued already."""
        values = torch.stack([loss.float(), norm.float(), torch.full_like(norm, self.stop_asked)])
        if self.ranks > 1:
            dist.all_reduce(values)  # so all ranks decide alike
        values = torch.empty(3, pin_memory=self.gpu).copy_(values / self.ranks, non_blocking=True)
        self.pending = self.step, values, torch.cuda.current_stream().record_event() if self.gpu else None

    def settle(self):
        """Reads what was noted. Ends the run when the loss is not a number any more; true when a stop was asked for."""
        if not self.pending:
            return False
        (step, values, copied), self.pending = self.pending, None
        if copied:
            copied.synchronize()
        loss, norm, stop = values.tolist()
        if not math.isfinite(loss) or (not math.isfinite(norm) and self.args.precision != "fp16"):
            good, args = (self.saved() or ["none"])[-1], self.args
            fail(
                f"step {step}: loss {loss}, gradient norm {norm}. Last good checkpoint: {good}. Try a lower --lr (now {args.lr:g}), "
                f"a longer --warmup (now {args.warmup}), or more precision (now {args.precision})"
            )
        self.losses.append(loss)
        if self.marked is None or step % self.args.log_every == 0 or step == self.args.steps:
            self.report(step, norm, time.monotonic())
        return stop > 0

    def report(self, step, norm, now):
        args, rate, mfu = self.args, None, None
        if self.marked and step > self.marked[0]:
            tokens = args.batch_size * args.accumulate * args.context * self.ranks
            rate = (step - self.marked[0]) * tokens / (now - self.marked[1])
            mfu = rate * self.model.flops_per_token() / self.ranks / (self.peak * 1e12) if self.peak else None
        memory = torch.cuda.max_memory_allocated(self.device) / GIB if self.gpu else None
        numbers = {"step": step, "loss": sum(self.losses) / len(self.losses), "norm": norm, "lr": self.optimizer.param_groups[0]["lr"]}
        numbers |= {k: v for k, v in (("tokens_per_second", rate), ("mfu", mfu), ("memory_gib", memory)) if v is not None}
        self.marked, self.losses = (step, now), []  # the first step compiles and is not timed
        if self.rank == 0:
            line = f"step {step}/{args.steps}  loss {numbers['loss']:.4f}  norm {norm:.2f}  lr {numbers['lr']:.1e}"
            more = (f"  {rate:,.0f} tokens/s" if rate else "") + (f"  MFU {mfu:.1%}" if mfu else "")
            self.say(line + more + (f"  {memory:.1f} GiB" if memory else ""))
            self.metrics.write(json.dumps(numbers) + "\n")
            self.metrics.flush()
            for key in numbers.keys() - {"step"} if self.events else ():
                self.events.add_scalar(key, numbers[key], step)

    def open_metrics(self):
        """What a killed run wrote after its last checkpoint is written again."""
        path = self.args.checkpoints / "metrics.jsonl"
        lines = path.read_text().splitlines() if path.exists() and self.step else []
        kept = [line + "\n" for line in lines if line.endswith("}") and json.loads(line)["step"] <= self.step]
        write_durably(path, lambda file: file.write("".join(kept).encode()))
        self.metrics = path.open("a")
        with contextlib.suppress(ImportError):  # the presets with GPUs have TensorBoard
            from torch.utils.tensorboard import SummaryWriter

            self.events = SummaryWriter(str(self.args.checkpoints / "tensorboard"), purge_step=self.step + 1)

    def batches(self):
        batches = queue.Queue(8)
        source = (batches, self.data, self.args, self.step * self.args.accumulate, self.rank, self.ranks, self.gpu)
        threading.Thread(target=prepare, args=source, daemon=True).start()
        return batches

    def train(self):
        args = self.args
        if self.rank == 0:
            self.open_metrics()
        batches = self.batches()
        while self.step < args.steps:
            numbers = self.train_step(batches)
            stop = self.settle()
            self.note(*numbers)
            if stop or self.step == args.steps or (args.save_every and self.step % args.save_every == 0):
                stop = self.settle() or stop  # a step that went wrong is not saved
                self.save()
                if stop and self.step < args.steps:
                    self.say(f"asked to stop: saved step {self.step}; the same command goes on from there")
                    return False
        return True

    @torch.no_grad()
    def predict(self, tokens, targets=None):
        with self.autocast(), torch.compiler.set_stance("force_eager"):
            return self.model(tokens, targets)

    def unseen_loss(self):
        return sum(self.predict(*split(windows(self.unseen, self.args, number), self.device)).item() for number in range(8)) / 8

    def sample(self, prompt, length=200):
        chosen, text = torch.Generator().manual_seed(self.args.seed), list(prompt.encode())
        for _ in range(length):
            window = text[-self.args.context :]
            tokens = torch.tensor([window + [0] * (self.args.context - len(window))], device=self.device)
            logits = self.predict(tokens)[0, len(window) - 1].cpu()
            text.append(int(torch.multinomial((logits / 0.8).softmax(0), 1, generator=chosen)))
        return bytes(text).decode(errors="replace")

    def weights_digest(self):
        digest = hashlib.sha256()
        for name, p in sorted(self.model.named_parameters()):
            whole = (p.full_tensor() if hasattr(p, "full_tensor") else p).detach().cpu().contiguous()
            digest.update(f"{name} {whole.dtype} {tuple(whole.shape)}\n".encode())
            digest.update((ctypes.c_char * (whole.numel() * whole.element_size())).from_address(whole.data_ptr()))
        return digest.hexdigest()


def host_memory():
    free = next(int(line.split()[1]) * 1024 for line in open("/proc/meminfo") if line.startswith("MemAvailable"))
    with contextlib.suppress(OSError, ValueError):
        free = min(free, int(Path("/sys/fs/cgroup/memory.max").read_text()) - int(Path("/sys/fs/cgroup/memory.current").read_text()))
    return free


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", type=Path, nargs="+", metavar="PATH", help="files and directories; default: Python's and PyTorch's own sources")
    add("--size", choices=SIZES, help="parameters; default: 125m, on the CPU 1m")
    add("--precision", choices=PRECISIONS, help="default: bf16, before Ampere fp16, on the CPU fp32")
    add("--context", type=int, help="bytes that the model sees at once; default: 1024, on the CPU 128")
    add("--batch-size", type=int, help="sequences at once for each rank; default: 16, on the CPU 8")
    add("--accumulate", type=int, default=1, help="batches in a step; default: 1")
    add("--steps", type=int, help="default: 2000, on the CPU 200")
    add("--lr", type=float, help="highest learning rate; default: by size")
    add("--warmup", type=int, default=50, help="steps; default: 50")
    add("--seed", type=int, default=1)
    add("--recompute", action="store_true", help="activation checkpointing: keep one activation a layer, compute the others again")
    add("--compile", choices=["blocks", "model", "off"], help="default: blocks, on the CPU off")
    add("--parallel", choices=["ddp", "fsdp"], default="ddp", help="with torchrun: whole copies (default), or spread with FSDP2")
    add("--deterministic", action="store_true", help="the same bits every time on a GPU too (slower)")
    add("--device", choices=["auto", "cpu"], default="auto")
    add("--peak", type=float, help="dense TFLOPS for MFU; default: by the GPU's name")
    add("--checkpoints", type=Path, default=Path("checkpoints/gpt"), help="directory; on a mount it outlives the container")
    add("--save-every", type=int, default=100, help="steps; 0: at the end only; default: 100")
    add("--keep", type=int, default=3, help="checkpoints; default: 3")
    add("--log-every", type=int, default=10, help="steps; default: 10")
    add("--fresh", action="store_true", help="delete the checkpoints that are there and start over")
    return parser.parse_args(arguments)


def main():
    run = Run(parse_arguments())

    def ask_to_stop(number, frame):
        run.stop_asked = True

    for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    args = run.args
    run.say(f"PyTorch {torch.__version__}, {run.ranks} x {run.name}, {args.size} in {args.precision}, compile: {args.compile}")
    run.say(f"{len(run.data):,} bytes of text, {args.batch_size * args.accumulate * args.context * run.ranks:,} in a step")
    finished = run.train()
    if finished:
        run.model.eval()
        loss, text, digest = run.unseen_loss(), run.sample("def "), run.weights_digest()
        run.say(f"loss on unseen text {loss:.4f}\nsample:\n{text}\nweights sha256:{digest}")
    if run.ranks > 1:
        dist.destroy_process_group()
    return 0 if finished else AGAIN


if __name__ == "__main__":
    sys.exit(main())
