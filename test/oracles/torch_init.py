"""PyTorch's draws of the first weights of each layer: the distribution and its numbers, for given shapes.

    python test/oracles/torch_init.py         (PyTorch 2.13.0; environment of bench/learning/requirements.txt)

Writes test/fixtures/torch/init.json. The bounds come from the formulas, which a draw from PyTorch must then obey.
Sources: reset_parameters in torch/nn/modules linear.py, conv.py (`_ConvNd`), rnn.py (`RNNCellBase`), sparse.py;
kaiming_uniform_(a = sqrt 5) in torch/nn/init.py, whose bound is 1 / sqrt(fan in).
"""

import json
import math
from pathlib import Path

import torch
from torch import nn

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "torch" / "init.json"
TRIALS = 1000


def uniform(fan: int, why: str) -> dict:
    bound = 1 / math.sqrt(fan)
    return {"distribution": "uniform", "low": -bound, "high": bound, "std": bound / math.sqrt(3), "why": why}


def constant(value: float) -> dict:
    return {"distribution": "constant", "value": value}


NORMAL = {"distribution": "normal", "mean": 0, "std": 1}


def linear(inputs: int, outputs: int) -> dict:
    law = uniform(inputs, "1 / sqrt(in)")
    return {"layer": "linear", "in": inputs, "out": outputs, "parameters": {"weight": law, "bias": law}}


def conv1d(inputs: int, outputs: int, kernel: int) -> dict:
    law = uniform(inputs * kernel, "1 / sqrt(in * kernel)")
    sizes = {"in": inputs, "out": outputs, "kernel": kernel}
    return {"layer": "conv1d", **sizes, "parameters": {"weight": law, "bias": law}}


def conv2d(inputs: int, outputs: int, kernel: int) -> dict:
    law = uniform(inputs * kernel * kernel, "1 / sqrt(in * kernel * kernel)")
    sizes = {"in": inputs, "out": outputs, "kernel": kernel}
    return {"layer": "conv2d", **sizes, "parameters": {"weight": law, "bias": law}}


def conv_transpose1d(inputs: int, outputs: int, kernel: int) -> dict:
    law = uniform(outputs * kernel, "1 / sqrt(out * kernel): the weight is (in, out, kernel), its fan in counts axis 1")
    sizes = {"in": inputs, "out": outputs, "kernel": kernel}
    return {"layer": "convTranspose1d", **sizes, "parameters": {"weight": law, "bias": law}}


def cell(layer: str, inputs: int, hidden: int) -> dict:
    law = uniform(hidden, "1 / sqrt(hidden), for all four")
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return {"layer": layer, "in": inputs, "hidden": hidden, "parameters": {name: law for name in names}}


CASES = [
    (linear(39, 64), lambda: nn.Linear(39, 64)),
    (linear(256, 32), lambda: nn.Linear(256, 32)),
    (conv1d(4, 32, 5), lambda: nn.Conv1d(4, 32, 5)),
    (conv1d(32, 64, 3), lambda: nn.Conv1d(32, 64, 3)),
    (conv1d(32, 4, 1), lambda: nn.Conv1d(32, 4, 1)),
    (conv_transpose1d(32, 16, 4), lambda: nn.ConvTranspose1d(32, 16, 4)),
    (cell("gruCell", 10, 24), lambda: nn.GRUCell(10, 24)),
    (cell("lstmCell", 10, 24), lambda: nn.LSTMCell(10, 24)),
    ({"layer": "embedding", "rows": 20, "size": 16, "parameters": {"weight": NORMAL}}, lambda: nn.Embedding(20, 16)),
    (
        {"layer": "groupNorm", "size": 32, "parameters": {"weight": constant(1), "bias": constant(0)}},
        lambda: nn.GroupNorm(8, 32),
    ),
    (
        {"layer": "layerNorm", "size": 32, "parameters": {"weight": constant(1), "bias": constant(0)}},
        lambda: nn.LayerNorm(32),
    ),
    (conv2d(3, 32, 3), lambda: nn.Conv2d(3, 32, 3)),
]


def check(law: dict, values: torch.Tensor) -> None:
    """Throws unless the draws `values` (n,) look like `law`: inside the bounds, near them, and as spread out."""
    if law["distribution"] == "constant":
        assert (values == law["value"]).all()
        return
    assert abs(values.std().item() / law["std"] - 1) < 0.05, (values.std(), law)
    assert abs(values.mean().item()) < 0.1 * law["std"], (values.mean(), law)
    if law["distribution"] == "uniform":
        assert 0.97 < values.abs().max().item() / law["high"] < 1.000001, (values.abs().max(), law)


torch.manual_seed(20240917)
for case, build in CASES:
    layers = [build() for _ in range(TRIALS)]
    for name, law in case["parameters"].items():
        check(law, torch.cat([getattr(layer, name).detach().flatten() for layer in layers]))
content = {"torch": torch.__version__.split("+")[0], "cases": [case for case, _ in CASES]}
FIXTURE.write_text(json.dumps(content, indent=1) + "\n")
print(f"{FIXTURE.name}: {len(CASES)} cases, {FIXTURE.stat().st_size} bytes")
