"""What a network of unknown make can do, found by trying: which lengths it takes, and which bias its logits rest on."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from softbench.arrays import round_up
from softbench.errors import InputError

VERSION = 1
TRIED = (1, 2, 4, 8, 16, 32)
LENGTH = 33  # lengths of a trial are odd numbers of multiples, the first not below this
MOVED = 1e-3  # of a change of the bias by 1, 2, ...: how closely the logits must follow


def find_multiple(
    network: nn.Module,
    in_channels: int,
    dims: int,
    *,
    title: str,
    multiple: int | None = None,
    size: Sequence[int] = (),
) -> int:
    """Return the smallest of 1, 2, 4, ..., 32 that lengths must be a multiple of.

    A number will do if the network takes lengths that are odd multiples of it, and one axis as short as itself. Nothing
    is computed: the trial runs on torch's `meta` device, which knows shapes alone.

    Args:
        network: images (1, M, ...) -> logits, raising where it cannot.
        in_channels: M.
        dims: 2 or 3.
        title: what messages call the network.
        multiple: the only number to try, if given.
        size: the only lengths that the network takes, if it is so made; if they are equal, they are the multiple.
    Raises: InputError: if none will do; the message gives the network's own words.
    """
    shapes = copy.deepcopy(network).to("meta").eval()
    of_size = [size[0] if len(set(size)) == 1 else 1] if size else TRIED
    tried = [multiple] if multiple else of_size
    why = ""
    for number in tried:
        why = _refusal(shapes, in_channels, [size] if size else _grids(number, dims))
        if not why:
            return number
    raise InputError(
        f"network {title} gives no logits on the grid of {dims}-D images whose lengths are multiples of "
        f"{', '.join(map(str, tried))}; it says: {why} Choose another network, or state `multiple`."
    )


def find_head(network: nn.Module, in_channels: int, classes: int, grid: Sequence[int]) -> str | None:
    """Return the name of the last convolution whose bias is added to the logits as it is; None if there is none.

    Of the convolutions with as many outputs as classes, the last to run is tried first: a change of its bias must
    appear unchanged in the logits.
    """
    images = torch.linspace(-1, 1, in_channels * torch.Size(grid).numel()).reshape(1, in_channels, *grid)
    training = network.training
    network.eval()
    with torch.no_grad():
        before, candidates = _run(network, images, classes)
        found = next((name for name in reversed(candidates) if _moves(network, name, images, before)), None)
    network.train(training)
    return found


def small_grid(multiple: int, dims: int) -> list[int]:
    """Return a grid on which a trial costs little, yet leaves more than one voxel to normalise over at any depth."""
    lengths = list(round_up([16] * dims, multiple))
    return [2 * lengths[0], *lengths[1:]]


def _grids(multiple: int, dims: int) -> list[list[int]]:
    """Return one grid of odd multiples only, and one that is a single multiple thin."""
    odd = -(-LENGTH // multiple) | 1
    wide = -(-2 * LENGTH // multiple)
    return [[odd * multiple] * dims, [multiple] + [wide * multiple] * (dims - 1)]


def _refusal(shapes: nn.Module, in_channels: int, grids: Sequence[Sequence[int]]) -> str:
    """Return what the network says against images of these grids; nothing if it takes them all."""
    try:
        with torch.no_grad():
            for grid in grids:
                shapes(torch.empty(1, in_channels, *grid, device="meta"))
    except Exception as error:  # whatever a network raises of shapes that it cannot take, or of packages it misses
        return f"{error}".strip().split("\n")[0]
    return ""


def _run(network: nn.Module, images: torch.Tensor, classes: int) -> tuple[torch.Tensor, list[str]]:
    """Return the logits, and the names of convolutions with a bias for each class, in the order in which they ran."""
    ran: list[str] = []
    hooks = [
        module.register_forward_hook(lambda *_, name=name: ran.append(name))
        for name, module in network.named_modules()
        if hasattr(module, "out_channels") and module.out_channels == classes and _bias(module) is not None
    ]
    logits = network(images)
    for hook in hooks:
        hook.remove()
    return logits, ran


def _moves(network: nn.Module, name: str, images: torch.Tensor, before: torch.Tensor) -> bool:
    """Return whether a change of a layer's bias moves the logits by just as much."""
    bias = _bias(network.get_submodule(name))
    assert bias is not None
    change = torch.arange(1, len(bias) + 1, dtype=bias.dtype)
    with _restored(bias):
        bias += change
        moved = network(images) - before
    expected = change.reshape(1, -1, *[1] * (images.ndim - 2)).expand_as(moved)
    return torch.allclose(moved, expected, atol=MOVED)


@contextmanager
def _restored(weights: torch.Tensor) -> Iterator[None]:
    """Give weights their exact values back."""
    kept = weights.clone()
    try:
        yield
    finally:
        weights.copy_(kept)


def _bias(module: nn.Module) -> torch.Tensor | None:
    bias = getattr(module, "bias", None)
    return bias if isinstance(bias, nn.Parameter) else None
