"""Runs the operators of every library that PyTorch brings, and writes what came out, one line each.

usage: operators.py OUT [--only GROUP,...] [--deadline SECONDS]

OUT/results.jsonl has for each operator the SHA-256 of its outputs or its error; OUT/outputs.pt the outputs themselves.
"""
import argparse
import hashlib
import json
import os
import sys
import time

began = time.monotonic()
import torch
import torch.nn.functional as F

imported = time.monotonic() - began
dev = "cuda"
OPERATORS = []


def op(group, name):
    def add(function):
        OPERATORS.append((group, name, function))
        return function

    return add


def each(group, table):
    for name, function in table.items():
        OPERATORS.append((group, name, function))


def rand(*shape, dtype=torch.float32, low=-1.0, high=1.0):
    """Numbers made on the CPU: the same for every run, whatever the GPU's code is."""
    return (torch.rand(*shape, dtype=torch.float64) * (high - low) + low).to(dtype).to(dev)


def ints(*shape, high=100, dtype=torch.int64):
    return torch.randint(0, high, shape, dtype=dtype).to(dev)


def grads(function, *inputs):
    leaves = [x.detach().requires_grad_(x.is_floating_point()) for x in inputs]
    out = function(*leaves)
    out = out[0] if isinstance(out, tuple) else out
    (out.float() * torch.linspace(0.5, 1.5, out.numel(), device=dev).view(out.shape)).sum().backward()
    return [out] + [x.grad for x in leaves if x.grad is not None]


f16, bf16, f32, f64 = torch.float16, torch.bfloat16, torch.float32, torch.float64

# Elementwise -------------------------------------------------------------------------------------------------
for _name in (
    "sin cos tan sinh cosh tanh exp exp2 expm1 erf erfc sigmoid floor ceil round trunc frac abs neg sign square "
    "relu silu gelu softplus logsigmoid selu celu hardswish hardsigmoid mish elu leaky_relu"
).split():
    _f = getattr(torch, _name, None) or getattr(F, _name)
    OPERATORS.append(("elementwise", _name, lambda f=_f: f(rand(513, 259))))
for _name in "log log2 log10 log1p sqrt rsqrt reciprocal lgamma digamma erfinv acos asin atan acosh i0".split():
    _f = getattr(torch, _name)
    _low, _high = (1.0, 3.0) if _name == "acosh" else (0.05, 0.95)
    OPERATORS.append(("elementwise", _name, lambda f=_f, a=_low, b=_high: f(rand(300, 301, low=a, high=b))))
for _name in "add sub mul div atan2 fmod remainder maximum minimum hypot copysign nextafter logaddexp xlogy".split():
    _f = getattr(torch, _name)
    OPERATORS.append(("elementwise", _name, lambda f=_f: f(rand(257, 129, low=0.1), rand(257, 129, low=0.1))))
each(
    "elementwise",
    {
        "pow": lambda: torch.pow(rand(200, 200, low=0.1), 1.7),
        "lerp": lambda: torch.lerp(rand(99, 98), rand(99, 98), 0.3),
        "where": lambda: torch.where(rand(300, 30) > 0, rand(300, 30), rand(300, 30)),
        "clamp": lambda: rand(1000).clamp(-0.3, 0.4),
        "bitwise": lambda: (ints(1000) & ints(1000), ints(1000) ^ ints(1000), ints(1000) << 2),
        "complex_exp": lambda: torch.exp(torch.complex(rand(100, 40), rand(100, 40))),
        "half_add": lambda: rand(1000, dtype=f16) + rand(1000, dtype=f16),
        "bfloat16_mul": lambda: rand(1000, dtype=bf16) * rand(1000, dtype=bf16),
        "float8_cast": lambda: rand(1000).to(torch.float8_e4m3fn).float(),
        "addcmul": lambda: torch.addcmul(rand(500), rand(500), rand(500), value=0.5),
        "foreach": lambda: torch._foreach_add([rand(9), rand(99), rand(999)], 1.5),
        "polygamma": lambda: torch.polygamma(2, rand(500, low=0.1)),
    },
)

# Reductions, sorting, indexing --------------------------------------------------------------------------------
for _name in "sum mean prod std var amax amin logsumexp all any argmax argmin nansum median mode norm".split():
    OPERATORS.append(
        (
            "reduce",
            _name,
            lambda n=_name: getattr(torch, n)(rand(130, 77) > 0 if n in ("all", "any") else rand(130, 77), dim=1)
        )
    )
