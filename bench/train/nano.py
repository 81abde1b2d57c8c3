"""The training loop of nanoGPT, written anew from its description: the same model shapes, hyperparameters and order of work.

GPT-2 with tied embeddings, bias-free LayerNorm, exact GELU, attention through SDPA; autocast to BF16, TF32 elsewhere, fused AdamW with
betas 0.9 and 0.95 and weight decay on matrices, clipping at 1.0, the whole model compiled; batches cut from a memory-mapped file by NumPy
while the GPU computes. https://github.com/karpathy/nanoGPT
"""

import contextlib
import math
import statistics
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.c_attn, self.c_proj = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)

    def forward(self, x):
        b, t, c = x.size()
        q, k, v = (y.view(b, t, self.heads, c // self.heads).transpose(1, 2) for y in self.c_attn(x).split(c, dim=2))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=None, dropout_p=0.0, is_causal=True)
        return self.c_proj(y.transpose(1, 2).contiguous().view(b, t, c))


class Layer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.ln_1, self.attn = nn.LayerNorm(width, bias=False), Attention(width, heads)
        self.ln_2 = nn.LayerNorm(width, bias=False)
        self.c_fc, self.c_proj = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.c_proj(F.gelu(self.c_fc(self.ln_2(x))))


class Model(nn.Module):
    def __init__(self, layers, width, heads, context, vocabulary):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
        self.h = nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.ln_f, self.lm_head = nn.LayerNorm(width, bias=False), nn.Linear(width, vocabulary, bias=False)
        self.wte.weight = self.lm_head.weight
        for name, p in self.named_parameters():
            if p.dim() > 1:
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * layers) if name.endswith("c_proj.weight") else 0.02)

    def forward(self, tokens, targets):
        x = self.wte(tokens) + self.wpe(torch.arange(tokens.shape[1], device=tokens.device))
        for layer in self.h:
            x = layer(x)
        logits = self.lm_head(self.ln_f(x))
        return F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1), ignore_index=-1)


def measure(shape, context, batch, data, seconds, windows=3):
    """Tokens per second, the median of the windows."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(1337)
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    with torch.device(device):
        model = Model(*shape, context, 256)
    decay, rest = [p for p in model.parameters() if p.dim() >= 2], [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=3e-4, betas=(0.9, 0.95), fused=device == "cuda")
    scaler = torch.amp.GradScaler(device, enabled=False)
    compiled = torch.compile(model) if device == "cuda" else model
    cast = torch.autocast(device, dtype=torch.bfloat16) if device == "cuda" else contextlib.nullcontext()

    def get_batch():
        mapped = np.memmap(data, dtype=np.uint8, mode="r")
        starts = torch.randint(len(mapped) - context, (batch,))
        x = torch.stack([torch.from_numpy(mapped[i : i + context].astype(np.int64)) for i in starts])
        y = torch.stack([torch.from_numpy(mapped[i + 1 : i + 1 + context].astype(np.int64)) for i in starts])
        if device == "cuda":
            return x.pin_memory().to(device, non_blocking=True), y.pin_memory().to(device, non_blocking=True)
        return x, y

    x, y = get_batch()

    def steps(count):
        nonlocal x, y
        for _ in range(count):
            with cast:
                loss = compiled(x, y)
            x, y = get_batch()  # while the GPU computes
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad(set_to_none=True)
        return loss.item()

    began = time.monotonic()
    steps(1)
    start = time.monotonic() - began
    steps(2)
    mark = time.monotonic()
    steps(2)
    count = max(2, round(seconds / windows / ((time.monotonic() - mark) / 2)))
    rates = []
    for _ in range(windows):
        mark = time.monotonic()
        loss = steps(count)
        rates.append(count * batch * context / (time.monotonic() - mark))
    memory = torch.cuda.max_memory_allocated() if device == "cuda" else None
    return {"tokens_per_second": statistics.median(rates), "loss": loss, "start_seconds": start, "memory_bytes": memory}
