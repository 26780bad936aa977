"""Where a run computes."""

from collections.abc import Callable

import torch

from softbench.errors import InputError


def choose(name: str, log: Callable[[str], None] = print) -> torch.device:
    """Return the device that config names; "auto" takes a GPU where there is one, and says what it took.

    Raises: InputError: if "cuda" is asked for and there is none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "`device: cuda` is asked for, but torch finds no GPU. Is the CUDA build of torch installed, and did the "
            "scheduler grant a GPU? `device: auto` falls back to the CPU."
        )
    torch.backends.cudnn.benchmark = True  # shapes never change, so that the search for the fastest kernel pays
    kind = "cuda" if name == "cuda" or (name == "auto" and torch.cuda.is_available()) else "cpu"
    log(f"device: {torch.cuda.get_device_name() if kind == 'cuda' else 'cpu'}")
    return torch.device(kind)
