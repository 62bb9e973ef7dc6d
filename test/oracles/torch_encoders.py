"""Features and gradients of the encoders, computed by PyTorch in float64 from float32 weights.

    python test/oracles/torch_encoders.py     (PyTorch 2.13.0; environment of bench/learning/requirements.txt)

Writes test/fixtures/torch/encoders.safetensors with tensors `<encoder>/<tensor>`:

    x                    F32   observations (N, ...part)
    dy                   F32   (N, F), the gradient of a loss with respect to the features
    weights/<path>       F32   by our paths and in our layout: linear (in, out), convolution (rows, columns, in, out)
    y                    F64   features (N, F)
    gradients/<path>     F64   of the sum of dy * y

and encoders.json, which says of each its `config` and `part` as our tables have them. Weights are moved a little off the
first ones, so that no gain is 1 and no bias 0.

Sources: pointNet and mlp are PointNetEncoderXYZ and create_mlp of 3D-Diffusion-Policy (47385d9,
model/vision/pointnet_extractor.py) with layer norm on; image is Encoder and trunk of DrQ-v2 (drqv2.py).
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "torch"
COUNT = 3
generator = torch.Generator().manual_seed(20251128)
tensors: dict[str, Tensor] = {}
about: dict[str, dict] = {}


class PointNet(nn.Module):
    """clouds (N, P, C) -> features (N, size)"""

    def __init__(self, channels: int, hidden: list[int], size: int):
        super().__init__()
        widths = [channels, *hidden]
        self.points = nn.ModuleList(
            nn.ModuleDict({"linear": nn.Linear(a, b), "norm": nn.LayerNorm(b)}) for a, b in zip(widths, hidden)
        )
        self.out = nn.ModuleDict({"linear": nn.Linear(hidden[-1], size), "norm": nn.LayerNorm(size)})

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.points:
            x = torch.relu(layer["norm"](layer["linear"](x)))
        return self.out["norm"](self.out["linear"](torch.max(x, 1)[0]))


class Mlp(nn.Module):
    """x (N, ...) -> features (N, size)"""

    def __init__(self, inputs: int, hidden: list[int], size: int):
        super().__init__()
        widths = [inputs, *hidden, size]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)


class Image(nn.Module):
    """pictures (N, H, W, C), 0 to 255 -> features (N, size)"""

    def __init__(self, shape: list[int], channels: int, strides: list[int], size: int):
        super().__init__()
        widths = [shape[2], *[channels] * len(strides)]
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, s) for a, b, s in zip(widths, widths[1:], strides))
        with torch.no_grad():
            seen = self.see(torch.zeros(1, *shape)).shape[1]
        self.out = nn.ModuleDict({"linear": nn.Linear(seen, size), "norm": nn.LayerNorm(size)})

    def see(self, x: Tensor) -> Tensor:
        x = (x / 255 - 0.5).permute(0, 3, 1, 2)
        for conv in self.convs:
            x = torch.relu(conv(x))
        return x.permute(0, 2, 3, 1).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.out["norm"](self.out["linear"](self.see(x))))


class TaskEmbedding(nn.Module):
    """task numbers (N, 1) -> features (N, size)"""

    def __init__(self, tasks: int, size: int):
        super().__init__()
        self.table = nn.Embedding(tasks, size)

    def forward(self, x: Tensor) -> Tensor:
        return self.table(x[:, 0].long())


def ours(network: nn.Module, name: str, value: Tensor) -> tuple[str, Tensor]:
    """A parameter under our path, in our layout."""
    module = network.get_submodule(name.rpartition(".")[0])
    if isinstance(module, nn.LayerNorm):
        return name.removesuffix("weight").removesuffix("bias") + ("scale" if name.endswith("weight") else "shift"), value
    if isinstance(module, nn.Embedding):
        return "table", value
    path = name.removeprefix("layers.")
    if value.ndim == 4:
        return path, value.permute(2, 3, 1, 0)
    return path, value.T if value.ndim == 2 else value


def record(network: nn.Module, x: Tensor, config: dict, part: dict) -> None:
    kind = config["kind"]
    with torch.no_grad():
        for value in network.parameters():
            value += 0.1 * torch.randn(value.shape, generator=generator)
    weights = dict(ours(network, *item) for item in network.named_parameters())
    stored = {f"weights/{path}": value.detach().clone() for path, value in weights.items()}
    network = network.double()
    y = network(x.double())
    dy = torch.randn(y.shape, generator=generator)
    parameters = dict(network.named_parameters())
    slopes = torch.autograd.grad(y, list(parameters.values()), dy.double())
    gradients = dict(ours(network, name, slope) for name, slope in zip(parameters, slopes, strict=True))
    stored |= {f"gradients/{path}": value for path, value in gradients.items()} | {"x": x, "y": y, "dy": dy}
    tensors.update({f"{kind}/{name}": value.detach().contiguous().clone() for name, value in stored.items()})
    about[kind] = {"config": config, "part": part}


def normal(*shape: int) -> Tensor:
    return torch.randn(shape, generator=generator)


def integers(high: int, *shape: int) -> Tensor:
    return torch.randint(high, shape, generator=generator).float()


torch.manual_seed(20251128)
record(Mlp(6, [8], 5), normal(COUNT, 2, 3), {"kind": "mlp", "hiddenSizes": [8], "size": 5}, {"shape": [2, 3]})
record(
    PointNet(4, [8, 16, 12], 6),
    normal(COUNT, 7, 4),
    {"kind": "pointNet", "hiddenSizes": [8, 16, 12], "size": 6},
    {"shape": [7, 4]},
)
record(
    Image([12, 11, 3], 4, [2, 1], 6),
    integers(256, COUNT, 12, 11, 3),
    {"kind": "image", "channels": 4, "strides": [2, 1], "size": 6},
    {"shape": [12, 11, 3], "dtype": "uint8"},
)
record(
    TaskEmbedding(9, 4),
    integers(9, COUNT, 1),
    {"kind": "taskEmbedding", "tasks": 9, "size": 4},
    {"shape": [1]},
)

save_file(tensors, FIXTURES / "encoders.safetensors", metadata={"torch": torch.__version__.split("+")[0]})
(FIXTURES / "encoders.json").write_text(json.dumps(about, indent=1) + "\n")
print(f"{len(about)} encoders, {(FIXTURES / 'encoders.safetensors').stat().st_size} bytes, PyTorch {torch.__version__}")
