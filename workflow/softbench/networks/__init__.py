"""Which function maps an image to logits: networks by name, one module each.

Which settings a network takes is read from the text of its module: config is checked without importing torch.
"""

import ast
import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from softbench.errors import InputError, explain_error, import_file, short

if TYPE_CHECKING:
    from torch import nn

__all__ = ["build", "default_settings", "known_dims", "known_settings", "names", "parameters", "require_settings"]
VERSION = None  # builds by name
ACTIVATIONS = ("norm_relu",)  # outputs that a method may have in place of the softmax


def names() -> list[str]:
    """Return the networks found, sorted: every module of this folder that defines `build`."""
    modules = Path(__file__).parent.glob("*.py")
    return sorted(
        path.stem
        for path in modules
        if path.stem != "__init__" and "\ndef build(" in path.read_text(encoding="utf-8", errors="replace")
    )


def build(name: str, in_channels: int, classes: int, dims: int, **settings: Any) -> "nn.Module":
    """Build a network with fresh weights, drawn from torch's global generator.

    Args:
        name: one of `names()`.
        in_channels: channels of the image (M).
        classes: number of classes (C), background included.
        dims: 2 or 3.
        settings: the network's own, see its module; and `activation`, one of `ACTIVATIONS`, where the logits are to be
            logarithms of other probabilities than the softmax.
    Returns: a module, images (B, M, D, H, W) -> logits (B, C, D, H, W), with `multiple`: each length of its input must
        be a multiple of it; and `head`: its last convolution, whose bias takes the log prior, or None where it has
        no such layer (some MONAI networks).
    Raises: InputError: if there is no such network, `dims` is neither 2 nor 3 or not the network's, or a setting is
        missing or unknown.
    """
    from softbench.checks import require_one_of  # it needs numpy, which those who read config do not

    require_one_of("network", name, names())
    require_one_of("dims", dims, (2, 3))
    if dims not in known_dims(name):
        only = " and ".join(f"{taken}-D" for taken in known_dims(name))
        raise InputError(f"`dims`: the network {name} is {only}, but the images are {dims}-D. Choose another network.")
    activation = settings.pop("activation", None)
    require_settings(f"network {name}", name, settings)
    file = Path(__file__).parent / f"{name}.py"
    module = import_file(file)
    try:
        network: nn.Module = module.build(in_channels, classes, dims, **settings)
    except (InputError, MemoryError):
        raise
    except Exception as error:
        raise InputError(f"{short(file)}: `build` stopped with {explain_error(error, file)}. Fix it.") from error
    multiple, head = getattr(network, "multiple", None), "there" if hasattr(network, "head") else "missing"
    if not isinstance(multiple, int) or multiple < 1 or head == "missing":
        raise InputError(
            f"{short(file)}: `build` must return a module with `multiple`, a whole number of at least 1 (it is "
            f"{multiple!r}), and `head`, its last convolution or None (it is {head})."
        )
    return network if activation is None else _with_activation(network, activation)


def _with_activation(network: "nn.Module", activation: str) -> "nn.Module":
    from softbench.checks import require_one_of
    from softbench.networks.layers.norm_relu import NormReLU

    require_one_of("activation", activation, ACTIVATIONS)
    return NormReLU(network)


def checked(forward: Callable[[Any], Any], name: str, classes: int) -> Callable[[Any], Any]:
    """Return a function that calls a network and raises `InputError` where it fails, or gives logits of another shape.

    Args:
        forward: images (B, M, ...) to logits.
        name: one of `names()`, for the message.
        classes: that the logits must have.
    """
    file = Path(__file__).parent / f"{name}.py"

    def call(images: Any) -> Any:
        try:
            logits = forward(images)
        except (InputError, MemoryError):
            raise
        except Exception as error:
            if type(error).__name__ == "OutOfMemoryError":  # of torch, which is told with what would fit
                raise
            raise InputError(
                f"the network {name!r} stopped with {explain_error(error, file)}. Fix it there."
            ) from error
        wanted, found = (len(images), classes, *images.shape[2:]), tuple(getattr(logits, "shape", ()))
        if found != wanted:
            said = f"logits of the shape {found}" if found else type(logits).__name__
            raise InputError(
                f"the network {name!r} ({short(file)}) must turn images {tuple(images.shape)} into logits {wanted}, "
                f"one channel a class on the same grid, but returned {said}. Correct its `forward`."
            )
        return logits

    return call


