"""torch 2.9 is refused, an old cuDNN doubted, packages are compared with their pins."""

from importlib import metadata

import pytest
import torch
from softbench.tools.check import system


@pytest.mark.parametrize("version", ["2.9.0", "2.9.1+cu128", "2.9.0+cpu"])
def test_torch_2_9_is_refused_with_any_cudnn(version) -> None:
    for cudnn in (None, 91002, 91600):
        finding = system.judge(version, cudnn)
        assert finding.verdict == "failed"
        assert "make setup" in finding.detail


def test_torch_2_90_is_not_2_9() -> None:
    assert system.judge("2.90.0", None).verdict == "ok"


def test_cudnn_before_9_15_is_doubted() -> None:
    doubted = system.judge("2.8.0+cu126", 91002)
    assert doubted.verdict == "warning"
    assert "cuDNN 9.10.2" in doubted.detail
    assert system.judge("2.13.0+cu130", 91500).verdict == "ok"


@pytest.mark.parametrize(
    ("number", "version"), [(91002, "9.10.2"), (91500, "9.15.0"), (8902, "8.9.2"), (90100, "9.1.0")]
)
def test_number_of_cudnn_is_read(number, version) -> None:
    assert system.readable(number) == version


def test_other_versions_and_missing_packages_are_named(tmp_path) -> None:
    numpy = metadata.version("numpy")
    pins = tmp_path / "requirements.txt"
    pins.write_text(f"# numbers\nnumpy=={numpy}\nscipy==0.0.1  # old\nno-such-package==1.0\n")
    finding = system.packages((pins,))
    assert finding.verdict == "warning"
    assert f"scipy {metadata.version('scipy')}, not 0.0.1; no-such-package missing, not 1.0" in finding.detail
    assert "numpy" not in finding.detail


def test_build_tag_is_no_difference(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(system.metadata, "version", lambda name: "2.13.0+cu130")
    pins = tmp_path / "requirements.txt"
    pins.write_text("torch==2.13.0\n")
    assert system.packages((pins,)).verdict == "ok"


def test_without_pins_nothing_is_compared(tmp_path) -> None:
    assert system.packages((tmp_path / "requirements.txt",)).verdict == "not checked"


def test_gpu_that_torch_does_not_see_is_a_warning(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    (tmp_path / "nvidiactl").touch()
    assert system.hardware(torch.device("cpu"), tmp_path / "nvidiactl").verdict == "warning"
    assert system.hardware(torch.device("cpu"), tmp_path / "none").verdict == "ok"


def test_gpu_without_bf16_is_a_warning(monkeypatch) -> None:
    monkeypatch.setattr(system.provenance, "nvml", lambda: None)
    for in_bf16, verdict in ((True, "ok"), (False, "warning")):
        monkeypatch.setattr(system, "_facts", lambda _, own=in_bf16: ("Card", 24 * 2**30, "8.6", own))
        finding = system.hardware(torch.device("cuda"))
        assert finding.verdict == verdict
        assert finding.detail.startswith("Card, 24.0 GiB, compute capability 8.6, driver unknown")