each(
    "reduce",
    {
        "cumsum": lambda: rand(64, 3000).cumsum(1),
        "cumprod": lambda: rand(64, 100).cumprod(1),
        "cummax": lambda: rand(64, 500).cummax(1),
        "logcumsumexp": lambda: rand(64, 500).logcumsumexp(1),
        "softmax": lambda: rand(128, 5000).softmax(1),
        "log_softmax": lambda: rand(128, 700).log_softmax(1),
        "sort": lambda: rand(100, 4000).sort(1),
        "sort_stable_ints": lambda: ints(200000, high=50).sort(stable=True),
        "topk": lambda: rand(50, 10000).topk(20),
        "kthvalue": lambda: rand(50, 1000).kthvalue(17),
        "unique": lambda: ints(10000, high=300).unique(return_inverse=True, return_counts=True),
        "histc": lambda: rand(10000).histc(40, -1, 1),
        "bincount": lambda: ints(10000, high=77).bincount(),
        "searchsorted": lambda: torch.searchsorted(rand(1000).sort()[0], rand(500)),
        "nonzero": lambda: (rand(300, 300) > 0.7).nonzero(),
        "cdist": lambda: torch.cdist(rand(100, 30), rand(120, 30)),
        "gather": lambda: rand(100, 50).gather(1, ints(100, 20, high=50)),
        "scatter": lambda: torch.zeros(60, 60, device=dev).scatter_(0, torch.arange(60, device=dev).view(1, 60), rand(1, 60)),
        "scatter_add": lambda: torch.zeros(50, device=dev).scatter_add_(0, ints(5000, high=50), rand(5000)),
        "scatter_reduce": lambda: torch.zeros(50, device=dev).scatter_reduce_(0, ints(500, high=50), rand(500), "amax"),
        "index_add": lambda: torch.zeros(50, 8, device=dev).index_add_(0, ints(500, high=50), rand(500, 8)),
        "index_select": lambda: rand(500, 30).index_select(0, ints(200, high=500)),
        "index_put": lambda: torch.zeros(500, device=dev).index_put_((torch.arange(0, 500, 3, device=dev),), rand(167)),
        "masked_select": lambda: rand(1000).masked_select(rand(1000) > 0),
        "take_along_dim": lambda: rand(40, 40).take_along_dim(ints(40, 5, high=40), 1),
        "tril": lambda: rand(100, 100).tril(),
        "roll": lambda: rand(100, 100).roll((3, 5), (0, 1)),
        "flip": lambda: rand(100, 100).flip(0, 1),
        "repeat_interleave": lambda: rand(100).repeat_interleave(3),
        "cat": lambda: torch.cat([rand(10, 20), rand(30, 20), rand(7, 20)]),
        "segment_reduce": lambda: torch.segment_reduce(rand(100), "sum", lengths=torch.tensor([30, 50, 20], device=dev)),
    },
)

# cuBLAS and cuBLASLt ------------------------------------------------------------------------------------------
for _dtype in (f64, f32, f16, bf16):
    for _m, _k, _n in ((64, 64, 64), (1024, 512, 768), (1000, 77, 130), (1, 4096, 4096), (2048, 2048, 2048)):
        OPERATORS.append(
            ("blas", f"mm_{str(_dtype)[6:]}_{_m}x{_k}x{_n}", lambda t=_dtype, m=_m, k=_k, n=_n: rand(m, k, dtype=t) @ rand(k, n, dtype=t))
        )


@op("blas", "mm_tf32")
def _():
    torch.backends.cuda.matmul.allow_tf32 = True
    try:
        return rand(1024, 1024) @ rand(1024, 512)
    finally:
        torch.backends.cuda.matmul.allow_tf32 = False


def scaled(a, b, **kw):
    a8, b8 = a.to(torch.float8_e4m3fn), b.to(torch.float8_e4m3fn).t()
    return torch._scaled_mm(a8, b8, out_dtype=bf16, **kw)


