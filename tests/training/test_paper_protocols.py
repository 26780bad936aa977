"""Every paper's protocol, as config has it, trains for two epochs on a tiny phantom; only size and cases differ."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from softbench import InputError, store
from softbench.datasets import phantoms
from softbench.plan.config import read
from softbench.soft_labels import blur, epd, ls, superpixel, svls
from softbench.training import cached_data, loop
from softbench.training.protocol import Protocol

CONFIG = read(Path(__file__).parents[2]).values
THIRD = {"name": "unet3d", "widths": [8, 16]}
CITED = {  # as the superpixel paper's, three levels of it
    "name": "monai", "network": "DynUNet", "filters": [8, 16, 16], "kernel_size": [[1, 3, 3], [3, 3, 3], [3, 3, 3]],
    "strides": [[1, 1, 1], [1, 2, 2], [2, 2, 2]], "upsample_kernel_size": [[1, 2, 2], [2, 2, 2]],
}  # fmt: skip
FLAT = {"name": "compact_unet", "widths": [8, 16]}
PAPERS = {  # protocol -> phantom, network in small, recipe, loss, crop
    "svls": ("phantom_kidney", THIRD, svls, "ce", [16, 16, 16]),
    "svls_code": ("phantom_brain", THIRD, ls, "ce", [16, 16, 16]),
    "geols": ("phantom_abdomen", THIRD, svls, "ce", [16, 16, 16]),
    "superpixel_mri": ("phantom_brain", CITED, superpixel, "ce(hard) + dice(hard) + kl", [16, 16, 16]),
    "superpixel_oct": ("phantom_retina", FLAT, blur, "wce", [32, 32]),
    "epd": ("phantom_body", FLAT, epd, "learned(l1 + soft_dice)", [64, 64]),
    "epd_augmented": ("phantom_body", FLAT, epd, "learned(l1 + soft_dice)", [64, 64]),
}


def test_every_protocol_of_a_paper_is_here() -> None:
    """A protocol that differs in its crop, and what fits it, alone is that of other data."""
    kept = {
        name: {key: value for key, value in protocol.items() if key != "patch_size"}
        for name, protocol in CONFIG["protocols"].items()
        if not name.startswith(("demo_", "field_", "hippocampus", "chase_db1"))
    }
    assert set(PAPERS) <= set(kept)
    assert all(any(kept[name] == kept[paper] for paper in PAPERS) for name in kept)


@pytest.mark.parametrize("name", PAPERS)
def test_paper_protocol_trains_for_two_epochs(name: str, tmp_path: Path) -> None:
    phantom, network, recipe, loss, crop = PAPERS[name]
    protocol = Protocol(**{key: value for key, value in CONFIG["protocols"][name].items() if key != "coarse_batch"})
    cases = [phantoms.make(phantom, f"{phantom}_{n:03d}", 0, size="tiny") for n in range(2 * protocol.batch + 4)]
    length = {"steps": 40, "plateau_epoch_steps": 20} if protocol.steps else {"epochs": 2}
    tiny = replace(protocol, **length, patch_size=crop, inference_patch=crop if protocol.inference_patch else None)
    targets, classes = [], len(cases[0].truth)
    for case in cases:
        image = np.asarray(case.images)
        settings = {"normalise": "sum", "count": 50} if recipe is superpixel else {"factor": 1} if recipe is epd else {}
        soft = recipe.soften(case.labels[:1], image, case.spacing_mm, classes=classes, **settings)
        targets.append((store.encode(soft)[None], case.labels[:1]))
    data = cached_data.load(cases, targets, tiny.patch_size, torch.device("cpu"))
    model, history = loop.train(
        data, cases[:2], network=network, loss=loss, protocol=tiny, classes=classes, seed=0, folder=tmp_path, key="k",
        targets=dict(zip((case.id for case in cases), targets, strict=True)).__getitem__, log=lambda line: None,
    )  # fmt: skip
    epochs = [row for row in history if "val_dsc" in row]
    assert len(epochs) == 2
    assert history[-1]["loss"] < history[0]["loss"]
    assert all(torch.isfinite(p).all() for p in model.parameters())


def test_lowest_loss_without_targets_is_refused(tmp_path: Path) -> None:
    protocol = Protocol(batch=1, patch_size=[8, 8, 8], learning_rate=1e-3, steps=1, select="lowest_loss")
    with pytest.raises(InputError, match=r"`select: lowest_loss` needs `targets`"):
        loop.train(
            None, [], network=THIRD, loss="ce", protocol=protocol, classes=2, seed=0, folder=tmp_path, key="k"
        )  # fmt: skip
