"""A trained network as a file: its settings and weights, readable without pickle."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from softbench import networks
from softbench.jobs import pieces, storage
from softbench.training.layout import channels_last

VERSION = 1


def save(path: Path, model: nn.Module, network: dict[str, Any], channels: int, classes: int, dims: int) -> None:
    """Write the weights with what is needed to build the network again."""
    weights = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    facts = {"network": network, "in_channels": channels, "classes": classes, "dims": dims}
    torch.save({**facts, "weights": weights}, path)


def load(path: Path, device: torch.device) -> nn.Module:
    """Build the network of a file with its weights, on a device, ready for inference.

    Raises: InputError: if the file is missing or damaged.
    """
    with storage.told(path, path.parents[1] / "batch-*.json"):
        storage.require_checksums(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    settings = {name: value for name, value in content["network"].items() if name != "name"}
    with torch.random.fork_rng(devices=[]):
        model = networks.build(
            content["network"]["name"], content["in_channels"], content["classes"], content["dims"], **settings
        )
    model.load_state_dict(content["weights"])
    laid_out: nn.Module = channels_last(model.to(device))
    return laid_out.eval()


def hash_weights(model: torch.nn.Module) -> str:
    """Return one sha256 over all weights of a network."""
    state = model.state_dict()
    return pieces.key_of(**{name: pieces.hash_array(value.detach().cpu().numpy()) for name, value in state.items()})