one = lambda: torch.ones((), device=dev)
each(
    "blas",
    {
        "mm_complex64": lambda: torch.complex(rand(130, 70), rand(130, 70)) @ torch.complex(rand(70, 90), rand(70, 90)),
        "mm_complex128": lambda: torch.complex(rand(64, 64, dtype=f64), rand(64, 64, dtype=f64)) @ torch.complex(rand(64, 64, dtype=f64), rand(64, 64, dtype=f64)),
        "bmm": lambda: torch.bmm(rand(16, 128, 64), rand(16, 64, 96)),
        "bmm_half": lambda: torch.bmm(rand(16, 128, 64, dtype=f16), rand(16, 64, 96, dtype=f16)),
        "baddbmm": lambda: torch.baddbmm(rand(8, 64, 32), rand(8, 64, 48), rand(8, 48, 32)),
        "addmv": lambda: torch.addmv(rand(300), rand(300, 200), rand(200)),
        "dot": lambda: torch.dot(rand(10000), rand(10000)),
        "ger": lambda: torch.outer(rand(300), rand(400)),
        "linear_bias_half": lambda: F.linear(rand(256, 512, dtype=f16), rand(1024, 512, dtype=f16), rand(1024, dtype=f16)),
        "addmm_relu": lambda: torch._addmm_activation(rand(512, dtype=bf16), rand(256, 128, dtype=bf16), rand(128, 512, dtype=bf16)),
        "addmm_gelu": lambda: torch._addmm_activation(rand(512, dtype=bf16), rand(256, 128, dtype=bf16), rand(128, 512, dtype=bf16), use_gelu=True),
        "int8_mm": lambda: torch._int_mm(ints(256, 128, high=100, dtype=torch.int8), ints(128, 512, high=100, dtype=torch.int8)),
        "fp8_mm": lambda: scaled(rand(256, 512), rand(128, 512), scale_a=one(), scale_b=one()),
        "fp8_mm_large": lambda: scaled(rand(2048, 1024), rand(4096, 1024), scale_a=one(), scale_b=one()),
        "fp8_mm_fast": lambda: scaled(rand(256, 512), rand(128, 512), scale_a=one(), scale_b=one(), use_fast_accum=True),
        "fp8_mm_rows": lambda: scaled(rand(256, 512), rand(128, 512), scale_a=torch.ones(256, 1, device=dev), scale_b=torch.ones(1, 128, device=dev)),
        "einsum": lambda: torch.einsum("bij,bjk,bkl->bil", rand(4, 32, 33), rand(4, 33, 34), rand(4, 34, 35)),
        "grouped_mm": lambda: torch._grouped_mm(rand(4, 64, 32, dtype=bf16), rand(4, 32, 64, dtype=bf16)),
        "linear_backward": lambda: grads(F.linear, rand(64, 128), rand(256, 128), rand(256)),
        "int4_mm": lambda: torch._weight_int4pack_mm(
            rand(16, 256, dtype=bf16),
            torch._convert_weight_to_int4pack(ints(128, 128, high=256, dtype=torch.uint8), 2),
            64,
            rand(4, 128, 2, dtype=bf16),
        ),
    },
)

# cuSPARSE and cuSPARSELt --------------------------------------------------------------------------------------
sparse = lambda m=200, n=150, t=f32: torch.where(rand(m, n) > 0.8, rand(m, n), torch.zeros(m, n, device=dev)).to(t)


