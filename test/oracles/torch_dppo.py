"""The policy loss of DPPO, by its own code, of a network that is a constant.

    python test/oracles/torch_dppo.py <clone of irom-lab/dppo at 7b10df6>   (PyTorch 2.13.0; bench/learning/requirements.txt)

Writes test/fixtures/torch/dppo.safetensors, F32: B = 24 chunks, H = 4 predicted actions of A = 2 numbers, T_a = 3 executed,
K = 20 denoising steps of which the last 10 are tuned, clean samples clipped to [-1, 1], least standard deviation 0.1, clip
range 0.001 to 0.01, denoising discount 0.99. The network predicts the clean sample: `center`, whatever it is shown.

    center, acting     (4, 2)           now, and when the chains were made
    chains             (24, 11, 4, 2)   of the tuned steps, the noisiest first
    advantages         (24,)            before they are standardised
    old_log_prob       (24, 10)         means over the executed numbers
    loss, clip_fraction, approx_kl, ratio_mean   ()
    gradient           (4, 2)           of the loss in the center
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

sys.path.insert(0, sys.argv[1])
from model.diffusion.diffusion_ppo import PPODiffusion  # noqa: E402

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "torch" / "dppo.safetensors"
CHUNKS, TUNED, EXECUTED = 24, 10, 3
torch.manual_seed(20250301)


class Constant(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.center = torch.nn.Parameter(0.6 * torch.rand(4, 2) - 0.3)

    def forward(self, x: torch.Tensor, t: torch.Tensor, cond: dict) -> torch.Tensor:
        return self.center.expand_as(x).clone()


class Nothing(torch.nn.Module):
    def forward(self, cond: dict) -> torch.Tensor:
        return torch.zeros(len(cond["state"]), 1)


model = PPODiffusion(
    actor=Constant(),
    critic=Nothing(),
    ft_denoising_steps=TUNED,
    denoising_steps=20,
    horizon_steps=4,
    obs_dim=1,
    action_dim=2,
    predict_epsilon=False,
    denoised_clip_value=1.0,
    randn_clip_value=3,
    min_sampling_denoising_std=0.1,
    min_logprob_denoising_std=0.1,
    gamma_denoising=0.99,
    clip_ploss_coef=0.01,
    clip_ploss_coef_base=0.001,
    clip_ploss_coef_rate=3,
    device="cpu",
)
cond = {"state": torch.zeros(CHUNKS, 1, 1)}
chains = model(cond, return_chain=True).chains
with torch.no_grad():
    old = model.get_logprobs(cond, chains).reshape(CHUNKS, TUNED, 4, 2)
acting = model.actor_ft.center.detach().clone()
with torch.no_grad():
    model.actor_ft.center += 0.003 * torch.randn(4, 2)
advantages = torch.randn(CHUNKS)
zeros = torch.zeros(CHUNKS)
loss, _, _, clip_fraction, approx_kl, ratio_mean, _, _ = model.loss(
    cond, chains, zeros, zeros, advantages, old, reward_horizon=EXECUTED
)
loss.backward()
save_file(
    {
        "center": model.actor_ft.center.detach(),
        "acting": acting,
        "chains": chains.contiguous(),
        "advantages": advantages,
        "old_log_prob": old.clamp(-5, 2)[:, :, :EXECUTED].mean(dim=(-1, -2)).contiguous(),
        "loss": loss.detach().reshape(1),
        "clip_fraction": torch.tensor([clip_fraction]),
        "approx_kl": torch.tensor([approx_kl]),
        "ratio_mean": torch.tensor([ratio_mean]),
        "gradient": model.actor_ft.center.grad,
    },
    FIXTURE,
)
print(loss.item(), clip_fraction, approx_kl, ratio_mean, old.min(), old.max())
