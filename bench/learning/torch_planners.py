"""The two denoisers and the diffusion of the learning bench, in plain eager PyTorch.

Shapes: B batch, H actions of a sequence, A action size, T_o observations in the condition, O observation size, C channels,
K denoising steps. A denoising step is an index 0..K-1, 0 the cleanest, as the networks see it.
Source of the U-Net: CleanDiffuser, nn_diffusion/chiunet.py (05f17fc), whose outputs and gradients it reproduces.
Differs: angles of the time embedding are computed in float64.
"""

import math

import torch
from torch import Tensor, nn

EMA_RATE = 0.995


class StepEmbedding(nn.Module):
    """Cosines, then sines, of the step at `size / 2` frequencies from 1 down to almost 1e-4. (B,) -> (B, size)"""

    def __init__(self, size: int, dtype: torch.dtype):
        super().__init__()
        self.dtype = dtype
        self.frequencies = 10_000 ** -(torch.arange(size // 2, dtype=torch.float64) / (size // 2))

    def forward(self, steps: Tensor) -> Tensor:
        angles = steps[:, None] * self.frequencies
        return torch.cat([angles.cos(), angles.sin()], dim=1).to(self.dtype)


def conv_block(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2),
        nn.GroupNorm(min(8, outputs // 4), outputs),
        nn.Mish(),
    )


def halve(channels: int) -> nn.Module:
    return nn.Conv1d(channels, channels, 3, stride=2, padding=1)


def double(channels: int) -> nn.Module:
    return nn.ConvTranspose1d(channels, channels, 4, stride=2, padding=1)


class ResidualBlock(nn.Module):
    """Two convolutions around a scale and a shift that the condition decides. (B, in, H), (B, cond) -> (B, out, H)"""

    def __init__(self, inputs: int, outputs: int, condition: int, kernel: int):
        super().__init__()
        self.first = conv_block(inputs, outputs, kernel)
        self.film = nn.Sequential(nn.Mish(), nn.Linear(condition, 2 * outputs))
        self.second = conv_block(outputs, outputs, kernel)
        self.shortcut = nn.Conv1d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        scale, shift = self.film(condition).unsqueeze(-1).chunk(2, dim=1)
        return self.second(scale * self.first(x) + shift) + self.shortcut(x)


class TemporalUnet(nn.Module):
    """Three levels of `model_dim` x 1, 2, 4 channels. actions (B, H, A), observations (B, T_o, O) -> noise (B, H, A)"""

    def __init__(
        self,
        action_size: int,
        observation_size: int,
        observation_steps: int = 2,
        model_dim: int = 256,
        embedding_size: int = 256,
        kernel: int = 5,
        dtype: torch.dtype = torch.float32,
    ):
        super().__init__()
        narrow, middle, wide = model_dim, 2 * model_dim, 4 * model_dim
        condition = 2 * embedding_size

        def block(inputs: int, outputs: int) -> ResidualBlock:
            return ResidualBlock(inputs, outputs, condition, kernel)

        self.step_embedding = nn.Sequential(
            StepEmbedding(embedding_size, dtype),
            nn.Linear(embedding_size, 4 * embedding_size),
            nn.Mish(),
            nn.Linear(4 * embedding_size, embedding_size),
        )
        self.observation_embedding = nn.Linear(observation_steps * observation_size, embedding_size)
        self.down = nn.ModuleList([
            nn.ModuleList([block(action_size, narrow), block(narrow, narrow), halve(narrow)]),
            nn.ModuleList([block(narrow, middle), block(middle, middle), halve(middle)]),
            nn.ModuleList([block(middle, wide), block(wide, wide), nn.Identity()]),
        ])
        self.bottom = nn.ModuleList([block(wide, wide), block(wide, wide)])
        # Two levels up, each beside the skip of the level it comes from; the narrowest level's own skip is not used.
        self.up = nn.ModuleList([
            nn.ModuleList([block(2 * wide, middle), block(middle, middle), double(middle)]),
            nn.ModuleList([block(2 * middle, narrow), block(narrow, narrow), double(narrow)]),
        ])
        self.out = nn.Sequential(conv_block(narrow, narrow, kernel), nn.Conv1d(narrow, action_size, 1))
        self.to(dtype)

    def forward(self, actions: Tensor, steps: Tensor, observations: Tensor) -> Tensor:
        condition = torch.cat([self.step_embedding(steps), self.observation_embedding(observations.flatten(1))], dim=1)
        x = actions.transpose(1, 2)
        skips = []
        for first, second, resize in self.down:
            x = second(first(x, condition), condition)
            skips.append(x)
            x = resize(x)
        for block in self.bottom:
            x = block(x, condition)
        for first, second, resize in self.up:
            x = torch.cat([x, skips.pop()], dim=1)
            x = resize(second(first(x, condition), condition))
        return self.out(x).transpose(1, 2)


class ResidualMlp(nn.Module):
    """Residual blocks over actions, observations and step in one vector. actions (B, H, A) -> noise (B, H, A)"""

    def __init__(
        self,
        action_size: int,
        observation_size: int,
        observation_steps: int = 2,
        horizon: int = 16,
        width: int = 256,
        blocks: int = 3,
        embedding_size: int = 64,
        dtype: torch.dtype = torch.float32,
    ):
        super().__init__()
        numbers = horizon * action_size
        self.step_embedding = nn.Sequential(
            StepEmbedding(embedding_size, dtype),
            nn.Linear(embedding_size, 2 * embedding_size),
            nn.Mish(),
            nn.Linear(2 * embedding_size, embedding_size),
        )
        self.input = nn.Linear(numbers + observation_steps * observation_size + embedding_size, width)
        self.blocks = nn.ModuleList([
            nn.Sequential(nn.LayerNorm(width), nn.Mish(), nn.Linear(width, width), nn.Mish(), nn.Linear(width, width))
            for _ in range(blocks)
        ])
        self.out = nn.Sequential(nn.LayerNorm(width), nn.Mish(), nn.Linear(width, numbers))
        self.to(dtype)

    def forward(self, actions: Tensor, steps: Tensor, observations: Tensor) -> Tensor:
        x = self.input(torch.cat([actions.flatten(1), observations.flatten(1), self.step_embedding(steps)], dim=1))
        for block in self.blocks:
            x = x + block(x)
        return self.out(x).view_as(actions)


PLANNERS = {"unet": TemporalUnet, "mlp": ResidualMlp}


class CosineSchedule:
    """Noise of every denoising step, each field (K,). Source: Nichol & Dhariwal 2021, arXiv:2102.09672, eq. 17."""

    def __init__(self, count: int, dtype: torch.dtype = torch.float32):
        time = torch.arange(count + 1, dtype=torch.float64) / count
        f = torch.cos((time + 0.008) / 1.008 * math.pi / 2) ** 2
        beta = (1 - f[1:] / f[:-1]).clamp(max=0.999)
        alpha_bar = torch.cumprod(1 - beta, 0)
        before = torch.cat([torch.ones(1, dtype=torch.float64), alpha_bar[:-1]])
        self.count = count
        self.beta = beta.to(dtype)
        self.alpha_bar = alpha_bar.to(dtype)
        self.signal = alpha_bar.sqrt().to(dtype)
        self.noise = (1 - alpha_bar).sqrt().to(dtype)
        # Mean of the posterior q(x[k-1] | x[k], x0) = from_clean * x0 + from_noisy * x[k], and its standard deviation.
        self.from_clean = (before.sqrt() * beta / (1 - alpha_bar)).to(dtype)
        self.from_noisy = ((1 - beta).sqrt() * (1 - before) / (1 - alpha_bar)).to(dtype)
        self.deviation = (beta * (1 - before) / (1 - alpha_bar)).sqrt().to(dtype)

    def add_noise(self, actions: Tensor, noise: Tensor, steps: Tensor) -> Tensor:
        return self.signal[steps, None, None] * actions + self.noise[steps, None, None] * noise


def denoising_loss(planner: nn.Module, schedule: CosineSchedule, batch: dict[str, Tensor]) -> Tensor:
    """Mean squared error between the noise added and the noise seen. Ho et al. 2020, arXiv:2006.11239, eq. 14."""
    noisy = schedule.add_noise(batch["actions"], batch["noise"], batch["steps"])
    return nn.functional.mse_loss(planner(noisy, batch["steps"], batch["observations"]), batch["noise"])


@torch.inference_mode()
def sample(planner: nn.Module, schedule: CosineSchedule, observations: Tensor, start: Tensor, noise: Tensor) -> Tensor:
    """Ancestral sampling, clean action sequences clipped to [-1, 1]. start (B, H, A), noise (K, B, H, A), noise[0] unused."""
    x = start
    for k in reversed(range(schedule.count)):
        predicted = planner(x, torch.full((len(x),), k), observations)
        clean = ((x - schedule.noise[k] * predicted) / schedule.signal[k]).clamp(-1, 1)
        x = schedule.from_clean[k] * clean + schedule.from_noisy[k] * x
        if k > 0:
            x = x + schedule.deviation[k] * noise[k]
    return x