def half_sparse(m, n, dtype):
    mask = torch.tensor([0, 0, 1, 1], device=dev).tile((m, n // 4)).bool()
    full = ints(m, n, high=7, dtype=torch.int8) if dtype is torch.int8 else rand(m, n, dtype=dtype)
    return full * mask.to(full.dtype)


def semi(dtype, library):
    from torch.sparse import SparseSemiStructuredTensor, to_sparse_semi_structured

    SparseSemiStructuredTensor._FORCE_CUTLASS = not library
    a = to_sparse_semi_structured(half_sparse(256, 256, dtype))
    b = ints(256, 128, high=5, dtype=torch.int8) if dtype is torch.int8 else rand(256, 128, dtype=dtype)
    return torch.mm(a, b.t().contiguous().t()) if dtype is torch.int8 else torch.mm(a, b)


each(
    "sparse",
    {
        "coo_mm": lambda: torch.sparse.mm(sparse().to_sparse(), rand(150, 60)),
        "csr_mm": lambda: sparse().to_sparse_csr() @ rand(150, 60),
        "csr_mm_double": lambda: sparse(t=f64).to_sparse_csr() @ rand(150, 60, dtype=f64),
        "csr_mm_half": lambda: sparse(t=f16).to_sparse_csr() @ rand(150, 64, dtype=f16),
        "csr_mv": lambda: sparse().to_sparse_csr() @ rand(150),
        "csr_csr": lambda: (sparse(100, 100).to_sparse_csr() @ sparse(100, 100).to_sparse_csr()).to_dense(),
        "csr_add": lambda: (sparse().to_sparse_csr() + sparse().to_sparse_csr()).to_dense(),
        "sampled_addmm": lambda: torch.sparse.sampled_addmm(sparse(100, 80).to_sparse_csr(), rand(100, 40), rand(40, 80)).to_dense(),
        "csr_triangular": lambda: torch.triangular_solve(rand(64, 8), (sparse(64, 64).triu() + 4 * torch.eye(64, device=dev)).to_sparse_csr())[0],
        "bsr_mm": lambda: sparse(128, 128).to_sparse_bsr((16, 16)) @ rand(128, 64),
        "csc_to_dense": lambda: sparse().to_sparse_csc().to_dense(),
        "coo_coalesce": lambda: (sparse().to_sparse() + sparse().to_sparse()).coalesce().to_dense(),
        "coo_softmax": lambda: torch.sparse.softmax(sparse().to_sparse(), 1).to_dense(),
        "semi_half": lambda: semi(f16, True),
        "semi_bfloat16": lambda: semi(bf16, True),
        "semi_int8": lambda: semi(torch.int8, True),
        "semi_half_cutlass": lambda: semi(f16, False),
    },
)

# cuSOLVER and MAGMA -------------------------------------------------------------------------------------------
spd = lambda n=96, t=f64: (lambda a: a @ a.T + n * torch.eye(n, dtype=t, device=dev))(rand(n, n, dtype=t))
L = torch.linalg
each(
    "solver",
    {
        "cholesky": lambda: L.cholesky(spd()),
        "cholesky_float_batch": lambda: L.cholesky(torch.stack([spd(40, f32) for _ in range(5)])),
        "cholesky_inverse": lambda: torch.cholesky_inverse(L.cholesky(spd())),
        "lu": lambda: L.lu_factor(rand(100, 100, dtype=f64)),
        "lu_batch": lambda: L.lu_factor(rand(10, 30, 30)),
        "solve": lambda: L.solve(spd(), rand(96, 5, dtype=f64)),
        "inv": lambda: L.inv(spd()),
        "inv_float": lambda: L.inv(spd(64, f32)),
        "qr": lambda: L.qr(rand(120, 80, dtype=f64)),
        "qr_float": lambda: L.qr(rand(120, 80)),
        "householder": lambda: L.householder_product(*torch.geqrf(rand(50, 30, dtype=f64))),
        "ormqr": lambda: torch.ormqr(*torch.geqrf(rand(50, 30, dtype=f64)), rand(50, 7, dtype=f64)),
        "eigh": lambda: L.eigvalsh(spd()),
        "eigh_float": lambda: L.eigvalsh(spd(64, f32)),
        "eigh_batch": lambda: L.eigvalsh(torch.stack([spd(16, f32) for _ in range(20)])),
        "eig": lambda: L.eigvals(rand(40, 40, dtype=f64)).abs().sort()[0],
        "svd": lambda: L.svdvals(rand(80, 60, dtype=f64)),
        "svd_gesvd": lambda: L.svdvals(rand(80, 60, dtype=f64), driver="gesvd"),
        "svd_gesvda": lambda: L.svdvals(rand(5, 80, 20), driver="gesvda"),
        "lstsq": lambda: L.lstsq(rand(80, 40, dtype=f64), rand(80, 3, dtype=f64))[0],
        "det": lambda: L.slogdet(spd()),
        "triangular": lambda: L.solve_triangular(spd().triu(), rand(96, 5, dtype=f64), upper=True),
        "matrix_exp": lambda: L.matrix_exp(rand(30, 30)),
        "ldl": lambda: L.ldl_factor(spd()),
        "pinv": lambda: L.pinv(rand(50, 30, dtype=f64)),
        "complex_solve": lambda: L.solve(torch.complex(spd(), rand(96, 96, dtype=f64)), torch.complex(rand(96, 2, dtype=f64), rand(96, 2, dtype=f64))),
    },
)

# cuFFT --------------------------------------------------------------------------------------------------------
each(
    "fft",
    {
        "fft": lambda: torch.fft.fft(rand(64, 1024)),
        "fft_prime": lambda: torch.fft.fft(rand(16, 1009)),
        "fft_double": lambda: torch.fft.fft(rand(16, 3000, dtype=f64)),
        "fft_half": lambda: torch.fft.fft(rand(16, 1024, dtype=f16)),
        "ifft": lambda: torch.fft.ifft(torch.complex(rand(16, 768), rand(16, 768))),
        "rfft": lambda: torch.fft.rfft(rand(32, 4096)),
        "irfft": lambda: torch.fft.irfft(torch.complex(rand(32, 513), rand(32, 513))),
        "fft2": lambda: torch.fft.fft2(rand(8, 128, 96)),
        "rfft2": lambda: torch.fft.rfft2(rand(8, 120, 125)),
        "fftn": lambda: torch.fft.fftn(rand(32, 48, 40)),
        "hfft": lambda: torch.fft.hfft(torch.complex(rand(8, 65), rand(8, 65))),
        "fft_large": lambda: torch.fft.fft(rand(2, 1 << 20)).abs()[:, ::4096],
        "stft": lambda: torch.stft(rand(4, 8000), 400, 160, window=torch.hann_window(400, device=dev), return_complex=True),
        "fftconv": lambda: torch.fft.irfft(torch.fft.rfft(rand(8, 2000), 4096) * torch.fft.rfft(rand(8, 500), 4096)),
    },
)

# Random -------------------------------------------------------------------------------------------------------
each(
    "random",
    {
        "rand": lambda: torch.rand(10000, device=dev),
        "rand_double": lambda: torch.rand(10000, device=dev, dtype=f64),
        "randn": lambda: torch.randn(10000, device=dev),
        "randn_half": lambda: torch.randn(10000, device=dev, dtype=f16),
        "randint": lambda: torch.randint(0, 1000, (10000,), device=dev),
        "randperm": lambda: torch.randperm(5000, device=dev),
        "bernoulli": lambda: torch.bernoulli(rand(5000, low=0.0)),
        "exponential": lambda: torch.empty(5000, device=dev).exponential_(),
        "normal": lambda: torch.normal(rand(5000), 0.5),
        "poisson": lambda: torch.poisson(rand(5000, low=0.0, high=9.0)),
        "multinomial": lambda: torch.multinomial(rand(20, 100, low=0.0), 30),
        "gamma": lambda: torch._standard_gamma(rand(5000, low=0.5, high=2.0)),
        "dropout": lambda: F.dropout(rand(5000), 0.3),
        "cauchy": lambda: torch.empty(5000, device=dev).cauchy_(),
        "geometric": lambda: torch.empty(5000, device=dev).geometric_(0.3),
        "log_normal": lambda: torch.empty(5000, device=dev).log_normal_(),
    },
)

# cuDNN --------------------------------------------------------------------------------------------------------
each(
    "conv",
    {
        "conv1d": lambda: F.conv1d(rand(4, 16, 500), rand(32, 16, 5)),
        "conv2d": lambda: F.conv2d(rand(8, 32, 56, 56), rand(64, 32, 3, 3), padding=1),
        "conv2d_1x1": lambda: F.conv2d(rand(8, 64, 28, 28), rand(128, 64, 1, 1)),
        "conv2d_7x7": lambda: F.conv2d(rand(4, 3, 112, 112), rand(64, 3, 7, 7), stride=2, padding=3),
        "conv2d_half": lambda: F.conv2d(rand(8, 32, 56, 56, dtype=f16), rand(64, 32, 3, 3, dtype=f16), padding=1),
        "conv2d_bfloat16": lambda: F.conv2d(rand(8, 32, 56, 56, dtype=bf16), rand(64, 32, 3, 3, dtype=bf16), padding=1),
        "conv2d_double": lambda: F.conv2d(rand(2, 8, 28, 28, dtype=f64), rand(16, 8, 3, 3, dtype=f64)),
        "conv2d_last": lambda: F.conv2d(
            rand(8, 32, 56, 56, dtype=f16).contiguous(memory_format=torch.channels_last),
            rand(64, 32, 3, 3, dtype=f16).contiguous(memory_format=torch.channels_last),
        ),
        "conv2d_groups": lambda: F.conv2d(rand(4, 32, 28, 28), rand(64, 8, 3, 3), groups=4),
        "conv2d_depthwise": lambda: F.conv2d(rand(4, 64, 28, 28), rand(64, 1, 3, 3), groups=64),
        "conv2d_dilated": lambda: F.conv2d(rand(4, 16, 40, 40), rand(16, 16, 3, 3), dilation=3),
        "conv3d": lambda: F.conv3d(rand(2, 8, 16, 20, 20), rand(16, 8, 3, 3, 3)),
        "conv3d_half": lambda: F.conv3d(rand(2, 8, 16, 20, 20, dtype=f16), rand(16, 8, 3, 3, 3, dtype=f16)),
        "transposed2d": lambda: F.conv_transpose2d(rand(4, 32, 20, 20), rand(32, 16, 4, 4), stride=2),
        "transposed3d": lambda: F.conv_transpose3d(rand(2, 8, 8, 8, 8), rand(8, 4, 3, 3, 3)),
        "conv2d_backward": lambda: grads(lambda x, w: F.conv2d(x, w, padding=1), rand(4, 16, 28, 28), rand(32, 16, 3, 3)),
        "conv2d_backward_half": lambda: grads(lambda x, w: F.conv2d(x, w, padding=1), rand(4, 16, 28, 28, dtype=f16), rand(32, 16, 3, 3, dtype=f16)),
        "batch_norm": lambda: F.batch_norm(rand(8, 32, 28, 28), None, None, training=True),
        "batch_norm_backward": lambda: grads(lambda x: F.batch_norm(x, None, None, training=True), rand(8, 16, 14, 14)),
        "layer_norm": lambda: F.layer_norm(rand(64, 768), (768,)),
        "layer_norm_backward": lambda: grads(lambda x: F.layer_norm(x, (768,)), rand(64, 768)),
        "group_norm": lambda: F.group_norm(rand(8, 32, 14, 14), 4),
        "instance_norm": lambda: F.instance_norm(rand(8, 32, 14, 14)),
        "rms_norm": lambda: F.rms_norm(rand(64, 768), (768,)),
        "max_pool2d": lambda: F.max_pool2d(rand(8, 16, 56, 56), 3, 2, return_indices=True),
        "avg_pool2d": lambda: F.avg_pool2d(rand(8, 16, 56, 56), 2),
        "adaptive_avg_pool2d": lambda: F.adaptive_avg_pool2d(rand(8, 16, 37, 41), (7, 7)),
        "max_pool3d": lambda: F.max_pool3d(rand(2, 4, 16, 16, 16), 2),
        "interpolate_bilinear": lambda: F.interpolate(rand(2, 3, 30, 40), scale_factor=2.5, mode="bilinear"),
        "interpolate_bicubic": lambda: F.interpolate(rand(2, 3, 30, 40), size=(64, 63), mode="bicubic"),
        "grid_sample": lambda: F.grid_sample(rand(2, 3, 30, 40), rand(2, 20, 20, 2), align_corners=False),
        "pixel_shuffle": lambda: F.pixel_shuffle(rand(2, 36, 8, 8), 3),
        "unfold": lambda: F.unfold(rand(2, 3, 20, 20), 3),
        "ctc_loss": lambda: F.ctc_loss(rand(50, 4, 20).log_softmax(2), ints(4, 10, high=19) + 1, torch.full((4,), 50), torch.full((4,), 10)),
        "cross_entropy": lambda: grads(lambda x: F.cross_entropy(x, torch.arange(64, device=dev) % 10, reduction="none"), rand(64, 10)),
        "embedding": lambda: F.embedding(ints(30, 20, high=500), rand(500, 64)),
        "embedding_bag": lambda: F.embedding_bag(ints(30, 20, high=500), rand(500, 64)),
        "nll_loss": lambda: F.nll_loss(rand(64, 10).log_softmax(1), torch.arange(64, device=dev) % 10),
        "huber_loss": lambda: F.huber_loss(rand(500), rand(500)),
    },
)


def rnn(kind, **kw):
    torch.manual_seed(5)
    net = kind(32, 48, num_layers=2, **kw).to(dev)
    x = rand(10, 8, 32).requires_grad_()
    out, _ = net(x)
    out.sum().backward()
    return [out, x.grad] + [p.grad for p in net.parameters()]


each(
    "rnn",
    {
        "lstm": lambda: rnn(torch.nn.LSTM),
        "lstm_two_ways": lambda: rnn(torch.nn.LSTM, bidirectional=True),
        "lstm_projected": lambda: rnn(torch.nn.LSTM, proj_size=16),
        "gru": lambda: rnn(torch.nn.GRU),
        "rnn_tanh": lambda: rnn(torch.nn.RNN),
        "lstm_half": lambda: torch.nn.LSTM(32, 48).to(dev).half()(rand(10, 8, 32, dtype=f16))[0].float().abs().mean(),
        "lstm_cell": lambda: torch.nn.LSTMCell(32, 48).to(dev)(rand(8, 32))[0].abs().mean(),
    },
)


def attention(dtype, backend, causal=False, dim=64, mask=False):
    from torch.nn.attention import SDPBackend, sdpa_kernel

    q, k, v = (rand(2, 8, 128, dim, dtype=dtype) for _ in range(3))
    bias = rand(2, 8, 128, 128, dtype=dtype) if mask else None
    with sdpa_kernel(getattr(SDPBackend, backend)):
        return grads(lambda a, b, c: F.scaled_dot_product_attention(a, b, c, attn_mask=bias, is_causal=causal), q, k, v)


each(
    "attention",
    {
        "flash_half": lambda: attention(f16, "FLASH_ATTENTION"),
        "flash_bfloat16": lambda: attention(bf16, "FLASH_ATTENTION"),
        "flash_causal": lambda: attention(f16, "FLASH_ATTENTION", causal=True),
        "flash_128": lambda: attention(bf16, "FLASH_ATTENTION", dim=128),
        "efficient": lambda: attention(f16, "EFFICIENT_ATTENTION"),
        "efficient_float": lambda: attention(f32, "EFFICIENT_ATTENTION"),
        "efficient_mask": lambda: attention(f16, "EFFICIENT_ATTENTION", mask=True),
        "math": lambda: attention(f32, "MATH"),
        "cudnn_half": lambda: attention(f16, "CUDNN_ATTENTION"),
        "cudnn_causal": lambda: attention(bf16, "CUDNN_ATTENTION", causal=True),
        "multihead": lambda: torch.nn.MultiheadAttention(64, 4).to(dev).eval()(rand(20, 4, 64), rand(20, 4, 64), rand(20, 4, 64))[0].abs().mean(),
    },
)

# Kernels compiled at run time (NVRTC), quantization -----------------------------------------------------------
for _name in "airy_ai bessel_j0 bessel_j1 bessel_y0 i1e modified_bessel_i0 scaled_modified_bessel_k0 zeta ndtri entr log_ndtr erfcx".split():
    _f = getattr(torch.special, _name)
    OPERATORS.append(
        ("nvrtc", _name, lambda f=_f, n=_name: f(rand(500, low=1.1, high=3.0), rand(500, low=0.5)) if n == "zeta" else f(rand(500, low=0.1, high=0.9)))
    )
each(
    "quantized",
    {
        "quantize": lambda: torch.quantize_per_tensor(rand(500), 0.05, 3, torch.quint8).int_repr(),
        "fake_quantize": lambda: torch.fake_quantize_per_tensor_affine(rand(500), 0.05, 3, 0, 255),
        "fake_quantize_channels": lambda: torch.fake_quantize_per_channel_affine(rand(8, 50), rand(8, low=0.01), torch.zeros(8, device=dev, dtype=torch.int32), 0, 0, 255),
        "dequantize": lambda: torch.quantize_per_tensor(rand(500), 0.05, 3, torch.qint8).dequantize(),
    },
)


# Training, graphs, compilation --------------------------------------------------------------------------------
def small_net():
    torch.manual_seed(7)
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16 * 256, 64), nn.GELU(), nn.Linear(64, 10)
    ).to(dev)


