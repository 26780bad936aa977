"""Is it worth training several seeds as one network? One after another, beside fused as grouped convolutions.

Usage: python benchmarks/training_fusion.py [--device cuda] [--rounds N] [--keep]     (in the project's folder, with
       .venv active; about half a CPU minute)
Three seeds of compact_unet on the grids of config's protocols demo_brain and hippocampus, batches of two; forward and
backward of the cross-entropy, without optimiser. A fused network holds the seeds' weights as groups of its channels,
so each seed keeps its own normalisation and gradient. Ways take turns; median of the rounds in CPU seconds of one
thread, or seconds of the GPU's stream in bfloat16, where a third way gives each seed a stream of its own. Printed are
the ratios and, in float32, the largest difference of logits and of gradients, as a share of the largest value.
`--tiny`: small grids, one round.
On CPUs the fused way is slower (docs/performance.md), so the suite trains seeds one after another.
"""

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import options
import torch
from fused_network import fused
from rows import Peer, Rows
from softbench.training.device import channels_last
from torch import nn
from torch.nn import functional
from training_work import CONFIG, build, read_clock, seconds_between

SEEDS, BATCH, CALLS = 3, 2, 10
GRIDS = {"demo_brain": (4, 4), "hippocampus": (1, 3)}  # protocol -> channels, classes
Batch = tuple[torch.Tensor, torch.Tensor]


def main() -> None:
    """Print a line for each grid and way."""
    parser = options.parser(__doc__, keeps=True)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    rows = Rows("training_fusion", chosen, "torch")
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    for protocol, (channels, classes) in GRIDS.items():
        crop = [16, 16, 16] if chosen.tiny else CONFIG["protocols"][protocol]["patch_size"]
        print(f"{protocol}, batch {BATCH} x {channels} x {crop}: {SEEDS} seeds on {chosen.device}")
        times = compare(crop, channels, classes, torch.device(chosen.device), 1 if chosen.tiny else chosen.rounds)
        ours = times.pop("one after another")
        for name, seconds in times.items():
            rows.add(f"{SEEDS} seeds one after another, {protocol}", ours, Peer(name, seconds), unit="ms")


def compare(
    crop: Sequence[int], channels: int, classes: int, device: torch.device, rounds: int
) -> dict[str, list[float]]:
    """Return the milliseconds of each way in each round; print how far its numbers are apart."""
    models = []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        models.append(channels_last(build(CONFIG["networks"]["compact_unet"], channels, classes, 3).to(device)))
    one = channels_last(fused(models).to(device))
    batches = [made_batch(channels, classes, crop, device) for _ in models]
    print_differences(models, one, batches)
    ways: dict[str, Callable[[], Any]] = {"one after another": partial(in_turn, models, batches)}
    ways["fused as one network"] = partial(together, one, batches)
    if device.type == "cuda":
        ways["a stream each"] = partial(in_streams, models, batches, [torch.cuda.Stream() for _ in models])
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            times[name].append(1000 * seconds_a_call(way, device))
    return times


def made_batch(channels: int, classes: int, crop: Sequence[int], device: torch.device) -> Batch:
    """Return noise, and a target that sums to 1."""
    target = torch.rand(BATCH, classes, *crop, device=device).softmax(dim=1)
    return channels_last(torch.randn(BATCH, channels, *crop, device=device)), target


def step(model: nn.Module, batch: Batch, seeds: int = 1, *, half: bool = True) -> torch.Tensor:
    """Compute the sum of the seeds' losses and its gradients; return the logits (B, seeds, C, ...)."""
    images, target = batch
    with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=half and images.is_cuda):
        logits = model(images).unflatten(1, (seeds, -1))
    log_p = functional.log_softmax(logits, dim=2, dtype=torch.float32)
    losses = -(target.unflatten(1, (seeds, -1)) * log_p).sum(dim=2)
    model.zero_grad(set_to_none=True)
    losses.mean(dim=(0, 2, 3, 4)).sum().backward()
    return logits.detach()


def in_turn(models: Sequence[nn.Module], batches: Sequence[Batch], **how: bool) -> torch.Tensor:
    """Step one network after another."""
    return torch.cat([step(model, batch, **how) for model, batch in zip(models, batches, strict=True)], dim=1)


def together(model: nn.Module, batches: Sequence[Batch], **how: bool) -> torch.Tensor:
    """Step all at once; gathering their batches is part of it."""
    images, targets = (torch.cat(parts, dim=1) for parts in zip(*batches, strict=True))
    return step(model, (channels_last(images), targets), len(batches), **how)


def in_streams(models: Sequence[nn.Module], batches: Sequence[Batch], streams: Sequence[torch.cuda.Stream]) -> None:
    """Step each network on a stream of its own; the current one goes on when all have ended."""
    current = torch.cuda.current_stream()
    for model, batch, stream in zip(models, batches, streams, strict=True):
        stream.wait_stream(current)
        with torch.cuda.stream(stream):
            step(model, batch)
    for stream in streams:
        current.wait_stream(stream)


def print_differences(models: Sequence[nn.Module], one: nn.Module, batches: Sequence[Batch]) -> None:
    """Print how far logits and gradients of the fused network are from those of the seeds, in float32."""
    apart, fused_logits = in_turn(models, batches, half=False), together(one, batches, half=False)
    of_fused = {name: weights.grad for name, weights in one.named_parameters()}
    gradients = {
        name: torch.cat([model.get_parameter(name).grad for model in models])  # type: ignore[misc]
        for name in of_fused
    }
    worst = max(share_apart(of_fused[name], gradient) for name, gradient in gradients.items())
    print(f"  largest difference: logits {share_apart(fused_logits, apart):.1e}, gradients {worst:.1e} of the largest")


def share_apart(found: Any, expected: torch.Tensor) -> float:
    """Return the largest difference as a share of the largest value."""
    return float((found - expected).abs().max() / expected.abs().max())


def seconds_a_call(action: Callable[[], object], device: torch.device) -> float:
    """Return the mean seconds of some calls, after two that are not timed."""
    action(), action()
    start = read_clock(device)
    for _ in range(CALLS):
        action()
    return seconds_between(start, read_clock(device)) / CALLS


if __name__ == "__main__":
    main()