def try_out(name: str) -> None:
    """Raise unless a network, with its default settings, gives logits of the right shape for small images.

    One with settings that config must give is built where it is trained.
    Raises: InputError: as `build` and `checked`.
    """
    import torch

    if known_settings(name)[0]:
        return
    for dims in known_dims(name):
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            network = build(name, 2, 3, dims).eval()
            multiple: Any = network.multiple
            checked(network, name, 3)(torch.zeros(2, 2, *small_grid(multiple, dims)))


def parameters(name: str, in_channels: int, classes: int, dims: int, **settings: Any) -> int:
    """Return the number of weights that training changes; the arguments are those of `build`."""
    import torch

    with torch.random.fork_rng(devices=[]):
        network = build(name, in_channels, classes, dims, **settings)
    return sum(weight.numel() for weight in network.parameters() if weight.requires_grad)


def require_settings(place: str, name: str, given: Iterable[str]) -> None:
    """Raise unless `given` holds every setting that the network needs, and none that it does not know.

    Args:
        place: how the message begins, e.g. "config: networks.unet".
        name: one of `networks.names()`.
        given: names of settings.
    Raises: InputError: lists the settings of the network.
    """
    needed, optional, open_ended = known_settings(name)
    missing = sorted(needed - set(given))
    unknown = [] if open_ended else sorted(set(given) - needed - optional)
    if missing or unknown:
        problems = [f"lacks {_quoted(missing)}"] if missing else []
        problems += [f"sets {_quoted(unknown)}, which {name!r} does not know"] if unknown else []
        known = [*sorted(needed), *(f"{setting} (optional)" for setting in sorted(optional))]
        raise InputError(f"{place} {' and '.join(problems)}; its settings: {', '.join(known) or 'none'}.")


def known_dims(name: str) -> tuple[int, ...]:
    """Return the dimensions of the images that a network takes: its module's `DIMS`, else 2 and 3."""
    assigned = {ast.unparse(node.targets[0]): node.value for node in _statements(name) if isinstance(node, ast.Assign)}
    return tuple(ast.literal_eval(assigned["DIMS"])) if "DIMS" in assigned else (2, 3)


def known_settings(name: str) -> tuple[set[str], set[str], bool]:
    """Return the keyword-only arguments of `build` without and with a default, and whether it takes any others."""
    arguments = _arguments(name)
    pairs = list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    needed = {argument.arg for argument, default in pairs if default is None}
    return needed, {argument.arg for argument, _ in pairs} - needed, arguments.kwarg is not None


def default_settings(name: str) -> dict[str, Any]:
    """Return the defaults of the arguments of `build`, of those that have one that is a plain literal."""
    arguments = _arguments(name)
    defaults: dict[str, Any] = {}
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        with contextlib.suppress(ValueError):
            defaults |= {} if default is None else {argument.arg: ast.literal_eval(default)}
    return defaults


def _arguments(name: str) -> ast.arguments:
    return next(n.args for n in _statements(name) if isinstance(n, ast.FunctionDef) and n.name == "build")


def _statements(name: str) -> list[ast.stmt]:
    return ast.parse((Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")).body


def _quoted(names: list[str]) -> str:
    return ", ".join(map(repr, names))


def small_grid(multiple: int, dims: int) -> list[int]:
    """Return a grid on which a trial costs little, yet leaves more than one voxel to normalise over at any depth."""
    length = -(-16 // multiple) * multiple
    return [2 * length] + [length] * (dims - 1)