def train(dtype, optimizer, steps=8, compiled=False):
    net = small_net()
    run = torch.compile(net) if compiled else net
    optim = optimizer(net.parameters())
    scaler = torch.amp.GradScaler(enabled=dtype is f16)
    losses = []
    for step in range(steps):
        torch.manual_seed(step)
        x, y = rand(32, 3, 32, 32), torch.arange(32, device=dev) % 10
        with torch.autocast("cuda", dtype=dtype or f32, enabled=dtype is not None):
            loss = F.cross_entropy(run(x), y)
        optim.zero_grad()
        scaler.scale(loss).backward()
        scaler.unscale_(optim)
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        scaler.step(optim)
        scaler.update()
        losses.append(loss.detach())
    return torch.stack(losses)


def transformer(dtype):
    torch.manual_seed(9)
    net = torch.nn.TransformerEncoder(torch.nn.TransformerEncoderLayer(64, 4, 128, dropout=0.0, batch_first=True), 2).to(dev)
    optim = torch.optim.AdamW(net.parameters(), fused=True)
    losses = []
    for step in range(6):
        torch.manual_seed(step)
        with torch.autocast("cuda", dtype=dtype):
            loss = (net(rand(8, 40, 64)) - rand(8, 40, 64)).square().mean()
        optim.zero_grad()
        loss.backward()
        optim.step()
        losses.append(loss.detach())
    return torch.stack(losses)


