"""Prediction, loss and gradients of the transformer denoiser, computed by PyTorch in float64 from float32 weights.

    python test/oracles/torch_transformer.py  (PyTorch 2.13.0; environment of bench/learning/requirements.txt)

Writes test/fixtures/torch/transformer.safetensors: weights as in PyTorch's state_dict, sequences (B, H, A).

    weights/<name>             F32   moved a little off the first weights, so that no gain is 1 and no bias 0
    batch/plans, noise         F32   (B, H, A)
    batch/observations         F32   (B, T_o, O)
    batch/steps                I32   (B,), indices 0..K-1 of the cosine schedule of K = 20
    noisy, prediction          F64   (B, H, A): the network's input and output
    loss                       F64   (): mean squared error of the prediction against batch/noise
    gradients/<name>           F64

The metadata key `about` holds JSON: the configuration, the parameter count and `float32_error`, the largest relative L2
error of a gradient tensor that PyTorch itself makes in float32.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "learning"))
from torch_planners import CosineSchedule, StepEmbedding, denoising_loss  # noqa: E402

K = 20
CONFIG = {
    "action_size": 4,
    "observation_size": 5,
    "observation_steps": 3,
    "horizon": 6,
    "width": 16,
    "heads": 2,
    "layers": 2,
}
BATCH = 5


class PlanTransformer(nn.Module):
    """plans (B, H, A), steps (B,), observations (B, T_o, O) -> noise (B, H, A)

    Computes what CleanDiffuser's ChiTransformer does (nn_diffusion/chitransformer.py, 05f17fc) without dropout.
    """

    def __init__(
        self,
        action_size: int,
        observation_size: int,
        observation_steps: int,
        horizon: int,
        width: int,
        heads: int,
        layers: int,
        dtype: torch.dtype = torch.float32,
    ):
        super().__init__()
        self.level = StepEmbedding(width, dtype)
        self.action = nn.Linear(action_size, width)
        self.observation = nn.Linear(observation_size, width)
        self.plan_positions = nn.Parameter(0.02 * torch.randn(horizon, width))
        self.condition_positions = nn.Parameter(0.02 * torch.randn(1 + observation_steps, width))
        self.encoder = nn.Sequential(nn.Linear(width, 4 * width), nn.Mish(), nn.Linear(4 * width, width))
        self.blocks = nn.ModuleList([
            nn.TransformerDecoderLayer(
                width, heads, 4 * width, dropout=0, activation="gelu", batch_first=True, norm_first=True
            )
            for _ in range(layers)
        ])
        self.out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, action_size))
        # True hides. Action t sees the actions up to t, the level (memory token 0) and the observations 0 to t.
        t = torch.arange(horizon)[:, None]
        self.hide_later = torch.arange(horizon) > t
        self.hide_memory = torch.arange(1 + observation_steps) > t + 1
        self.to(dtype)

    def forward(self, plans: Tensor, steps: Tensor, observations: Tensor) -> Tensor:
        condition = torch.cat([self.level(steps)[:, None], self.observation(observations)], dim=1)
        memory = self.encoder(condition + self.condition_positions)
        x = self.action(plans) + self.plan_positions
        for block in self.blocks:
            x = block(x, memory, tgt_mask=self.hide_later, memory_mask=self.hide_memory)
        return self.out(x)


def gradients(planner: nn.Module, schedule: CosineSchedule, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    values = torch.autograd.grad(denoising_loss(planner, schedule, batch), list(planner.parameters()))
    return {name: value for (name, _), value in zip(planner.named_parameters(), values, strict=True)}


def relative_error(value: Tensor, truth: Tensor) -> float:
    return ((value.double() - truth).norm() / truth.norm()).item()


def main() -> None:
    torch.manual_seed(20240917)
    single = PlanTransformer(**CONFIG)
    with torch.no_grad():
        for value in single.parameters():
            value.add_(0.05 * torch.randn_like(value))
    horizon, action_size = CONFIG["horizon"], CONFIG["action_size"]
    inputs = {
        "plans": (0.6 * torch.randn(BATCH, horizon, action_size)).clamp(-1, 1),
        "noise": torch.randn(BATCH, horizon, action_size),
        "observations": torch.randn(BATCH, CONFIG["observation_steps"], CONFIG["observation_size"]),
        "steps": torch.linspace(0, K - 1, BATCH).round().long(),
    }

    exact = PlanTransformer(**CONFIG, dtype=torch.float64)
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
    stored |= {f"gradients/{name}": value for name, value in truth.items()}
    parameters = sum(value.numel() for value in single.parameters())
    about = {
        "config": CONFIG,
        "K": K,
        "parameters": parameters,
        "float32_error": float(f"{error:.2g}"),
        "torch": torch.__version__.split("+")[0],
    }
    path = ROOT / "test" / "fixtures" / "torch" / "transformer.safetensors"
    save_file({key: value.contiguous() for key, value in stored.items()}, path, {"about": json.dumps(about)})
    print(f"{path.name}: {path.stat().st_size} bytes, {parameters} parameters, float32 gradient error {error:.2g}")


if __name__ == "__main__":
    main()
