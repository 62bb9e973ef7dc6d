"""Soft actor-critic in plain eager PyTorch, as CleanRL defines and times it.

Shapes: B batch, N tasks, O observation size, A action size, C numbers that tell tasks apart (N, or 0 of a single task).
Source: CleanRL, sac_continuous_action.py (vwxyzjn/cleanrl, 004f8a0), written anew. Its actor has a layer of its own for
the deviations, its Adam PyTorch's defaults, its targets follow in a loop over parameters.
Differs: actor and temperature move once after each move of the critics, not twice after every second one; the
temperature at the actor's rate; actions are in [-1, 1] and need no rescaling; tasks may be told apart by a code behind
the observation, each with a temperature of its own.
"""

import torch
from torch import Tensor, nn
from torch.distributions import Normal
from torch.nn.functional import mse_loss, relu

DISCOUNT = 0.99
TARGET_RATE = 0.005
ACTOR_RATE = 3e-4
CRITIC_RATE = 1e-3
LEAST_LOG_DEVIATION, LARGEST_LOG_DEVIATION = -5, 2


class Critic(nn.Module):
    """Values of actions. (B, O + C), (B, A) -> (B, 1)"""

    def __init__(self, seen: int, action_size: int, width: int):
        super().__init__()
        self.first = nn.Linear(seen + action_size, width)
        self.second = nn.Linear(width, width)
        self.value = nn.Linear(width, 1)

    def forward(self, observations: Tensor, actions: Tensor) -> Tensor:
        x = relu(self.first(torch.cat([observations, actions], 1)))
        return self.value(relu(self.second(x)))


class Actor(nn.Module):
    """A Gaussian whose draws tanh squashes into actions."""

    def __init__(self, seen: int, action_size: int, width: int):
        super().__init__()
        self.first = nn.Linear(seen, width)
        self.second = nn.Linear(width, width)
        self.mean = nn.Linear(width, action_size)
        self.log_deviation = nn.Linear(width, action_size)

    def forward(self, observations: Tensor, noise: Tensor | None) -> tuple[Tensor, Tensor]:
        """noise: standard normal (B, A); drawn here if None. Returns actions (B, A) and their log-density (B, 1)."""
        x = relu(self.second(relu(self.first(observations))))
        middle, half = LEAST_LOG_DEVIATION, 0.5 * (LARGEST_LOG_DEVIATION - LEAST_LOG_DEVIATION)
        log_deviation = middle + half * (torch.tanh(self.log_deviation(x)) + 1)
        gaussian = Normal(self.mean(x), log_deviation.exp())
        drawn = gaussian.rsample() if noise is None else gaussian.mean + gaussian.stddev * noise
        action = torch.tanh(drawn)
        log_prob = gaussian.log_prob(drawn) - torch.log(1 - action.pow(2) + 1e-6)
        return action, log_prob.sum(1, keepdim=True)


