"""Ways to take training steps of K seeds of a network, on batches that are there already.

`one by one`: a network after the other. `fused`: one network whose channels hold those of all seeds as groups; its
gradient is clipped seed by seed, so each seed learns what it would learn alone. Either is run as it is (`eager`), as
one CUDA graph of the whole step (`graph`), with the network compiled (`compiled`: torch.compile, its default mode), or
both (`compiled graph`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from fused_network import fused
from softbench.training.device import channels_last
from torch import nn
from torch.nn import functional

WARM = 3  # steps before a CUDA graph is recorded: what libraries make once must be made by then
LEARNING_RATE, WEIGHT_DECAY, CLIP = 5e-3, 1e-3, 1.0  # of config's hippocampus_5min, without its schedule
HOWS = ("eager", "graph", "compiled", "compiled graph")
Step = Callable[[], torch.Tensor]


@dataclass(frozen=True)
class Batches:
    """Of each seed, side by side: images (B, K * M, ...) and targets (B, K, C, ...) that sum to 1 over C."""

    images: torch.Tensor
    targets: torch.Tensor

    @property
    def seeds(self) -> int:
        """Return K."""
        return self.targets.shape[1]

    def of(self, seed: int) -> "Batches":
        """Return the batch of one seed."""
        channels = self.images.shape[1] // self.seeds
        images = self.images[:, seed * channels : (seed + 1) * channels]
        return Batches(channels_last(images.contiguous()), self.targets[:, seed : seed + 1].contiguous())


class Runner:
    """Takes steps of K networks in one way, and keeps the losses (K,) of each."""

    def __init__(self, models: Sequence[nn.Module], batches: Batches, *, fuse: bool, how: str, half: bool) -> None:
        """Make the step.

        Args: how: words of HOWS; a graph needs a GPU. half: whether to compute in bf16.
        """
        self.losses: list[torch.Tensor] = []
        if fuse:
            steps = [make_step(fused(models), batches, how, half=half)]
        else:
            steps = [make_step(model, batches.of(seed), how, half=half) for seed, model in enumerate(models)]
        self._step: Step = lambda: torch.cat([step() for step in steps])
        if "graph" in how:
            self._step = self._recorded(self._step)

    def take(self, steps: int) -> None:
        """Take steps."""
        for _ in range(steps):
            self.losses.append(self._step().clone())

    def _recorded(self, step: Step) -> Step:
        """Take a few steps, then record one more as a CUDA graph; return what plays it."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            self.losses += [step().clone() for _ in range(WARM)]
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            losses = step()

        def play() -> torch.Tensor:
            graph.replay()
            return losses

        return play


def make_step(model: nn.Module, batches: Batches, how: str, *, half: bool) -> Step:
    """Return a training step of a network that holds K seeds: it returns their losses, still on the device."""
    device, seeds = batches.images.device, batches.seeds
    model = channels_last(model.to(device)).train()
    forward = compiled(model, device) if "compiled" in how else model
    on_gpu = device.type == "cuda"
    settings = {"lr": LEARNING_RATE, "weight_decay": WEIGHT_DECAY, "fused": True, "capturable": on_gpu}
    optimiser = torch.optim.AdamW(model.parameters(), **settings)

    def step() -> torch.Tensor:
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast(device.type, torch.bfloat16, enabled=half, cache_enabled=False):
            logits = forward(batches.images)
        losses = cross_entropies(logits.unflatten(1, (seeds, -1)), batches.targets)
        losses.sum().backward()
        clip_each(list(model.parameters()), seeds)
        optimiser.step()
        return losses.detach()

    return step


def compiled(model: nn.Module, device: torch.device) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return the compiled network; on a CPU it is traced alone, which needs no compiler and no minutes."""
    torch._dynamo.reset()  # networks that came before are no longer of interest
    return torch.compile(model, backend="inductor" if device.type == "cuda" else "aot_eager")


def cross_entropies(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy of each seed, (K,), from logits and targets (B, K, C, ...)."""
    shares = functional.log_softmax(logits, dim=2, dtype=torch.float32)
    losses = -(targets * shares).sum(dim=2)
    return losses.movedim(1, 0).flatten(1).mean(dim=1)


def clip_each(parameters: Sequence[nn.Parameter], seeds: int) -> None:
    """Scale the gradient of each seed to a norm of at most CLIP, as if it were alone; nothing waits for the device."""
    gradients = [parameter.grad.unflatten(0, (seeds, -1)) for parameter in parameters if parameter.grad is not None]
    squares = [gradient.square().flatten(1).sum(dim=1) for gradient in gradients]
    scale = (CLIP / (torch.stack(squares).sum(dim=0).sqrt() + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(scale.view(-1, *[1] * (gradient.ndim - 1)))
