"""Values and gradients of every tensor operation, computed by PyTorch in float64.

    python test/oracles/torch_ops.py          (PyTorch 2.13.0; environment of bench/learning/requirements.txt)

Writes test/fixtures/torch/ops.safetensors with tensors `<case>/<tensor>`, and ops.json, which says of each case its
`op`, `attributes`, `inputs`, `outputs`, `upstream` (one per output) and which inputs have `gradients`, stored as
`d_<input>`: the derivative of the sum over outputs of (upstream * output). Inputs are stored F32 (I32 for indices),
everything else F64. Layout is ours, not PyTorch's: sequences (B, T, C), pictures (B, H, W, C), convolution weights
(kernel, in, out) or (rows, columns, in, out), linear and recurrent weights (in, out). A `condition` is 1 or 0 and has no gradient.

Some gradients reach 1e6, some outputs 1e-44: compare relative to a tensor's size. Inputs keep clear of kinks (the
corner of relu, ties of max): there the gradient is a convention, not a truth.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "torch"
generator = torch.Generator().manual_seed(20240917)
cases: dict[str, dict] = {}
tensors: dict[str, Tensor] = {}


def normal(*shape: int, scale: float = 1.0) -> Tensor:
    return scale * torch.randn(shape, generator=generator)


def case(name: str, op: str, inputs: dict[str, Tensor], compute, **attributes) -> None:
    """Records a case. `compute` gets float64 inputs (integers as they are), returns the output or outputs."""
    if name in cases:
        raise ValueError(f'Two cases are called "{name}".')
    smooth = [key for key, value in inputs.items() if value.is_floating_point() and key != "condition"]
    given = {key: value.double() if value.is_floating_point() else value for key, value in inputs.items()}
    for key in smooth:
        given[key].requires_grad_()
    results = compute(**given)
    alone = isinstance(results, Tensor)
    results = [results] if alone else list(results)
    suffixes = [""] if alone else [str(i) for i in range(len(results))]
    outputs = {f"y{s}": y for s, y in zip(suffixes, results, strict=True)}
    upstream = {f"dy{s}": normal(*y.shape).double() for s, y in zip(suffixes, results, strict=True)}
    gradients = torch.autograd.grad(results, [given[key] for key in smooth], list(upstream.values()))

    stored = {key: value.float() if value.is_floating_point() else value.int() for key, value in inputs.items()}
    stored |= outputs | upstream | {f"d_{key}": g for key, g in zip(smooth, gradients, strict=True)}
    for key, value in stored.items():
        if not value.isfinite().all():
            raise ValueError(f"{name}/{key} is not finite.")
        tensors[f"{name}/{key}"] = value.detach().contiguous().clone()
    cases[name] = {
        "op": op,
        "attributes": attributes,
        "inputs": list(inputs),
        "outputs": list(outputs),
        "upstream": list(upstream),
        "gradients": smooth,
    }


# Linear algebra.
case("matmul-2d", "matmul", {"a": normal(5, 7), "b": normal(7, 3)}, lambda a, b: a @ b)
case("matmul-batched", "matmul", {"a": normal(2, 3, 4, 5), "b": normal(2, 3, 5, 6)}, lambda a, b: a @ b)
case("matmul-shared-right", "matmul", {"a": normal(2, 3, 4), "b": normal(4, 5)}, lambda a, b: a @ b)
for name, shape in {"affine-2d": (6, 5), "affine-sequence": (2, 3, 5)}.items():
    case(name, "affine", {"x": normal(*shape), "w": normal(5, 4), "b": normal(4)}, lambda x, w, b: x @ w + b)


# Convolutions over time, x: (B, T, C), w: (kernel, in, out).
def conv1d(stride: int, padding: int):
    def compute(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return F.conv1d(x.transpose(1, 2), w.permute(2, 1, 0), b, stride, padding).transpose(1, 2)

    return compute


def conv_transpose1d(stride: int, padding: int):
    def compute(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return F.conv_transpose1d(x.transpose(1, 2), w.permute(1, 2, 0), b, stride, padding).transpose(1, 2)

    return compute


for kernel, stride, padding, lengths in [(5, 1, 2, (8, 7, 3)), (3, 2, 1, (8, 7)), (3, 1, 1, (6,)), (1, 1, 0, (5,))]:
    for length in lengths:
        case(
            f"conv1d-k{kernel}-s{stride}-t{length}",
            "conv1d",
            {"x": normal(2, length, 3), "w": normal(kernel, 3, 4), "b": normal(4)},
            conv1d(stride, padding),
            stride=stride,
            padding=padding,
        )
for length in (4, 3, 1):
    case(
        f"convTranspose1d-k4-s2-t{length}",
        "convTranspose1d",
        {"x": normal(2, length, 3), "w": normal(4, 3, 4), "b": normal(4)},
        conv_transpose1d(2, 1),
        stride=2,
        padding=1,
    )


# Normalisation; variance is the mean of squared deviations.
def group_norm(groups: int):
    return lambda x, gain, bias: F.group_norm(x.transpose(1, 2), groups, gain, bias, 1e-5).transpose(1, 2)


for shape, groups in [((2, 6, 32), 8), ((3, 5, 16), 4), ((2, 1, 8), 2)]:
    size = shape[-1]
    case(
        f"groupNorm-{groups}-of-{size}",
        "groupNorm",
        {"x": normal(*shape, scale=2) + 0.5, "gain": normal(size), "bias": normal(size)},
        group_norm(groups),
        groups=groups,
        epsilon=1e-5,
    )
for shape in [(4, 10), (2, 3, 8)]:
    size = shape[-1]
    case(
        f"layerNorm-{len(shape)}d",
        "layerNorm",
        {"x": normal(*shape, scale=2) - 0.5, "gain": normal(size), "bias": normal(size)},
        lambda x, gain, bias: F.layer_norm(x, x.shape[-1:], gain, bias, 1e-5),
        epsilon=1e-5,
    )

# Softmax and its logarithm; the large cases overflow unless the maximum is taken off first.
for name, scale, axis in [("", 1, 2), ("-middle-axis", 1, 1), ("-large", 200, 2)]:
    x = normal(2, 3, 5, scale=scale)
    case(f"softmax{name}", "softmax", {"x": x}, lambda x, axis=axis: x.softmax(axis), axis=axis)
    case(f"logSoftmax{name}", "logSoftmax", {"x": x}, lambda x, axis=axis: x.log_softmax(axis), axis=axis)
    case(f"logSumExp{name}", "logSumExp", {"x": x}, lambda x, axis=axis: x.logsumexp(axis), axis=axis, keepDims=False)
case("logSumExp-keep", "logSumExp", {"x": normal(2, 3)}, lambda x: x.logsumexp(1, keepdim=True), axis=1, keepDims=True)

# One number in, one number out. The far values are where naive formulas overflow or cancel.
near = normal(19)
far = torch.tensor([-100, -30, -19, -12, -5, -1e-3, 1e-3, 5, 12, 19, 21, 30, 100])
wide = torch.cat([near, far])
for op, x, compute in [
    ("mish", wide, F.mish),
    ("silu", wide, F.silu),
    ("gelu", wide, F.gelu),  # the exact one, with erf
    ("tanh", wide, torch.tanh),
    ("sigmoid", wide, torch.sigmoid),
    ("relu", wide, torch.relu),
    ("softplus", wide, lambda x: torch.logaddexp(x, torch.zeros_like(x))),  # F.softplus turns linear beyond 20
    ("abs", wide, torch.abs),
    ("exp", torch.cat([near, torch.tensor([-60.0, -10, 10, 60])]), torch.exp),
    ("log", torch.cat([near.exp(), torch.tensor([1e-6, 1e6])]), torch.log),
    ("sqrt", torch.cat([near.exp(), torch.tensor([1e-6, 1e6])]), torch.sqrt),
    ("neg", near, torch.neg),
    ("square", near, torch.square),
    ("sin", near, torch.sin),
    ("cos", near, torch.cos),
]:
    case(op, op, {"x": x}, lambda x, compute=compute: compute(x))
case("clip", "clip", {"x": normal(24)}, lambda x: x.clamp(-0.5, 0.75), low=-0.5, high=0.75)

# Two in, one out, the smaller one repeated along the axes it lacks.
for op, compute in [
    ("add", torch.add),
    ("sub", torch.sub),
    ("mul", torch.mul),
    ("div", torch.div),
    ("maximum", torch.maximum),
    ("minimum", torch.minimum),
]:
    for name, shape in {"": (2, 3, 4), "-row": (4,), "-column": (3, 1), "-scalar": ()}.items():
        b = normal(*shape)
        b = b.sign() * (b.abs() + 0.25)  # div stays clear of zero
        case(f"{op}{name}", op, {"a": normal(2, 3, 4), "b": b}, lambda a, b, compute=compute: compute(a, b))
case(
    "where",
    "where",
    {"condition": (normal(2, 3, 4) > 0).float(), "a": normal(2, 3, 4), "b": normal(2, 3, 4)},
    lambda condition, a, b: torch.where(condition > 0, a, b),
)

# Reductions.
for name, axes, keep in [("one-axis", [1], False), ("two-axes-keep", [0, 2], True), ("all", [0, 1, 2], False)]:
    x = normal(3, 4, 5)
    for op, compute in [("sum", torch.sum), ("mean", torch.mean)]:
        case(
            f"{op}-{name}",
            op,
            {"x": x},
            lambda x, compute=compute, axes=axes, keep=keep: compute(x, dim=axes, keepdim=keep),
            axes=axes,
            keepDims=keep,
        )
for axis, keep in [(1, False), (2, True)]:
    case(
        f"max-axis-{axis}",
        "max",
        {"x": normal(3, 4, 5)},
        lambda x, axis=axis, keep=keep: x.amax(axis, keepdim=keep),
        axes=[axis],
        keepDims=keep,
    )

# Moving numbers about.
case(
    "gather-rows",
    "gather",
    {"table": normal(7, 3), "indices": torch.tensor([[2, 0, 2, 6, 2], [5, 5, 0, 1, 6]])},
    lambda table, indices: table[indices],
)
case(
    "concat",
    "concat",
    {"x0": normal(2, 3, 4), "x1": normal(2, 1, 4), "x2": normal(2, 2, 4)},
    lambda x0, x1, x2: torch.cat([x0, x1, x2], dim=1),
    axis=1,
)
case("slice", "slice", {"x": normal(3, 6, 2)}, lambda x: x[:, 1:4], axis=1, start=1, end=4, step=1)
case("slice-every-second", "slice", {"x": normal(2, 7, 2)}, lambda x: x[:, 1:7:2], axis=1, start=1, end=7, step=2)
case("split", "split", {"x": normal(2, 3, 6)}, lambda x: x.split([2, 1, 3], dim=2), axis=2, sizes=[2, 1, 3])
case("pad", "pad", {"x": normal(2, 3, 2)}, lambda x: F.pad(x, (0, 0, 2, 1)), axis=1, before=2, after=1)
case("transpose", "transpose", {"x": normal(2, 3, 4)}, lambda x: x.permute(2, 0, 1), permutation=[2, 0, 1])
case("transpose-2d", "transpose", {"x": normal(3, 4)}, lambda x: x.permute(1, 0), permutation=[1, 0])
case("reshape", "reshape", {"x": normal(2, 3, 4)}, lambda x: x.reshape(4, 6), shape=[4, 6])


# Scaled dot product attention, (B, heads, T, D); causal: position i sees positions 0..i.
def attention(causal: bool):
    return lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=causal)


for name, keys, causal in [("attention", 5, False), ("attention-causal", 5, True), ("attention-cross", 7, False)]:
    inputs = {"q": normal(2, 2, 5, 4), "k": normal(2, 2, keys, 4), "v": normal(2, 2, keys, 4)}
    case(name, "attention", inputs, attention(causal), causal=causal)


# Recurrent cells; gates lie side by side in PyTorch's order: reset, update, new | input, forget, cell, output.
def recurrent(gates: int) -> dict[str, Tensor]:
    size = 4
    weights = {"wx": normal(5, gates * size), "wh": normal(size, gates * size)}
    biases = {"bx": normal(gates * size), "bh": normal(gates * size)}
    return {"x": normal(3, 5), "h": normal(3, size)} | weights | biases


case(
    "gruCell",
    "gruCell",
    recurrent(3),
    lambda x, h, wx, wh, bx, bh: torch.gru_cell(x, h, wx.T, wh.T, bx, bh),
    gates=["reset", "update", "new"],
)
case(
    "lstmCell",
    "lstmCell",
    recurrent(4) | {"c": normal(3, 4)},
    lambda x, h, wx, wh, bx, bh, c: torch.lstm_cell(x, (h, c), wx.T, wh.T, bx, bh),
    gates=["input", "forget", "cell", "output"],
    results=["hidden", "cell"],
)

# Losses: means over all elements.
for delta in (1.0, 0.5):
    case(
        f"huber-{delta}",
        "huber",
        {"x": normal(4, 5, scale=2), "target": normal(4, 5)},
        lambda x, target, delta=delta: F.huber_loss(x, target, delta=delta),
        delta=delta,
    )
case(
    "meanSquaredError",
    "meanSquaredError",
    {"x": normal(4, 5), "target": normal(4, 5)},
    lambda x, target: F.mse_loss(x, target),
)


# Convolutions over pictures, x: (B, H, W, C), w: (rows, columns, in, out).
def conv2d(stride: int, padding: int):
    def compute(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return F.conv2d(x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1), b, stride, padding).permute(0, 2, 3, 1)

    return compute


for rows, columns, stride, padding, height, width in [
    (3, 3, 2, 1, 8, 8),
    (3, 3, 2, 0, 8, 7),
    (3, 3, 1, 1, 4, 6),
    (8, 8, 4, 0, 14, 12),
    (2, 4, 1, 2, 5, 3),
    (1, 1, 2, 0, 5, 4),
]:
    case(
        f"conv2d-k{rows}x{columns}-s{stride}-p{padding}-{height}x{width}",
        "conv2d",
        {"x": normal(2, height, width, 3), "w": normal(rows, columns, 3, 4), "b": normal(4)},
        conv2d(stride, padding),
        stride=stride,
        padding=padding,
    )

FIXTURES.mkdir(parents=True, exist_ok=True)
save_file(tensors, FIXTURES / "ops.safetensors", metadata={"torch": torch.__version__.split("+")[0]})
(FIXTURES / "ops.json").write_text(json.dumps(cases, indent=1) + "\n")
print(f"{len(cases)} cases, {(FIXTURES / 'ops.safetensors').stat().st_size} bytes, PyTorch {torch.__version__}")
