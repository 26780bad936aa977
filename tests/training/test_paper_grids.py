"""The network of each experiment in config takes the crop of its protocol, widened to what it can halve."""

from pathlib import Path

import pytest
import torch
from softbench import networks
from softbench.arrays import round_up
from softbench.plan.config import read

CONFIG = read(Path(__file__).parents[2]).values
CHANNELS, CLASSES = 2, 3


@pytest.mark.parametrize("name", CONFIG["experiments"])
def test_network_gives_logits_on_the_crop_of_its_protocol(name: str) -> None:
    experiment = CONFIG["experiments"][name]
    crop = CONFIG["protocols"][experiment["protocol"]]["patch_size"]
    for network in experiment["networks"]:
        settings = {key: value for key, value in CONFIG["networks"][network].items() if key != "name"}
        model = networks.build(CONFIG["networks"][network]["name"], CHANNELS, CLASSES, len(crop), **settings)
        grid = round_up(crop, model.multiple)
        shapes = model.to("meta")  # shapes alone, at no cost
        assert shapes(torch.empty(1, CHANNELS, *grid, device="meta")).shape == (1, CLASSES, *grid)
        assert all(wide < 2 * own for wide, own in zip(grid, crop, strict=True))


@pytest.mark.parametrize("name", CONFIG["experiments"])
def test_crop_lies_within_the_prepared_case(name: str) -> None:
    """Where a dataset is cropped, a protocol takes no more than that."""
    experiment = CONFIG["experiments"][name]
    prepared = (CONFIG["datasets"][experiment["dataset"]].get("crop") or {}).get("size")
    if prepared is not None:
        crop = CONFIG["protocols"][experiment["protocol"]]["patch_size"]
        assert len(crop) == len(prepared)
        assert all(part <= whole for part, whole in zip(crop, prepared, strict=True))
