"""Any network of MONAI, by the name of its class: `{name: monai, network: SegResNet, init_filters: 8}`."""

import inspect
from typing import Any

import torch
from torch import nn

from softbench.checks import require_one_of
from softbench.errors import InputError
from softbench.networks import trial

VERSION = 1  # speaks for trial too
ALLOWED = {  # and the arguments of the class, which MONAI checks
    "network": {"type": "string", "description": "name of a class in monai.networks.nets"},
    "multiple": {
        "type": ["integer", "null"],
        "minimum": 1,
        "description": "of an input's lengths; null: found by trial",
    },
}
FILLED = {  # what we know of an image: names that MONAI's classes have for it
    "in_channels": ("in_channels", "n_input_channels", "num_channels"),
    "classes": ("out_channels", "num_classes"),
    "dims": ("spatial_dims", "dimensions"),
}


class MonaiNetwork(nn.Module):
    """A MONAI network that returns logits on the grid of the image, also where it has more outputs for supervision."""

    def __init__(self, network: nn.Module, classes: int) -> None:
        """Wrap the network; `multiple` and `head` are found by `trial`."""
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
    wrapped.multiple = trial.find_multiple(wrapped, in_channels, dims, title=title, multiple=multiple, size=size)
    grid = size or trial.small_grid(wrapped.multiple, dims)
    wrapped.head_name = trial.find_head(wrapped, in_channels, classes, grid)
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
    for one in reversed(several):
        if isinstance(one, torch.Tensor) and one.shape[1:] == (classes, *grid):
            return one
    found = ", ".join(str(tuple(one.shape)) if isinstance(one, torch.Tensor) else type(one).__name__ for one in several)
    raise InputError(f"the network must give (B, {', '.join(map(str, (classes, *grid)))}), but gives {found}.")


def names() -> list[str]:
    """Return the classes of `monai.networks.nets` that take both image channels and classes."""
    from monai.networks import nets

    found = {name: one for name, one in vars(nets).items() if inspect.isclass(one) and issubclass(one, nn.Module)}
    return sorted(
        name for name, one in found.items() if one.__name__ == name and {"in_channels", "classes"} <= set(_filled(one))
    )


def make(name: str, in_channels: int, classes: int, dims: int, arguments: dict[str, Any]) -> nn.Module:
    """Make a network of MONAI with fresh weights.

    Raises: InputError: if there is no such class, or it lacks an argument, knows one not, or refuses a value.
    """
    from monai.networks import nets

    require_one_of("network", name, names())
    made = getattr(nets, name)
    known = _filled(made)
    facts = {"in_channels": in_channels, "classes": classes, "dims": dims}
    filled = {argument: facts[fact] for fact, argument in known.items()}
    _check(name, made, filled, arguments)
    if arguments.get("pretrained"):  # MONAI would fetch them, and all seeds would start from one set of weights
        raise InputError(
            f"network {name} of MONAI sets 'pretrained', but each seed draws its own weights. Leave it out."
        )
    try:
        network: nn.Module = made(**filled, **arguments)
    except Exception as error:  # whatever MONAI raises of values it refuses, or of packages it misses
        why = f"{error}".strip().split("\n")[0]
        raise InputError(f"network {name} of MONAI cannot be made of {arguments}; it says: {why}") from error
    return network


def _filled(made: type) -> dict[str, str]:
    """Return fact -> the name that a class has for it."""
    parameters = inspect.signature(made).parameters
    found = {fact: [n for n in names if n in parameters] for fact, names in FILLED.items()}
    return {fact: names[0] for fact, names in found.items() if names}


def _check(name: str, made: type, filled: dict[str, Any], arguments: dict[str, Any]) -> None:
    """Raise where arguments are unknown, filled in anyway, or missing."""
    parameters = inspect.signature(made).parameters
    plain = {n: p for n, p in parameters.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    settable = [n for n in plain if n not in filled]
    unknown = sorted(set(arguments) - set(settable)) if len(plain) == len(parameters) else []
    twice = sorted(set(arguments) & set(filled))
    if unknown or twice:
        why = "which follow from the data set" if twice else "which it does not know"
        wrong = ", ".join(map(repr, twice or unknown))
        raise InputError(f"network {name} of MONAI sets {wrong}, {why}; its arguments: {', '.join(settable)}.")
    missing = [n for n in settable if plain[n].default is inspect.Parameter.empty and n not in arguments]
    if missing:
        raise InputError(
            f"network {name} of MONAI needs {', '.join(map(repr, missing))}; its arguments: {', '.join(settable)}."
        )