O = torch.optim
each(
    "train",
    {
        "float_sgd": lambda: train(None, lambda p: O.SGD(p, 0.1, momentum=0.9)),
        "half_adam_fused": lambda: train(f16, lambda p: O.Adam(p, 1e-3, fused=True)),
        "bfloat16_adamw_foreach": lambda: train(bf16, lambda p: O.AdamW(p, 1e-3, foreach=True)),
        "half_rmsprop": lambda: train(f16, lambda p: O.RMSprop(p, 1e-3)),
        "float_adagrad": lambda: train(None, lambda p: O.Adagrad(p, 1e-2)),
        "transformer_bfloat16": lambda: transformer(bf16),
        "transformer_half": lambda: transformer(f16),
    },
)


@op("graphs", "capture_and_replay")
def _():
    x, w = rand(64, 64), rand(64, 64)
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        for _ in range(3):
            y = torch.tanh(x @ w).softmax(1)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        y = torch.tanh(x @ w).softmax(1)
    x.copy_(rand(64, 64))
    graph.replay()
    torch.cuda.synchronize()
    return y


@op("graphs", "graphed_callable")
def _():
    net = small_net()
    called = torch.cuda.make_graphed_callables(net[5], (rand(8, 4096),))
    return called(rand(8, 4096))


each(
    "compile",
    {
        "pointwise": lambda: torch.compile(lambda a, b: (a.sin() * b + a).relu().sum(1))(rand(100, 200), rand(100, 200)),
        "norm_softmax": lambda: torch.compile(lambda a: F.layer_norm(a, (300,)).softmax(-1))(rand(50, 300)),
        "mlp_half": lambda: torch.compile(lambda a, b: F.gelu(a @ b).square())(rand(64, 64, dtype=f16), rand(64, 64, dtype=f16)),
        "scan_sort": lambda: torch.compile(lambda a: a.cumsum(1).sort(1)[0])(rand(20, 100)),
        "train_step": lambda: train(None, lambda p: O.SGD(p, 0.1), steps=3, compiled=True),
    },
)


