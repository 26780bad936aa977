"""DnCNN is built from files in its authors' layout, with random numbers: theirs are never at hand here."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from softbench import InputError
from softbench.datasets.sources import dncnn
from torch import nn


def saved(path: Path, *, layers: int = 17, width: int = 4, seed: int = 0, legacy: bool = False) -> nn.Sequential:
    """Write weights as KAIR does, and return the network that they are of: convolutions with ReLUs between."""
    torch.manual_seed(seed)
    widths = [1, *[width] * (layers - 1), 1]
    parts: list[nn.Module] = []
    for taken, given in pairwise(widths):
        parts += [nn.Conv2d(taken, given, 3, padding=1), nn.ReLU()]
    network = nn.Sequential(*parts[:-1])
    state = {f"model.{key}": value for key, value in network.state_dict().items()}
    torch.save(state, path, _use_new_zipfile_serialization=not legacy)
    return network


def noisy() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (20, 24)).astype(np.float32)


@pytest.mark.parametrize("layers", [17, 20])
@pytest.mark.parametrize("legacy", [False, True])
def test_result_is_the_image_minus_what_the_network_says(layers: int, legacy: bool, tmp_path: Path) -> None:
    network = saved(tmp_path / "w.pth", layers=layers, legacy=legacy)
    image = noisy()
    with torch.no_grad():
        noise = network(torch.from_numpy(image / 255)[None, None])[0, 0].numpy() * 255
    found = dncnn.denoised(image, tmp_path / "w.pth")
    assert (found.dtype, found.shape) == (np.float32, image.shape)
    np.testing.assert_allclose(found, image - noise, atol=1e-3)
    assert np.abs(found - image).max() > 1e-2


def test_network_that_predicts_nothing_leaves_the_image(tmp_path: Path) -> None:
    state = {"model.0.weight": torch.zeros(2, 1, 3, 3), "model.0.bias": torch.zeros(2)}
    state |= {"model.2.weight": torch.zeros(1, 2, 3, 3), "model.2.bias": torch.zeros(1)}
    torch.save(state, tmp_path / "w.pth")
    np.testing.assert_allclose(dncnn.denoised(noisy(), tmp_path / "w.pth"), noisy(), rtol=1e-6)


def test_changed_weights_are_read_anew(tmp_path: Path) -> None:
    saved(tmp_path / "w.pth")
    before = dncnn.denoised(noisy(), tmp_path / "w.pth")
    saved(tmp_path / "w.pth", layers=20, seed=1)
    assert np.abs(dncnn.denoised(noisy(), tmp_path / "w.pth") - before).max() > 1e-3


def test_threads_do_not_matter_and_are_put_back(tmp_path: Path) -> None:
    saved(tmp_path / "w.pth")
    threads = torch.get_num_threads()
    dncnn.denoised(noisy(), tmp_path / "w.pth")
    assert torch.get_num_threads() == threads


def test_missing_weights_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"w\.pth, which are not there\. Download w\.pth .*KAIR.*`denoise: nl_means`"):
        dncnn.denoised(noisy(), tmp_path / "w.pth")


def colour(state: dict) -> dict:
    return state | {"model.0.weight": torch.zeros(4, 3, 3, 3)}


def without_bias(state: dict) -> dict:
    return {key: value for key, value in state.items() if key != "model.2.bias"}


def with_normalisation(state: dict) -> dict:
    return state | {"model.1.running_mean": torch.zeros(4)}


@pytest.mark.parametrize("change", [colour, without_bias, with_normalisation, lambda state: list(state)])
def test_other_networks_are_refused(change, tmp_path: Path) -> None:
    network = saved(tmp_path / "w.pth")
    state = {f"model.{key}": value for key, value in network.state_dict().items()}
    torch.save(change(state), tmp_path / "w.pth")
    with pytest.raises(InputError, match="holds no DnCNN for grey images"):
        dncnn.denoised(noisy(), tmp_path / "w.pth")


def test_file_that_is_no_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_bytes(b"<html>not found</html>")
    with pytest.raises(InputError, match="cannot be read as weights of PyTorch"):
        dncnn.denoised(noisy(), tmp_path / "w.pth")


def test_image_of_another_range_is_refused(tmp_path: Path) -> None:
    saved(tmp_path / "w.pth")
    with pytest.raises(InputError, match="takes 0 to 255, but the image spans 0 to 1000"):
        dncnn.denoised(np.array([[0.0, 1000.0]]), tmp_path / "w.pth")
