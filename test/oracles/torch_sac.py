"""Losses and gradients of soft actor-critic, and three whole updates, computed by PyTorch in float64.

    python test/oracles/torch_sac.py          (PyTorch 2.13.0; environment of bench/learning/requirements.txt)

Writes test/fixtures/torch/sac.safetensors: of one task and of three tasks at once (`single/...`, `several/...`)

    weights/<name>        F32   actor and temperatures, critics, and targets that are others; names and layouts are those
                                of bench/learning/torch_agent.py
    batch/observations, nextObservations   F32   (B, O + C), C the one-hot code of the row's task
    batch/actions         F32   (B, A) in [-1, 1]
    batch/rewards, continues               F32   (B,); every fourth row continues with 0
    batch/noise           F32   (3, 2, B, A): for the next actions, then for the present ones, of each update
    losses/critics, actor, temperature     F64   (), with the targets above and the first update's noise
    gradients/<name>      F64   of the critics' loss, and of the sum of the actor's and the temperature's
    after/<name>          F32   rounded from float64: all after three updates on that batch, from targets equal to the critics
    updates               F64   (3, 3): losses of critics, actor and temperature before each

The metadata key `about` holds JSON: the sizes and `float32_error`, the largest relative L2 error of a gradient tensor
that PyTorch itself makes in float32.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "learning"))
from torch_agent import Sac, SacTraining  # noqa: E402

SIZES = {"observation_size": 7, "action_size": 3, "width": 32}
FORMS = {"single": 1, "several": 3}
BATCH = 16
UPDATES = 3

Tensors = dict[str, Tensor]


def first_weights(tasks: int) -> Tensors:
    agent = Sac(**SIZES, tasks=tasks)
    with torch.no_grad():
        agent.log_temperature.copy_(torch.linspace(-1, 0.5, tasks))
    return agent.tensors()


def random_batch(tasks: int) -> Tensors:
    code = torch.eye(tasks)[torch.arange(BATCH) % tasks] if tasks > 1 else torch.zeros(BATCH, 0)
    seen = [torch.cat([torch.randn(BATCH, SIZES["observation_size"]), code], 1) for _ in range(2)]
    return {
        "observations": seen[0],
        "nextObservations": seen[1],
        "actions": 2 * torch.rand(BATCH, SIZES["action_size"]) - 1,
        "rewards": torch.randn(BATCH),
        "continues": (torch.arange(BATCH) % 4 > 0).float(),
        "noise": torch.randn(UPDATES, 2, BATCH, SIZES["action_size"]),
    }


def agent_of(weights: Tensors, tasks: int, dtype: torch.dtype) -> Sac:
    agent = Sac(**SIZES, tasks=tasks).to(dtype)
    agent.load(weights)
    return agent


def losses_and_gradients(weights: Tensors, batch: Tensors, tasks: int, dtype: torch.dtype) -> tuple[Tensors, Tensors]:
    batch = {name: value.to(dtype) for name, value in batch.items()}
    agent, seen, (following, now) = agent_of(weights, tasks, dtype), batch["observations"], batch["noise"][0]
    temperature = agent.temperature_of(seen)
    losses = {
        "critics": agent.critic_loss(batch, temperature, following),
        "actor": agent.actor_loss(seen, temperature, now),
        "temperature": agent.temperature_loss(seen, now),
    }
    own = {
        "critics": list(agent.critics.parameters()),
        "actor": list(agent.actor.parameters()),
        "temperature": [agent.log_temperature],
    }
    gradients = {}
    for name, parameters in own.items():
        gradients |= zip(parameters, torch.autograd.grad(losses[name], parameters, retain_graph=True), strict=True)
    return {name: loss.detach() for name, loss in losses.items()}, agent.tensors(gradients.get)


def updated(weights: Tensors, batch: Tensors, tasks: int) -> tuple[Tensors, Tensor]:
    own = {name: value for name, value in weights.items() if not name.startswith("targets")}
    agent = agent_of(own, tasks, torch.float64)
    training = SacTraining(agent, {name: value.double() for name, value in batch.items()})
    losses = torch.tensor([training.step() for _ in range(UPDATES)], dtype=torch.float64)
    return {name: value.float() for name, value in agent.tensors().items()}, losses


def relative_error(value: Tensor, truth: Tensor) -> float:
    return ((value.double() - truth).norm() / truth.norm()).item()


def main() -> None:
    torch.manual_seed(20261127)
    stored, errors = {}, []
    for form, tasks in FORMS.items():
        weights, batch = first_weights(tasks), random_batch(tasks)
        losses, gradients = losses_and_gradients(weights, batch, tasks, torch.float64)
        _, rough = losses_and_gradients(weights, batch, tasks, torch.float32)
        errors += [relative_error(rough[name], truth) for name, truth in gradients.items()]
        after, updates = updated(weights, batch, tasks)
        groups = {"weights": weights, "batch": batch, "losses": losses, "gradients": gradients, "after": after}
        stored |= {f"{form}/{kind}/{name}": value for kind, group in groups.items() for name, value in group.items()}
        stored[f"{form}/updates"] = updates
    about = {**SIZES, "float32_error": float(f"{max(errors):.2g}"), "torch": torch.__version__.split("+")[0]}
    path = ROOT / "test" / "fixtures" / "torch" / "sac.safetensors"
    save_file({key: value.contiguous() for key, value in stored.items()}, path, {"about": json.dumps(about)})
    print(f"{path.name}: {path.stat().st_size} bytes, float32 gradient error {max(errors):.2g}")


if __name__ == "__main__":
    main()