def collective(run):
    import torch.distributed as dist

    if not dist.is_initialized():
        dist.init_process_group("nccl", store=dist.HashStore(), rank=0, world_size=1, device_id=torch.device("cuda:0"))
    return run(dist)


def reduce(dist, dtype, how):
    x = ints(1000, high=50).to(dtype)
    dist.all_reduce(x, op=how)
    return x


def gathered(dist):
    out = [torch.empty(100, device=dev)]
    dist.all_gather(out, rand(100))
    return out[0]


def scattered(dist):
    out = torch.empty(100, device=dev)
    dist.reduce_scatter_tensor(out, rand(100))
    return out


each(
    "nccl",
    {
        "all_reduce": lambda: collective(lambda d: reduce(d, f32, d.ReduceOp.SUM)),
        "all_reduce_half": lambda: collective(lambda d: reduce(d, f16, d.ReduceOp.SUM)),
        "all_reduce_avg": lambda: collective(lambda d: reduce(d, bf16, d.ReduceOp.AVG)),
        "all_reduce_max": lambda: collective(lambda d: reduce(d, torch.int64, d.ReduceOp.MAX)),
        "all_reduce_premul": lambda: collective(lambda d: reduce(d, f32, d._make_nccl_premul_sum(2.0))),
        "all_gather": lambda: collective(gathered),
        "reduce_scatter": lambda: collective(scattered),
    },
)


