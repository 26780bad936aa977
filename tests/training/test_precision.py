"""bfloat16 rounds activations, not weights; the loss is float32; a CPU computes in float32 unless told otherwise."""

from dataclasses import replace

import pytest
import torch
from softbench.networks import build
from softbench.training import device
from softbench.training.protocol import Protocol

CPU = torch.device("cpu")
PROTOCOL = Protocol(steps=1, batch=1, patch_size=[8, 8], learning_rate=0.1)


@pytest.mark.parametrize(
    ("wish", "found"), [("auto", torch.float32), ("fp32", torch.float32), ("bf16", torch.bfloat16)]
)
def test_type_of_activations_on_a_cpu(wish: str, found: torch.dtype) -> None:
    assert device.activation_type(wish, CPU) == found


@pytest.mark.parametrize(("wish", "found"), [("auto", "bf16"), ("bf16", "bf16"), ("fp32", "fp32")])
def test_only_fp32_keeps_a_gpu_from_bf16(wish: str, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda *_: True)
    assert device.precision_name(wish, torch.device("cuda")) == found


def test_bf16_differs_by_its_rounding_and_leaves_weights_alone() -> None:
    torch.manual_seed(0)
    model = build("compact_unet", 1, 2, 2, widths=[4, 8])
    images = torch.randn(1, 1, 8, 8)
    exact = device.make_forward(model, PROTOCOL, CPU)(images)
    rounded = device.make_forward(model, replace(PROTOCOL, precision="bf16"), CPU)(images)
    assert (exact.dtype, rounded.dtype) == (torch.float32, torch.bfloat16)
    assert all(p.dtype == torch.float32 for p in model.parameters())
    error = float(((exact - rounded).abs().max() / exact.abs().max()).detach())
    assert 0 < error < 0.1  # 8 bits: each of five layers rounds by up to 2**-9 of its largest value


def test_compiled_network_keeps_the_weights_and_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def compile_nothing(model, mode):
        asked.append(mode)
        return model

    monkeypatch.setattr(device.torch, "compile", compile_nothing)
    model = build("compact_unet", 1, 2, 2, widths=[4, 8])
    forward = device.make_forward(model, replace(PROTOCOL, compile=True), CPU)
    assert forward(torch.randn(1, 1, 8, 8)).shape == (1, 2, 8, 8)
    assert asked == [None]


@pytest.mark.parametrize(("wish", "rounded"), [("auto", True), ("bf16", True), ("fp32", False)])
def test_fp32_is_not_rounded_to_tf32(wish: str, rounded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    device.make_forward(build("compact_unet", 1, 2, 2, widths=[4, 8]), replace(PROTOCOL, precision=wish), CPU)
    assert torch.backends.cudnn.allow_tf32 == rounded
