"""What the papers print of training and soft labels stands in config as printed."""

from pathlib import Path

import pytest
from softbench.plan.config import read

CONFIG = read(Path(__file__).parents[3]).values
ADAM = {"optimiser": "adam", "learning_rate": 1e-4, "weight_decay": 1e-4, "schedule": "constant"}
AUGMENTATIONS = (
    "flips",
    "transposes",
    "quarter_turns",
    "rotate_deg",
    "zoom",
    "blur_sigma",
    "intensity_scale",
    "intensity_shift",
)
# protocol: what its paper prints of it (EPD's weight decay is AdamW's default)
# SVLS Sec. 3.2, GeoLS Sec. 3.2, superpixel Sec. 3, EPD Sec. III-D
PRINTED = {
    "svls": ADAM | {"patch_size": [128, 192, 192]},
    "svls_kits2019": ADAM | {"patch_size": [80, 160, 160]},
    "svls_prostatex": ADAM | {"patch_size": [24, 320, 320]},
    "svls_lidc": ADAM | {"patch_size": [90, 90, 90]},
    "geols": ADAM | {"patch_size": [128, 192, 192], "epochs": 200, "batch": 4, "select": "best"},
    "geols_flare2021": ADAM | {"patch_size": [112, 160, 208], "epochs": 200, "batch": 4, "select": "best"},
    "superpixel_mri": {"optimiser": "adam", "learning_rate": 3e-4, "weight_decay": 1e-5, "batch": 2, "patience": 20},
    "superpixel_oct": {"optimiser": "adam", "learning_rate": 3e-4, "weight_decay": 1e-5, "batch": 16, "patience": 20},
    "epd": {
        "optimiser": "adamw",
        "learning_rate": 1e-3,
        "weight_decay": 1e-2,
        "schedule": "constant",
        "epochs": 100,
        "batch": 16,
    },
    "epd_augmented": {"flips": ["W"], "epochs": 100, "batch": 16, "coarse_batch": 96},
}
SOFT_LABELS = {  # SVLS Eq. 1 and Sec. 2, GeoLS Sec. 3.2, EPD Sec. II-B
    "ls": {"alpha": 0.1},
    "ls_02": {"alpha": 0.2},
    "ls_03": {"alpha": 0.3},
    "svls": {"sigma": 1.0},
    "msvls": {"sigma": 1.0},
    "geols": {"alpha": 0.1},
    "epd_2": {"factor": 2},
    "epd_4": {"factor": 4},
    "epd_8": {"factor": 8},
}
DATASETS = {  # SVLS Sec. 3.1, GeoLS Sec. 3.1
    "brats2019_svls": {"crop": {"size": [128, 192, 192], "at": "centre"}},
    "kits2019_svls": {"spacing_mm": [3.22, 1.62, 1.62], "crop": {"size": [80, 160, 160], "at": "centre"}},
    "prostatex_zones": {"spacing_mm": [3.0, 0.5, 0.5], "crop": {"size": [24, 320, 320], "at": "centre"}},
    "lidc": {"spacing_mm": [1.0, 1.0, 1.0], "crop": {"size": [90, 90, 90], "at": "foreground"}},
    "flare2021": {"spacing_mm": [2.5, 2.0, 2.0], "crop": {"size": [112, 160, 208], "at": "centre"}},
}


@pytest.mark.parametrize(
    ("part", "name", "printed"),
    [
        (part, name, printed)
        for part, of_part in {"protocols": PRINTED, "soft_labels": SOFT_LABELS, "datasets": DATASETS}.items()
        for name, printed in of_part.items()
    ],
)
def test_config_has_what_is_printed(part, name, printed) -> None:
    found = CONFIG[part][name]
    assert {key: found[key] for key in printed} == printed


def test_weight_of_the_soft_label_term_is_the_best_of_the_papers_sweep() -> None:
    assert CONFIG["methods"]["superpixel"]["loss"].endswith("+ 1.0*kl")


@pytest.mark.parametrize("name", ["superpixel_mri", "superpixel_oct"])
def test_superpixel_protocols_augment_nothing(name) -> None:
    assert not [key for key in AUGMENTATIONS if CONFIG["protocols"][name].get(key)]
