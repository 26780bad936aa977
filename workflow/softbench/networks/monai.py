"""Any network of MONAI, by the name of its class: `{name: monai, network: SegResNet, init_filters: 8}`.

What it can do is found by trying: which lengths it takes, and which bias its logits rest on.
"""

import copy
import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from softbench.checks import require_one_of
from softbench.errors import InputError
from softbench.networks import small_grid
from softbench.networks.monai_arguments import Arguments, complaint, filled

VERSION = 1
ALLOWED = {  # and the arguments of the class, which MONAI checks
    "network": {"type": "string", "description": "name of a class in monai.networks.nets"},
    "multiple": {
        "type": ["integer", "null"],
        "minimum": 1,
        "description": "of an input's lengths; null: found by trial",
    },
}


class MonaiNetwork(nn.Module):
    """A MONAI network that returns logits on the grid of the image, also where it has more outputs for supervision."""

    def __init__(self, network: nn.Module, classes: int) -> None:
        """Wrap the network; `multiple` and `head` are found by trial."""
        super().__init__()
        self.network, self.classes = network, classes
        self.multiple = 1
        self.head_name: str | None = None

    @property
    def head(self) -> nn.Module | None:
        """The layer whose bias is added to the logits; no member of its own, so that weights have one name each."""
        return None if self.head_name is None else self.get_submodule(self.head_name)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (B, M, ...) to logits (B, C, ...)."""
        return full_resolution(self.network(images), self.classes, images.shape[2:])


def build(
    in_channels: int, classes: int, dims: int, *, network: str, multiple: int | None = None, **arguments: Any
) -> MonaiNetwork:
    """Build a MONAI network; channels, classes and dimensions are filled in, whatever its class calls them.

    Args:
        in_channels: channels of the image (M).
        classes: number of classes (C), background included.
        dims: 2 or 3.
        network: name of a class in `monai.networks.nets`.
        multiple: what each length of an input must be a multiple of; found by trial if not given.
        arguments: the class's own; a network of one fixed `img_size` takes images of that size only.
    Returns: the network; its `head` is None where no bias is added to the logits as it is.
    Raises: InputError: if there is no such network or argument, or it gives no logits on the grid of the image.
    """
    wrapped = MonaiNetwork(make(network, in_channels, classes, dims, arguments), classes)
    size = _lengths(arguments.get("img_size"), dims)
    title = f"{network} of MONAI"
    wrapped.multiple = find_multiple(wrapped, in_channels, dims, title=title, multiple=multiple, size=size)
    grid = size or small_grid(wrapped.multiple, dims)
    wrapped.head_name = find_head(wrapped, in_channels, classes, grid)
    return wrapped


def _lengths(img_size: int | list[int] | None, dims: int) -> list[int]:
    """Return the one size of a network's images; nothing where it takes any."""
    if img_size is None:
        return []
    return [img_size] * dims if isinstance(img_size, int) else list(img_size)


def full_resolution(output: Any, classes: int, grid: torch.Size) -> torch.Tensor:
    """Return the logits (B, C, *grid) among the outputs of a network.

    Args:
        output: a tensor; or several, the last of which on this grid counts (UNet++ orders them shallow to deep, all
            on the grid; others have one there); or a stack (B, K, C, *grid), whose first counts (DynUNet).
        classes: number of classes (C).
        grid: that of the image.
    Raises: InputError: if there are none.
    """
    if isinstance(output, torch.Tensor) and output.ndim == len(grid) + 3:
        output = output[:, 0]
    several = list(output) if isinstance(output, list | tuple) else [output]
    tensors = [output for output in several if isinstance(output, torch.Tensor)]
    for logits in reversed(tensors):
        if logits.shape[1:] == (classes, *grid):
            return logits
    shapes = ", ".join(str(tuple(o.shape)) if isinstance(o, torch.Tensor) else type(o).__name__ for o in several)
    raise InputError(f"the network must give (B, {', '.join(map(str, (classes, *grid)))}), but gives {shapes}.")


def names() -> list[str]:
    """Return the classes of `monai.networks.nets` that take both image channels and classes."""
    from monai.networks import nets

    classes = {name: kind for name, kind in vars(nets).items() if inspect.isclass(kind) and issubclass(kind, nn.Module)}
    own = {name: kind for name, kind in classes.items() if kind.__name__ == name}
    return sorted(name for name, kind in own.items() if {"in_channels", "classes"} <= set(_filled(kind)))


def make(name: str, in_channels: int, classes: int, dims: int, arguments: dict[str, Any]) -> nn.Module:
    """Make a network of MONAI with fresh weights.

    Raises: InputError: if there is no such class, or it lacks an argument, knows one not, or refuses a value.
    """
    from monai.networks import nets

    require_one_of("network", name, names())
    made = getattr(nets, name)
    known = _filled(made)
    facts = {"in_channels": in_channels, "classes": classes, "dims": dims}
    taken = {argument: facts[fact] for fact, argument in known.items()}
    _check(name, made, arguments)
    if arguments.get("pretrained"):  # MONAI would fetch them, and all seeds would start from one set of weights
        raise InputError(
            f"network {name} of MONAI sets 'pretrained', but each seed draws its own weights. Leave it out."
        )
    try:
        network: nn.Module = made(**taken, **arguments)
    except Exception as error:  # whatever MONAI raises of values it refuses, or of packages it misses
        why = f"{error}".strip().split("\n")[0]
        raise InputError(
            f"network {name} of MONAI cannot be built with the arguments {arguments}; it says: {why}"
        ) from error
    return network


def _filled(made: type) -> dict[str, str]:
    """Return fact -> the name that a class has for it."""
    return filled(inspect.signature(made).parameters)


def _check(name: str, made: type, arguments: dict[str, Any]) -> None:
    """Raise where arguments are unknown, filled in anyway, or missing."""
    parameters = inspect.signature(made).parameters
    plain = {n: p for n, p in parameters.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    needed = tuple(n for n, p in plain.items() if p.default is inspect.Parameter.empty)
    said = complaint(name, Arguments(tuple(plain), needed, len(plain) < len(parameters)), arguments)
    if said is not None:
        raise InputError(said)


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
        head = next((name for name in reversed(candidates) if _moves(network, name, images, before)), None)
    network.train(training)
    return head


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
