#!/usr/bin/env python3
"""Train a small network so that nothing is lost when the machine says no.

What is here is what a real training script needs, on data that is made on the fly:

  * the device is chosen at run time: every GPU that torchrun gives a rank, one GPU, or the CPU;
  * TF32 for FP32 matrix products; autocast for BF16; autocast with GradScaler for FP16;
  * a DataLoader with worker processes, whose order depends on the seed and the epoch only;
  * checkpoints that appear whole or not at all, and hold all that decides the next step: killed in
    the middle (kill -9, power, preemption) and started again, the run ends with the same weights;
  * data parallel training when torchrun starts it: torchrun --nproc-per-node=2 train.py

Try it:  python3 train.py;  press Ctrl-C or kill -9 it;  run it again.
"""

import argparse
import contextlib
import hashlib
import os
import random
import signal
import sys
import time
from pathlib import Path

# cuBLAS gives the same result every time only with a fixed workspace; it reads this before the first call.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset, Sampler

SIZE = 24  # side of an image in pixels
CLASSES = 6  # directions of the stripes


class Stripes(Dataset):
    """Noisy pictures of stripes; the class is their direction. Picture i is the same in every run."""

    def __init__(self, length, seed):
        self.length = length
        self.seed = seed

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        rng = np.random.default_rng((self.seed, index))
        label = int(rng.integers(CLASSES))
        angle = np.pi * (label + rng.uniform(-0.2, 0.2)) / CLASSES
        y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
        wave = np.sin(2 * np.pi * rng.uniform(3, 5) * (x * np.cos(angle) + y * np.sin(angle)) + rng.uniform(0, 2 * np.pi))
        picture = wave + rng.normal(0, 1.2, size=(SIZE, SIZE))
        return torch.from_numpy(picture.astype(np.float32)).unsqueeze(0), label


class EpochSampler(Sampler):
    """Indices of one rank for one epoch, from a given batch on. Depends on seed and epoch only, so a resumed run goes on exactly."""

    def __init__(self, length, batch_size, seed, rank, ranks):
        self.length, self.batch_size, self.seed = length, batch_size, seed
        self.rank, self.ranks = rank, ranks
        self.epoch, self.first_batch = 0, 0

    @property
    def batches(self):
        return self.length // self.ranks // self.batch_size

    def __iter__(self):
        order = torch.randperm(self.length, generator=torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)).tolist()
        mine = order[self.rank :: self.ranks]
        for batch in range(self.first_batch, self.batches):
            yield mine[batch * self.batch_size : (batch + 1) * self.batch_size]

    def __len__(self):
        return self.batches - self.first_batch


