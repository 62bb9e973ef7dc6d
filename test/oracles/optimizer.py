"""Writes what PyTorch and diffusers compute to src/nn/fixtures/{adamw,learning-rate}.json.

    pip install torch==2.13.0 diffusers==0.42.1 && python test/oracles/optimizer.py

Numbers are float32 (optimizer) and float64 (schedules), printed so that they read back exactly.
"""

import json
from pathlib import Path

import torch
from diffusers.optimization import get_constant_schedule_with_warmup, get_cosine_schedule_with_warmup
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

FIXTURES = Path(__file__).parents[2] / "src" / "nn" / "fixtures"
SIZE = 19
STEPS = 12

# gradientScale multiplies the shared gradients; the learning rate falls a little at every step.
CASES = {
    "PyTorch's defaults": dict(config=dict(), learningRate=1e-3, gradientScale=1),
    "clipped and averaged": dict(
        config=dict(betas=[0.95, 0.999], weightDecay=1e-6, maxGradientNorm=1, emaDecay=0.995),
        learningRate=1e-4,
        gradientScale=1,
    ),
    "clipped at some steps only": dict(
        config=dict(maxGradientNorm=4.5, emaDecay=0.5), learningRate=0.1, gradientScale=1
    ),
    "large epsilon, no decay": dict(
        config=dict(epsilon=0.01, weightDecay=0), learningRate=0.01, gradientScale=1
    ),
    "huge gradients": dict(config=dict(maxGradientNorm=0.5), learningRate=1e-3, gradientScale=1e12),
    "tiny gradients": dict(config=dict(emaDecay=0.9), learningRate=1e-3, gradientScale=1e-12),
}


def floats(tensor):
    return [float(f"{x:.9g}") for x in tensor.detach().flatten().tolist()]


def trajectory(theta, gradients, config, learningRate, gradientScale):
    model = torch.nn.Module()
    model.theta = torch.nn.Parameter(theta.clone())
    optimizer = torch.optim.AdamW(
        [model.theta],
        lr=learningRate,
        betas=tuple(config.get("betas", [0.9, 0.999])),
        eps=config.get("epsilon", 1e-8),
        weight_decay=config.get("weightDecay", 0.01),
    )
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(config.get("emaDecay", 0)))
    average.update_parameters(model)  # the first call copies
    steps = []
    for number, gradient in enumerate(gradients):
        model.theta.grad = gradient * gradientScale
        norm = torch.nn.utils.clip_grad_norm_([model.theta], config.get("maxGradientNorm", float("inf")))
        optimizer.param_groups[0]["lr"] = learningRate * (1 - 0.05 * number)
        optimizer.step()
        average.update_parameters(model)
        steps.append(dict(gradientNorm=floats(norm)[0], theta=floats(model.theta)))
    state = optimizer.state[model.theta]
    return dict(
        steps=steps,
        firstMoment=floats(state["exp_avg"]),
        secondMoment=floats(state["exp_avg_sq"]),
        ema=floats(average.module.theta),
    )


def factors(schedule, steps):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = schedule(optimizer)
    found = []
    for _ in range(steps):
        found.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return found


def write(name, value):
    (FIXTURES / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")


random = torch.Generator().manual_seed(0)
theta = torch.randn(SIZE, generator=random)
gradients = [torch.randn(SIZE, generator=random) for _ in range(STEPS)]
write(
    "adamw.json",
    dict(
        theta=floats(theta),
        gradients=[floats(gradient) for gradient in gradients],
        cases=[dict(name=name, **case, **trajectory(theta, gradients, **case)) for name, case in CASES.items()],
    ),
)
write(
    "learning-rate.json",
    {
        "CosineAnnealingLR, T_max 20": factors(lambda o: CosineAnnealingLR(o, T_max=20), 21),
        "CosineAnnealingLR, T_max 20, eta_min 0.1": factors(lambda o: CosineAnnealingLR(o, T_max=20, eta_min=0.1), 21),
        "diffusers cosine, 5 of 20 warm-up": factors(lambda o: get_cosine_schedule_with_warmup(o, 5, 20), 21),
        "diffusers constant, 5 warm-up": factors(lambda o: get_constant_schedule_with_warmup(o, 5), 10),
    },
)
