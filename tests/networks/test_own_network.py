"""A network of one's own that breaks its contract: one message that names it and its file."""

import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from softbench import InputError, networks
from torch import nn


class Own(nn.Module):
    """Gives what it is told to."""

    def __init__(self, answer: Callable) -> None:
        super().__init__()
        self.answer, self.multiple, self.head = answer, 4, None

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.answer(images)


def sound(images: torch.Tensor) -> torch.Tensor:
    return images[:, :1].repeat(1, 3, *(1 for _ in images.shape[2:]))


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """Let the shipped `compact_unet` be a network of one's own: what `build` gives, or a function that it calls."""

    def put(build: Callable) -> None:
        monkeypatch.setattr(networks, "import_file", lambda file: SimpleNamespace(build=build))
        monkeypatch.setattr(networks, "known_settings", lambda name: (set(), set(), True))

    return put


def test_sound_network_passes(own) -> None:
    own(lambda *sizes, **settings: Own(sound))
    networks.try_out("compact_unet")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            lambda x: sound(x)[:, :2],
            r"into logits \(2, 3, 32, 16\), .* but returned logits of the shape \(2, 2, 32, 16\)",
        ),
        (lambda x: sound(x)[..., ::2], r"but returned logits of the shape \(2, 3, 32, 8\)\. Correct its `forward`"),
        (lambda x: (sound(x), x), "but returned tuple"),
        (lambda x: None, "but returned NoneType"),
        (lambda x: x.missing, r"stopped with AttributeError: 'Tensor' object has no attribute 'missing'"),
        (lambda x: x @ x[:, :, :3], r"stopped with RuntimeError: .* \(test_own_network\.py, line \d+\)"),
    ],
)
def test_wrong_logits_name_network_and_file(own, answer: Callable, said: str) -> None:
    own(lambda *sizes, **settings: Own(answer))
    with pytest.raises(InputError, match=f"the network 'compact_unet' .*{said}"):
        networks.try_out("compact_unet")


def test_module_without_what_the_suite_asks_for_is_refused(own) -> None:
    own(lambda *sizes, **settings: nn.Conv2d(2, 3, 1))
    with pytest.raises(InputError, match=r"networks/compact_unet\.py: `build` must return a module with `multiple`"):
        networks.try_out("compact_unet")


def test_build_that_stops_names_the_file(own) -> None:
    own(lambda *sizes, **settings: sys.missing)
    with pytest.raises(InputError, match=r"networks/compact_unet\.py: `build` stopped with AttributeError"):
        networks.try_out("compact_unet")


def test_memory_that_does_not_suffice_stays_an_error_of_torch() -> None:
    def forward(images: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(torch.OutOfMemoryError):
        networks.checked(forward, "compact_unet", 3)(torch.zeros(1, 1, 8, 8))
