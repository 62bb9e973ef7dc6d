"""The PyTorch contestant: reads one JSON command per line on stdin, answers each with one JSON line on stdout.

    {"command": "init", "kind", "config", "seed", "weights"}
        Writes PyTorch's default first weights to the path `weights`.                       -> {parameters}
    {"command": "load", "kind", "config", "K", "threads", "weights", "batch", "learningRate"?, "weightDecay"?}
        The state every later command works on, with a new optimizer.                       -> {parameters, loss, ...}
    {"command": "step", "count"}
        Whole training steps on the loaded batch.                                           -> {wall_ms, cpu_ms, losses}
    {"command": "sample", "K", "count", "batch", "output"?}
        Whole samplings; the last one is written to `output` as `sample` (B, H, A).         -> {wall_ms, cpu_ms}
    {"command": "gradients", "output"}
        Writes the loss gradient of each parameter under its state_dict name.               -> {loss}

`kind` is "unet" or "mlp", `config` the arguments of its class in torch_planners.py, and weights are named and laid out
as its state_dict. Or it is "sac", which knows `load` and `step` alone, without K, learningRate and weightDecay; `config`
is then the arguments of Sac in torch_agent.py, which says how weights are named, a step has three losses, and the batch
holds observations and nextObservations (B, O), actions (B, A), rewards and continues (B,) and the noise of the first
updates (updates, 2, B, A); later ones draw their own. Or it is "conv2d", which knows the same two; `config` is width and
stride, weights are named by our paths and laid out as ours, the batch holds pictures (B, H, W, C). Or it is "harmodt", which
torch_harmodt.py describes. Paths name safetensors files. A planner's batch of `load` holds actions (B, H, A), observations (B, T_o, O),
noise (B, H, A) and the integers steps (B,) in 0..K-1; the one of `sample` observations (B, T_o, O), start (B, H, A) and
noise (K, B, H, A). wall_ms and cpu_ms (all threads together) are lists with one number per step or sampling.
An error is answered with {"error": message} and ends the process with status 1.
"""

import json
import os
import sys
import time

os.environ["CUDA_VISIBLE_DEVICES"] = ""  # a comparison of processors

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from torch_agent import Sac, SacTraining
from torch_harmodt import HarmoDt, HarmoDtTraining
from torch_pictures import Convolution, ConvolutionTraining
from torch_planners import EMA_RATE, PLANNERS, CosineSchedule, denoising_loss, sample


def build(kind: str, config: dict) -> nn.Module:
    if kind not in PLANNERS:
        raise ValueError(f'Unknown kind "{kind}". Known: {", ".join(PLANNERS)}.')
    return PLANNERS[kind](**config)


def load_agent(config: dict, weights: str, batch: str) -> SacTraining:
    agent = Sac(**config)
    agent.load(load_file(weights))
    return SacTraining(agent, load_file(batch))


def load_convolution(config: dict, weights: str, batch: str) -> ConvolutionTraining:
    return ConvolutionTraining(Convolution(**config, weights=load_file(weights)), load_file(batch))


def load_harmodt(config: dict, weights: str, batch: str) -> HarmoDtTraining:
    loaded = load_file(weights)
    return HarmoDtTraining(HarmoDt(**config, weights=loaded), loaded, load_file(batch))


def count_parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def measure(work, count: int) -> tuple[dict, list]:
    """Calls `work` `count` times. Returns its times in milliseconds and its results."""
    wall, cpu, results = [], [], []
    for _ in range(count):
        wall_start, cpu_start = time.perf_counter(), time.process_time()
        results.append(work())
        cpu.append(1e3 * (time.process_time() - cpu_start))
        wall.append(1e3 * (time.perf_counter() - wall_start))
    return {"wall_ms": wall, "cpu_ms": cpu}, results


class Training:
    """A planner, its moving average, its optimizer and the batch it trains on."""

    def __init__(self, kind, config, K, weights, batch, learningRate=1e-4, weightDecay=0.01):
        self.planner = build(kind, config)
        self.planner.load_state_dict(load_file(weights))
        self.parameters = list(self.planner.parameters())
        self.average = [p.detach().clone() for p in self.parameters]
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=learningRate, weight_decay=weightDecay, fused=True
        )
        self.schedule = CosineSchedule(K)
        self.batch = load_file(batch)
        self.batch["steps"] = self.batch["steps"].long()

    def loss(self) -> torch.Tensor:
        return denoising_loss(self.planner, self.schedule, self.batch)

    def step(self) -> float:
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss()
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.parameters, 1 - EMA_RATE)
        return loss.item()


class Peer:
    """One method per command; each returns the fields of its answer."""

    training: Training | SacTraining | ConvolutionTraining | HarmoDtTraining | None = None

    def loaded(self) -> Training | SacTraining | ConvolutionTraining | HarmoDtTraining:
        if self.training is None:
            raise ValueError("Nothing is loaded: send a load command first.")
        return self.training

    def init(self, kind, config, seed, weights):
        torch.manual_seed(seed)
        planner = build(kind, config)
        save_file(planner.state_dict(), weights)
        return {"parameters": count_parameters(planner)}

    def load(self, kind, threads, **settings):
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        if kind == "sac":
            self.training = load_agent(**settings)
            about = {"parameters": count_parameters(self.training.agent)}
        elif kind == "conv2d":
            self.training = load_convolution(**settings)
            about = {"parameters": count_parameters(self.training.network)}
        elif kind == "harmodt":
            self.training = load_harmodt(**settings)
            about = {"parameters": count_parameters(self.training.network)}
        else:
            self.training = Training(kind, **settings)
            with torch.no_grad():
                loss = self.training.loss().item()
            about = {"parameters": count_parameters(self.training.planner), "loss": loss}
        return {
            **about,
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
            "instructions": torch.backends.cpu.get_cpu_capability(),
        }

    def step(self, count):
        times, losses = measure(self.loaded().step, count)
        return {**times, "losses": losses}

    def sample(self, K, count, batch, output=None):
        planner, schedule, given = self.loaded().planner, CosineSchedule(K), load_file(batch)
        inputs = given["observations"], given["start"], given["noise"]
        times, samples = measure(lambda: sample(planner, schedule, *inputs), count)
        if output is not None:
            save_file({"sample": samples[-1]}, output)
        return times

    def gradients(self, output):
        training = self.loaded()
        loss = training.loss()
        gradients = torch.autograd.grad(loss, training.parameters)
        names = [name for name, _ in training.planner.named_parameters()]
        save_file({name: g.contiguous() for name, g in zip(names, gradients, strict=True)}, output)
        return {"loss": loss.item()}

    commands = {"init": init, "load": load, "step": step, "sample": sample, "gradients": gradients}

    def answer(self, line: str) -> dict:
        request = json.loads(line)
        command = request.pop("command", None)
        if command not in self.commands:
            raise ValueError(f'Unknown command "{command}". Known: {", ".join(self.commands)}.')
        return self.commands[command](self, **request)


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr  # nothing but answers may reach stdout
    peer = Peer()
    for line in sys.stdin:
        try:
            answer = peer.answer(line)
        except Exception as error:
            print(json.dumps({"error": f"{type(error).__name__}: {error}"}), file=answers, flush=True)
            raise
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
