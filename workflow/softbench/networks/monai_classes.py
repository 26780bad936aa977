"""Which networks MONAI has, and what their classes call the channels, the classes and the dimensions."""

import inspect
from typing import Any

from torch import nn

from softbench.checks import require_one_of
from softbench.errors import InputError

VERSION = 1
FILLED = {  # what we know of an image: names that MONAI's classes have for it
    "in_channels": ("in_channels", "n_input_channels", "num_channels"),
    "classes": ("out_channels", "num_classes"),
    "dims": ("spatial_dims", "dimensions"),
}


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