class Sac(nn.Module):
    """Actor, critics, their targets and the temperatures' logarithms, with what each of them is to minimise."""

    def __init__(self, observation_size: int, action_size: int, width: int, tasks: int = 1):
        super().__init__()
        self.tasks, self.target_entropy = tasks, -action_size
        seen = observation_size + (tasks if tasks > 1 else 0)
        self.actor = Actor(seen, action_size, width)
        self.critics = nn.ModuleList([Critic(seen, action_size, width) for _ in range(2)])
        self.targets = nn.ModuleList([Critic(seen, action_size, width) for _ in range(2)]).requires_grad_(False)
        self.log_temperature = nn.Parameter(torch.zeros(tasks))

    def log_temperature_of(self, observations: Tensor) -> Tensor:
        """(B, 1), or (1,) of a single task"""
        return self.log_temperature if self.tasks == 1 else observations[:, -self.tasks :] @ self.log_temperature[:, None]

    def temperature_of(self, observations: Tensor) -> Tensor | float:
        """Inputs that the losses of actor and critics take as constants."""
        temperature = self.log_temperature_of(observations).detach().exp()
        return temperature.item() if self.tasks == 1 else temperature

    def critic_loss(self, batch: dict[str, Tensor], temperature: Tensor | float, noise: Tensor | None) -> Tensor:
        with torch.no_grad():
            seen = batch["nextObservations"]
            action, log_prob = self.actor(seen, noise)
            first, second = (target(seen, action) for target in self.targets)
            value = torch.min(first, second) - temperature * log_prob
            truth = batch["rewards"] + batch["continues"] * DISCOUNT * value.view(-1)
        first, second = (critic(batch["observations"], batch["actions"]).view(-1) for critic in self.critics)
        return mse_loss(first, truth) + mse_loss(second, truth)

    def actor_loss(self, observations: Tensor, temperature: Tensor | float, noise: Tensor | None) -> Tensor:
        action, log_prob = self.actor(observations, noise)
        first, second = (critic(observations, action) for critic in self.critics)
        return (temperature * log_prob - torch.min(first, second)).mean()

    def temperature_loss(self, observations: Tensor, noise: Tensor | None) -> Tensor:
        with torch.no_grad():
            _, log_prob = self.actor(observations, noise)
        return (-self.log_temperature_of(observations).exp() * (log_prob + self.target_entropy)).mean()

    @torch.no_grad()
    def move_targets(self) -> None:
        for value, target in zip(self.critics.parameters(), self.targets.parameters(), strict=True):
            target.copy_(TARGET_RATE * value + (1 - TARGET_RATE) * target)

    def places(self) -> dict[str, list[nn.Parameter]]:
        """Every tensor under sodp's name for it, where the actor's last two layers are one."""
        actor = self.actor
        layers = {f"actor.actor.{i}": [layer] for i, layer in enumerate([actor.first, actor.second])}
        layers["actor.actor.2"] = [actor.mean, actor.log_deviation]
        for kind, critics in [("critics", self.critics), ("targets", self.targets)]:
            for i, critic in enumerate(critics):
                layers |= {f"{kind}.{i}.{j}": [layer] for j, layer in enumerate(critic.children())}
        return {
            **{f"{name}.weight": [layer.weight for layer in parts] for name, parts in layers.items()},
            **{f"{name}.bias": [layer.bias for layer in parts] for name, parts in layers.items()},
            "actor.logTemperature": [self.log_temperature],
        }

    @torch.no_grad()
    def load(self, tensors: dict[str, Tensor]) -> None:
        """Takes weights that are named and laid out as sodp's: linear maps (in, out). Absent targets begin as critics."""
        for name, parts in self.places().items():
            given = tensors[name if name in tensors else name.replace("targets", "critics")]
            pieces = given.movedim(0, -1).split([len(part) for part in parts])
            for part, piece in zip(parts, pieces, strict=True):
                part.copy_(piece)

    def tensors(self, of=lambda parameter: parameter.detach()) -> dict[str, Tensor]:
        """All tensors, or what `of` makes of each, as `load` takes them; those of which it makes None are left out."""
        found = {name: [of(part) for part in parts] for name, parts in self.places().items()}
        return {
            name: torch.cat(parts).movedim(0, -1).contiguous()
            for name, parts in found.items()
            if all(part is not None for part in parts)
        }


class SacTraining:
    """An agent, its optimizers and the batch it learns from."""

    def __init__(self, agent: Sac, batch: dict[str, Tensor]):
        self.agent = agent
        self.batch = batch
        self.critics = torch.optim.Adam(agent.critics.parameters(), lr=CRITIC_RATE)
        self.actor = torch.optim.Adam(agent.actor.parameters(), lr=ACTOR_RATE)
        self.temperature = torch.optim.Adam([agent.log_temperature], lr=ACTOR_RATE)
        # Standard normal, of the first updates: (2, B, A) each.
        self.given = list(batch.get("noise", []))

    def step(self) -> list[float]:
        """One update of everything. Returns the losses of critics, actor and temperature.

        With the noise given, the temperature learns from the draw that the actor learns from, as sodp's always does;
        without, from another of the moved actor, as published.
        """
        agent, batch = self.agent, self.batch
        seen = batch["observations"]
        noise = self.given.pop(0) if self.given else None
        temperature = agent.temperature_of(seen)
        critic_loss = agent.critic_loss(batch, temperature, None if noise is None else noise[0])
        minimise(self.critics, critic_loss)
        actor_loss = agent.actor_loss(seen, temperature, None if noise is None else noise[1])
        if noise is not None:
            temperature_loss = agent.temperature_loss(seen, noise[1])
        minimise(self.actor, actor_loss)
        if noise is None:
            temperature_loss = agent.temperature_loss(seen, None)
        minimise(self.temperature, temperature_loss)
        agent.move_targets()
        return [critic_loss.item(), actor_loss.item(), temperature_loss.item()]


def minimise(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
