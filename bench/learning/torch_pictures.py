"""A convolution alone on pictures, in plain eager PyTorch.

Shapes: B batch, H and W pixels, C channels. Pictures are (B, H, W, C), which is PyTorch's channels_last format seen
otherwise: the faster of its two on processors (measured; docs/log.md).
"""

import torch
from torch import Tensor, nn

EMA_RATE = 0.995
LEARNING_RATE = 1e-3


class Convolution(nn.Module):
    """3 x 3 pixels, with a frame of zeros. Pictures have a learned offset, so that gradients are passed back."""

    def __init__(self, width: int, stride: int, weights: dict[str, Tensor]):
        super().__init__()
        self.offset = nn.Parameter(weights["offset"])
        self.conv = nn.Conv2d(weights["offset"].shape[2], width, 3, stride, padding=1)
        with torch.no_grad():
            self.conv.weight.copy_(weights["conv.weight"].permute(3, 2, 0, 1))
            self.conv.bias.copy_(weights["conv.bias"])
        self.conv.to(memory_format=torch.channels_last)

    def loss(self, pictures: Tensor) -> Tensor:
        return self.conv((pictures + self.offset).permute(0, 3, 1, 2)).square().mean()


class ConvolutionTraining:
    """A convolution, its moving average, its optimizer and the pictures it learns from."""

    def __init__(self, network: Convolution, batch: dict[str, Tensor]):
        self.network = network
        self.parameters = list(network.parameters())
        self.average = [p.detach().clone() for p in self.parameters]
        self.optimizer = torch.optim.AdamW(self.parameters, lr=LEARNING_RATE, weight_decay=0.01, fused=True)
        self.pictures = batch["pictures"]

    def step(self) -> float:
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.network.loss(self.pictures)
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.parameters, 1 - EMA_RATE)
        return loss.item()
