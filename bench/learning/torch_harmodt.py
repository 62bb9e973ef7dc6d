"""HarmoDT's training step in plain eager PyTorch: parameters bear our names and layouts (inputs, outputs).

Shapes: B batch, K steps of a history, S steps of a prompt, E width. Weights named "mask.NAME" are a task's mask of NAME.
Source: prompt_decision_transformer.py, trajectory_gpt2.py and prompt_seq_trainer.py of charleshsc/HarmoDT (1c4244f).
Differs: dropout 0, so that both sides give the same losses; parameters that no loss reaches are left out.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class HarmoDt(nn.Module):
    def __init__(self, width: int, heads: int, layers: int, weights: dict[str, Tensor]):
        super().__init__()
        self.width, self.heads, self.layers = width, heads, layers
        own = {name: value for name, value in weights.items() if not name.startswith("mask.")}
        self.named = {name: nn.Parameter(value.clone()) for name, value in own.items()}
        for name, parameter in self.named.items():
            self.register_parameter(name.replace(".", "_"), parameter)

    def linear(self, name: str, x: Tensor) -> Tensor:
        weight, bias = self.named[f"{name}.weight"], self.named[f"{name}.bias"]
        return torch.addmm(bias, x.reshape(-1, x.shape[-1]), weight).view(*x.shape[:-1], -1)

    def norm(self, name: str, x: Tensor) -> Tensor:
        return F.layer_norm(x, (self.width,), self.named[f"{name}.scale"], self.named[f"{name}.shift"])

    def tokens(self, name: str, batch: dict[str, Tensor], prefix: str) -> Tensor:
        time = self.named[f"{name}.time"][batch[f"{prefix}step"]]
        tokens = [
            self.linear(f"{name}.returnToGo", batch[f"{prefix}returnToGo"].unsqueeze(-1)) + time,
            self.linear(f"{name}.observation", batch[f"{prefix}observation"]) + time,
            self.linear(f"{name}.action", batch[f"{prefix}action"]) + time,
        ]
        return torch.stack(tokens, dim=2).flatten(1, 2)

    def block(self, name: str, x: Tensor, causal: Tensor, padding: Tensor) -> Tensor:
        batch, steps, width = x.shape
        heads = self.linear(f"{name}.attention.input", self.norm(f"{name}.attention.norm", x)).split(width, dim=2)
        q, k, v = (each.view(batch, steps, self.heads, -1).transpose(1, 2) for each in heads)
        scores = q @ k.transpose(2, 3) / (width // self.heads) ** 0.5
        scores = torch.where(causal, scores, -1e4) + padding
        seen = (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, steps, width)
        x = x + self.linear(f"{name}.attention.out", seen)
        inner = self.linear(f"{name}.feedForward.first", self.norm(f"{name}.feedForward.norm", x)).relu()
        return x + self.linear(f"{name}.feedForward.second", inner)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        own = self.norm("embed.norm", self.tokens("embed", batch, ""))
        x = torch.cat([self.tokens("embedPrompt", batch, "prompt."), own], dim=1)
        real = torch.cat([batch["prompt.mask"], batch["mask"]], dim=1).repeat_interleave(3, dim=1)
        steps = x.shape[1]
        causal = torch.ones(steps, steps, dtype=torch.bool).tril()
        padding = (1 - real)[:, None, None, :] * -1e4
        for layer in range(self.layers):
            x = self.block(f"transformer.blocks.{layer}", x, causal, padding)
        count = batch["mask"].shape[1]
        hidden = self.norm("transformer.norm", x)[:, -3 * count :].unflatten(1, (count, 3))[:, :, 1]
        return self.linear("predict", hidden).tanh()


class HarmoDtTraining:
    """Theta is saved, masked, stepped, and what the task does not own is put back: as published."""

    def __init__(self, network: HarmoDt, weights: dict[str, Tensor], batch: dict[str, Tensor]):
        self.network = network
        self.batch = {name: value.long() if name.endswith("step") else value for name, value in batch.items()}
        self.parameters = list(network.named.values())
        self.owned = [weights[f"mask.{name}"] for name in network.named]
        self.used = [
            mask if name.startswith("transformer.") else torch.ones_like(mask)
            for name, mask in zip(network.named, self.owned, strict=True)
        ]
        self.optimizer = torch.optim.AdamW(self.parameters, lr=1e-4, weight_decay=1e-4, fused=True)

    def step(self) -> float:
        with torch.no_grad():
            saved = [p.detach().clone() for p in self.parameters]
            torch._foreach_mul_(self.parameters, self.used)
        self.optimizer.zero_grad(set_to_none=True)
        mask = self.batch["mask"] > 0
        loss = F.mse_loss(self.network(self.batch)[mask], self.batch["action"][mask])
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, 0.25)
        torch._foreach_mul_([p.grad for p in self.parameters], self.used)
        self.optimizer.step()
        with torch.no_grad():
            for p, mask, before in zip(self.parameters, self.owned, saved, strict=True):
                p.copy_(torch.where(mask > 0, p, before))
        return loss.item()
