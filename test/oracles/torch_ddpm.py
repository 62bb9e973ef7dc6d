"""Cosine schedules and whole denoising chains with a network simple enough to do by hand, in float64.

    python test/oracles/torch_ddpm.py         (PyTorch 2.13.0; environment of bench/learning/requirements.txt)

Writes test/fixtures/torch/ddpm.safetensors. For K = 5, 10, 20, 100, tensors `k<K>/<name>`, F64 unless said otherwise.
Per-step arrays run over k = 0..K-1, 0 the cleanest, with abar_k the running product and abar_{-1} = 1:

    beta, alpha_bar, posterior_std   (K,)   f(u) = cos^2((u + 0.008) / 1.008 * pi / 2), u = 0, 1/K .. 1;
                                            beta_k = min(1 - f((k+1)/K) / f(k/K), 0.999); abar = cumprod(1 - beta);
                                            posterior_std_k = sqrt(beta_k (1 - abar_{k-1}) / (1 - abar_k))

The network says eps = 0.3 * x. From it x0 = (x - sqrt(1 - abar_k) eps) / sqrt(abar_k), clipped to [-1, 1] unless said
otherwise. Chains are (K+1, 2, 6), chain[0] the pure noise, chain[i+1] made from chain[i] by step k = K-1-i. `noise`
(K, 2, 6), F32, is in that order too: noise[i] goes into chain[i+1].

    start     F32, (2, 6)
    mean      of the posterior, not stored alone:
              sqrt(abar_{k-1}) beta_k / (1 - abar_k) x0 + sqrt(1 - beta_k)(1 - abar_{k-1}) / (1 - abar_k) x
    ddpm/chain       mean + posterior_std_k noise; nothing is added at k = 0
    unclipped/chain  the same without clipping x0
    ddim/chain       eta = 0: sqrt(abar_{k-1}) x0 + sqrt(1 - abar_{k-1}) eps', where eps' = (x - sqrt(abar_k) x0) /
                     sqrt(1 - abar_k) agrees with the clipped x0
    floored/chain    mean + max(posterior_std_k, 0.1) noise, at k = 0 too
    floored/mean, floored/std, floored/log_prob   (K, 2, 6), (K,), (K, 2, 6): the Gaussian of each step of that chain
                     and torch.distributions.Normal(mean, std).log_prob(chain[i+1]) per number
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.distributions import Normal

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "torch" / "ddpm.safetensors"
FLOOR = 0.1
generator = torch.Generator().manual_seed(20240917)


def chains(count: int) -> dict[str, Tensor]:
    u = torch.arange(count + 1, dtype=torch.float64) / count
    f = torch.cos((u + 0.008) / 1.008 * torch.pi / 2) ** 2
    beta = (1 - f[1:] / f[:-1]).clamp(max=0.999)
    alpha_bar = torch.cumprod(1 - beta, 0)
    before = torch.cat([torch.ones(1, dtype=torch.float64), alpha_bar[:-1]])
    std = (beta * (1 - before) / (1 - alpha_bar)).sqrt()
    start = torch.randn(2, 6, generator=generator)
    noise = torch.randn(count, 2, 6, generator=generator)

    def clean(x: Tensor, k: int, clip: bool = True) -> Tensor:
        x0 = (x - (1 - alpha_bar[k]).sqrt() * 0.3 * x) / alpha_bar[k].sqrt()
        return x0.clamp(-1, 1) if clip else x0

    def mean(x: Tensor, k: int, clip: bool = True) -> Tensor:
        from_clean = before[k].sqrt() * beta[k] / (1 - alpha_bar[k])
        from_noisy = (1 - beta[k]).sqrt() * (1 - before[k]) / (1 - alpha_bar[k])
        return from_clean * clean(x, k, clip) + from_noisy * x

    def ddpm(x: Tensor, k: int, z: Tensor, clip: bool = True) -> Tensor:
        return mean(x, k, clip) + (std[k] * z if k > 0 else 0)

    def ddim(x: Tensor, k: int) -> Tensor:
        x0 = clean(x, k)
        eps = (x - alpha_bar[k].sqrt() * x0) / (1 - alpha_bar[k]).sqrt()
        return before[k].sqrt() * x0 + (1 - before[k]).sqrt() * eps

    steps = list(zip(reversed(range(count)), noise.double(), strict=True))

    def run(step) -> Tensor:
        chain = [start.double()]
        for k, z in steps:
            chain.append(step(chain[-1], k, z))
        return torch.stack(chain)

    unclipped = run(lambda x, k, z: ddpm(x, k, z, clip=False))
    for i, (k, z) in enumerate(steps):  # without clipping, the posterior mean is Ho et al.'s eq. 11
        x = unclipped[i]
        ho = (x - beta[k] / (1 - alpha_bar[k]).sqrt() * 0.3 * x) / (1 - beta[k]).sqrt() + (std[k] * z if k > 0 else 0)
        torch.testing.assert_close(unclipped[i + 1], ho, rtol=1e-9, atol=1e-9)

    floored_std = std.clamp(min=FLOOR).flip(0)
    floored = run(lambda x, k, z: mean(x, k) + std[k].clamp(min=FLOOR) * z)
    floored_mean = torch.stack([mean(x, k) for x, (k, _) in zip(floored, steps)])
    return {
        "beta": beta,
        "alpha_bar": alpha_bar,
        "posterior_std": std,
        "start": start,
        "noise": noise,
        "ddpm/chain": run(ddpm),
        "unclipped/chain": unclipped,
        "ddim/chain": run(lambda x, k, z: ddim(x, k)),
        "floored/chain": floored,
        "floored/mean": floored_mean,
        "floored/std": floored_std,
        "floored/log_prob": Normal(floored_mean, floored_std[:, None, None]).log_prob(floored[1:]),
    }


tensors = {f"k{count}/{name}": value for count in (5, 10, 20, 100) for name, value in chains(count).items()}
save_file(tensors, FIXTURE, {"torch": torch.__version__.split("+")[0]})
print(f"{FIXTURE.name}: {FIXTURE.stat().st_size} bytes")
for count in (5, 10, 20, 100):
    print(count, [round(s, 3) for s in tensors[f"k{count}/posterior_std"][:5].tolist()])