def vision(run):
    import torchvision

    return run(torchvision)


def resnet(v):
    torch.manual_seed(3)
    net = v.models.resnet18(weights=None).to(dev)
    optim = O.SGD(net.parameters(), 0.05)
    losses = []
    for step in range(3):
        torch.manual_seed(step)
        loss = F.cross_entropy(net(rand(8, 3, 96, 96)), torch.arange(8, device=dev))
        optim.zero_grad()
        loss.backward()
        optim.step()
        losses.append(loss.detach())
    return torch.stack(losses)


def boxes(n):
    at = rand(n, 2, low=0.0, high=80.0)
    return torch.cat([at, at + rand(n, 2, low=5.0, high=30.0)], 1)


each(
    "vision",
    {
        "nms": lambda: vision(lambda v: v.ops.nms(boxes(200), rand(200), 0.4)),
        "roi_align": lambda: vision(lambda v: v.ops.roi_align(rand(1, 8, 64, 64), [boxes(10)], (7, 7), 0.5)),
        "deform_conv2d": lambda: vision(lambda v: v.ops.deform_conv2d(rand(1, 4, 20, 20), rand(1, 18, 18, 18), rand(8, 4, 3, 3))),
        "resnet18_training": lambda: vision(resnet),
    },
)


def flat(out):
    if torch.is_tensor(out):
        return [out.detach()]
    if isinstance(out, (list, tuple)):
        return [x for part in out for x in flat(part)]
    return [torch.tensor(out)]


def as_bytes(x):
    x = x.to_dense() if x.layout is not torch.strided else x
    x = torch.view_as_real(x) if x.is_complex() else x
    return x.contiguous().cpu().reshape(-1).view(torch.uint8).numpy().tobytes()


def mapped():
    """Libraries of PyTorch and NVIDIA that this process has loaded, to see that they are those that it should have."""
    with open("/proc/self/maps") as maps:
        paths = {line.split(maxsplit=5)[5].strip() for line in maps if ".so" in line}
    return sorted(p for p in paths if "/torch/" in p or "/nvidia/" in p or "/torchvision" in p)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--only", default="")
    parser.add_argument("--deadline", type=float, default=240)
    arguments = parser.parse_args()
    os.makedirs(arguments.out, exist_ok=True)
    only = set(filter(None, arguments.only.split(",")))
    torch.backends.cudnn.benchmark = False
    outputs = {}
    began_operators = time.monotonic()
    with open(os.path.join(arguments.out, "results.jsonl"), "w") as results:
        for group, name, function in OPERATORS:
            if only and group not in only:
                continue
            if time.monotonic() - began > arguments.deadline:
                results.write(json.dumps({"group": group, "name": name, "error": "no time was left"}) + "\n")
                continue
            key = f"{group}/{name}"
            # The same numbers for every run, and whatever ran before.
            seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "little")
            torch.manual_seed(seed)
            started = time.monotonic()
            line = {"group": group, "name": name}
            try:
                found = flat(function())
                torch.cuda.synchronize()
                data = [as_bytes(x) for x in found]
                digest = hashlib.sha256()
                for part, x in zip(data, found):
                    digest.update(f"{x.dtype} {tuple(x.shape)}".encode() + part)
                line["sha256"] = digest.hexdigest()
                # Compared later where the bits differ; small samples are enough for that.
                outputs[key] = [x.to_dense().reshape(-1)[:65536].cpu() if x.layout is not torch.strided else x.reshape(-1)[:65536].cpu() for x in found]
            except Exception as failure:  # noqa: BLE001 - whatever an operator says is the result
                line["error"] = f"{type(failure).__name__}: {str(failure).strip().splitlines()[0] if str(failure).strip() else ''}"[:300]
                if "CUDA error" in str(failure) or "no kernel image" in str(failure):
                    line["cuda"] = True
            line["seconds"] = round(time.monotonic() - started, 3)
            results.write(json.dumps(line) + "\n")
            results.flush()
    torch.save(outputs, os.path.join(arguments.out, "outputs.pt"))
    import resource

    with open(os.path.join(arguments.out, "process.json"), "w") as process:
        json.dump(
            {
                "import_seconds": round(imported, 3),
                "operator_seconds": round(time.monotonic() - began_operators, 1),
                "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "libraries": mapped(),
                "torch": torch.__version__,
                "device": torch.cuda.get_device_name(0),
            },
            process,
        )
    sys.stdout.flush()
    # A process group that nobody ends warns at exit; the results are written.
    os._exit(0)


if __name__ == "__main__":
    main()