def make_model():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.2), nn.Linear(32 * (SIZE // 4) ** 2, 64), nn.ReLU(), nn.Linear(64, CLASSES),
    )  # fmt: skip


def save_atomically(state, path):
    """The file appears under its name only when all of it is on the disk."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with open(temporary, "wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)  # the rename itself
    finally:
        os.close(directory)


def rng_state(device):
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def set_rng_state(state, device):
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)


def weights_digest(model):
    """SHA-256 over names, types, shapes and bytes of all weights and buffers."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


class Run:
    """One training run: what this process is in it, and what it trains."""

    def __init__(self, args):
        self.args = args
        self.rank = int(os.environ.get("RANK", 0))
        self.ranks = int(os.environ.get("WORLD_SIZE", 1))
        self.stop_asked = False
        self.device = self.choose_device()
        if self.ranks > 1:
            dist.init_process_group("nccl" if self.device.type == "cuda" else "gloo")
        self.precision = self.choose_precision()
        self.seed_everything()

        self.model = make_model().to(self.device)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=args.lr, weight_decay=0.01)
        self.sampler = EpochSampler(args.samples, args.batch_size, args.seed, self.rank, self.ranks)
        if self.sampler.batches == 0:
            sys.exit(f"--samples {args.samples} is less than one batch of {args.batch_size} for each of {self.ranks} ranks")
        self.total_steps = args.epochs * self.sampler.batches
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(self.optimizer, max_lr=args.lr, total_steps=self.total_steps)
        # FP16 has a small range: gradients are scaled up before they are computed and down before they are used.
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.precision == "fp16")
        self.step = 0
        self.resume()
        # Wrapping comes after resuming: it sends rank 0's weights to the others.
        self.parallel = self.model
        if self.ranks > 1:
            self.parallel = DistributedDataParallel(self.model, device_ids=[self.device.index] if self.device.type == "cuda" else None)

    def choose_device(self):
        if self.args.device != "auto":
            return torch.device(self.args.device)
        if not torch.cuda.is_available():
            return torch.device("cpu")
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
        return device

    def choose_precision(self):
        if self.args.precision != "auto":
            return self.args.precision
        if self.device.type != "cuda":
            return "fp32"
        return "bf16" if torch.cuda.is_bf16_supported() else "fp16"

    def seed_everything(self):
        torch.set_float32_matmul_precision("high")  # TF32 where the GPU has it
        torch.backends.cudnn.allow_tf32 = True
        if self.args.deterministic or self.device.type == "cpu":
            torch.use_deterministic_algorithms(True)
            torch.backends.cudnn.benchmark = False
        random.seed(self.args.seed)
        np.random.seed(self.args.seed)
        torch.manual_seed(self.args.seed)

    def say(self, text):
        if self.rank == 0:
            print(text, flush=True)

    # Checkpoints

    @property
    def checkpoint(self):
        return self.args.checkpoints / "last.pt"

    def plan(self):
        """What must be equal for a checkpoint to belong to this run."""
        names = ("seed", "samples", "batch_size", "epochs", "lr")
        return {name: getattr(self.args, name) for name in names} | {"ranks": self.ranks, "precision": self.precision}

    def save(self):
        states = [None] * self.ranks
        if self.ranks > 1:
            dist.all_gather_object(states, rng_state(self.device))
        else:
            states[0] = rng_state(self.device)
        if self.rank == 0:
            save_atomically(
                {
                    "plan": self.plan(),
                    "step": self.step,
                    "model": self.model.state_dict(),
                    "optimizer": self.optimizer.state_dict(),
                    "schedule": self.schedule.state_dict(),
                    "scaler": self.scaler.state_dict(),
                    "rng": states,
                },
                self.checkpoint,
            )

    def resume(self):
        self.args.checkpoints.mkdir(parents=True, exist_ok=True)
        if self.rank == 0:
            for leftover in self.args.checkpoints.glob(f".{self.checkpoint.name}.*.tmp"):
                leftover.unlink(missing_ok=True)
        if self.args.fresh or not self.checkpoint.exists():
            self.set_rank_seed()
            return
        # weights_only: a checkpoint is data, never code.
        state = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
        if state["plan"] != self.plan():
            different = [f"{name} {state['plan'].get(name)} -> {value}" for name, value in self.plan().items() if state["plan"].get(name) != value]
            sys.exit(f"{self.checkpoint} belongs to another run ({', '.join(different)}); give --fresh to start over, or --checkpoints DIR")
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.scaler.load_state_dict(state["scaler"])
        set_rng_state(state["rng"][self.rank], self.device)
        self.step = state["step"]
        self.say(f"resumed from {self.checkpoint} at step {self.step} of {self.total_steps}")

    def set_rank_seed(self):
        # Weights start equal on all ranks; dropout must differ.
        torch.manual_seed(self.args.seed + 1000 * (self.rank + 1))

    # Training

    def loader(self):
        epoch, first = divmod(self.step, self.sampler.batches)
        self.sampler.epoch, self.sampler.first_batch = epoch, first
        return epoch, DataLoader(
            Stripes(self.args.samples, self.args.seed),
            batch_sampler=self.sampler,
            num_workers=self.args.workers,
            pin_memory=self.device.type == "cuda",
            # Without its own generator the loader would draw the workers' seeds from the global one.
            generator=torch.Generator().manual_seed(self.args.seed + epoch),
        )

    def autocast(self):
        if self.precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16 if self.precision == "bf16" else torch.float16)

    def train_step(self, pictures, labels):
        pictures = pictures.to(self.device, non_blocking=True)
        labels = labels.to(self.device, non_blocking=True)
        with self.autocast():
            loss = nn.functional.cross_entropy(self.parallel(pictures), labels)
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimizer)
        nn.utils.clip_grad_norm_(self.parallel.parameters(), 1.0)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.schedule.step()
        self.step += 1
        return loss.detach()

    def stop_wanted(self):
        """All ranks stop at the same step, or the others would wait for ever."""
        if self.ranks == 1:
            return self.stop_asked
        flag = torch.tensor(int(self.stop_asked), device=self.device)
        dist.all_reduce(flag, op=dist.ReduceOp.MAX)
        return bool(flag.item())

    def train(self):
        began, first = time.monotonic(), self.step
        self.parallel.train()
        while self.step < self.total_steps:
            epoch, loader = self.loader()
            for pictures, labels in loader:
                loss = self.train_step(pictures, labels)
                if self.step % self.args.log_every == 0 or self.step == self.total_steps:
                    speed = (self.step - first) * self.args.batch_size * self.ranks / (time.monotonic() - began)
                    self.say(f"epoch {epoch + 1}  step {self.step}/{self.total_steps}  loss {loss.item():.4f}  {speed:.0f} samples/s")
                stop = self.stop_wanted()
                if stop or self.step % self.args.checkpoint_every == 0 or self.step == self.total_steps:
                    self.save()
                if stop:
                    self.say(f"asked to stop: saved step {self.step}; the same command goes on from there")
                    return False
        return True

    @torch.no_grad()
    def accuracy(self):
        self.model.eval()
        held_out = DataLoader(Stripes(1024, self.args.seed + 1_000_000), batch_size=256, num_workers=0)
        right = 0
        for pictures, labels in held_out:
            with self.autocast():
                right += (self.model(pictures.to(self.device)).argmax(1).cpu() == labels).sum().item()
        return right / len(held_out.dataset)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--samples", type=int, default=8192, help="pictures in an epoch, all ranks together")
    parser.add_argument("--batch-size", type=int, default=64, help="for each rank")
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2, help="loader processes for each rank; 0 loads in the training process")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 ...")
    parser.add_argument("--precision", choices=["auto", "fp32", "bf16", "fp16"], default="auto", help="auto: bf16 or fp16 on a GPU, fp32 on the CPU")
    parser.add_argument("--deterministic", action="store_true", help="deterministic algorithms on the GPU too (slower)")
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"), help="directory; on a mount it outlives the container")
    parser.add_argument("--checkpoint-every", type=int, default=50, help="steps")
    parser.add_argument("--log-every", type=int, default=25, help="steps")
    parser.add_argument("--fresh", action="store_true", help="start over instead of resuming")
    return parser.parse_args()


def main():
    run = Run(parse_arguments())

    def ask_to_stop(number, frame):
        run.stop_asked = True

    # Slurm, torchyard stop and Kubernetes send SIGTERM some time before they kill; 'torchyard submit' warns by SIGUSR2
    # before the time limit. SIGUSR1 is NCCL's.
    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGUSR2, ask_to_stop)
    if run.ranks == 1:
        signal.signal(signal.SIGINT, ask_to_stop)
    run.say(f"PyTorch {torch.__version__}, {run.ranks} x {run.device}, {run.precision}, {run.total_steps} steps")
    finished = run.train()
    if finished:
        run.say(f"accuracy on unseen pictures {run.accuracy():.3f}" if run.rank == 0 else "")
        run.say(f"weights sha256:{weights_digest(run.model)}")
    if run.ranks > 1:
        dist.destroy_process_group()
    return 0 if finished else 143


if __name__ == "__main__":
    sys.exit(main())
