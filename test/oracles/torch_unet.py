"""Prediction, loss and gradients of the bench's two denoisers, computed by PyTorch in float64 from float32 weights.

    python test/oracles/torch_unet.py         (PyTorch 2.13.0; environment of bench/learning/requirements.txt)

Writes test/fixtures/torch/unet.safetensors and mlp.safetensors. The networks, their names and their layouts are those
of bench/learning/torch_planners.py: weights as in PyTorch's state_dict, sequences (B, H, A) at the borders.

    weights/<name>             F32   moved a little off PyTorch's first weights, so that no gain is 1 and no bias 0
    batch/plans, noise         F32   (B, H, A)
    batch/observations         F32   (B, T_o, O)
    batch/steps                I32   (B,), indices 0..K-1 of the cosine schedule of K = 20
    noisy, prediction          F64   (B, H, A): the network's input and output
    loss                       F64   (): mean squared error of the prediction against batch/noise
    gradients/<name>           F32 for the U-Net (rounded from float64), F64 for the MLP
    after/<name>, average/<name>, losses   F64, MLP only: weights, their moving average (rate 0.995, from the first
        weights) and the loss before each of 3 AdamW steps (learning rate 0.01, betas 0.9 and 0.999, epsilon 1e-8,
        weight decay 0.01) on the same batch

The metadata key `about` holds JSON: the configuration, the parameter count and `float32_error`, the largest relative L2
error of a gradient tensor that PyTorch itself makes in float32.
"""

import copy
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "learning"))
from torch_planners import EMA_RATE, PLANNERS, CosineSchedule, denoising_loss  # noqa: E402

K = 20
SIZES = {"action_size": 4, "observation_size": 39, "observation_steps": 2}
FIXTURES = {
    "unet": {"config": SIZES | {"model_dim": 16, "embedding_size": 16}, "batch": 4, "horizon": 16},
    "mlp": {"config": SIZES | {"horizon": 4, "width": 24, "blocks": 2, "embedding_size": 16}, "batch": 6, "horizon": 4},
}


def gradients(planner, schedule: CosineSchedule, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    values = torch.autograd.grad(denoising_loss(planner, schedule, batch), list(planner.parameters()))
    return {name: value for (name, _), value in zip(planner.named_parameters(), values, strict=True)}


def relative_error(value: Tensor, truth: Tensor) -> float:
    return ((value.double() - truth).norm() / truth.norm()).item()


def train(planner, schedule: CosineSchedule, batch: dict[str, Tensor], steps: int) -> dict[str, Tensor]:
    """Whole training steps in float64; leaves `planner` as it was."""
    planner = copy.deepcopy(planner)
    average = {name: value.detach().clone() for name, value in planner.named_parameters()}
    optimizer = torch.optim.AdamW(planner.parameters(), lr=0.01, weight_decay=0.01)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = denoising_loss(planner, schedule, batch)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        for name, value in planner.named_parameters():
            average[name].lerp_(value.detach(), 1 - EMA_RATE)
    after = {f"after/{name}": value.detach() for name, value in planner.named_parameters()}
    averages = {f"average/{name}": value for name, value in average.items()}
    return after | averages | {"losses": torch.tensor(losses, dtype=torch.float64)}


def record(kind: str, config: dict, batch: int, horizon: int) -> None:
    torch.manual_seed(20240917)
    single = PLANNERS[kind](**config)
    with torch.no_grad():
        for value in single.parameters():
            value.add_(0.05 * torch.randn_like(value))
    inputs = {
        "plans": (0.6 * torch.randn(batch, horizon, config["action_size"])).clamp(-1, 1),
        "noise": torch.randn(batch, horizon, config["action_size"]),
        "observations": torch.randn(batch, config["observation_steps"], config["observation_size"]),
        "steps": torch.linspace(0, K - 1, batch).round().long(),
    }

    exact = PLANNERS[kind](**config, dtype=torch.float64)
    exact.load_state_dict(single.state_dict())
    exact_inputs = {key: value.double() if value.is_floating_point() else value for key, value in inputs.items()}
    schedule = CosineSchedule(K, torch.float64)
    noisy = schedule.add_noise(exact_inputs["plans"], exact_inputs["noise"], inputs["steps"])
    truth = gradients(exact, schedule, exact_inputs)
    rough = gradients(single, CosineSchedule(K), inputs)
    error = max(relative_error(rough[name], truth[name]) for name in truth)

    stored = {f"weights/{name}": value for name, value in single.state_dict().items()}
    stored |= {f"batch/{key}": value.int() if key == "steps" else value for key, value in inputs.items()}
    stored |= {
        "noisy": noisy,
        "prediction": exact(noisy, inputs["steps"], exact_inputs["observations"]).detach(),
        "loss": denoising_loss(exact, schedule, exact_inputs).detach(),
    }
    stored |= {f"gradients/{name}": value.float() if kind == "unet" else value for name, value in truth.items()}
    if kind == "mlp":
        stored |= train(exact, schedule, exact_inputs, steps=3)

    parameters = sum(value.numel() for value in single.parameters())
    about = {
        "config": config,
        "K": K,
        "parameters": parameters,
        "float32_error": float(f"{error:.2g}"),
        "torch": torch.__version__.split("+")[0],
    }
    # One key: safetensors writes several in random order, and the file should not differ from run to run.
    metadata = {"about": json.dumps(about)}
    path = ROOT / "test" / "fixtures" / "torch" / f"{kind}.safetensors"
    save_file({key: value.contiguous() for key, value in stored.items()}, path, metadata)
    print(f"{path.name}: {path.stat().st_size} bytes, {parameters} parameters, float32 gradient error {error:.2g}")


for kind, settings in FIXTURES.items():
    record(kind, **settings)
