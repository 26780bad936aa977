"""Reference outputs of other libraries, made once: `tests/oracles/metrics/README.md` says with which versions.

Where a library is known to be wrong, or to mean something else, it is no oracle: MONAI's HD95 of a missed structure
is NaN, DeepMind's of two empty masks inf, pymia's volume similarity of them -inf.
"""

import math
from pathlib import Path

import numpy as np
import pytest
from softbench import metrics

ORACLES = Path(__file__).parents[1] / "oracles" / "metrics"
MASK_CASES = ("A_anisotropic", "C1_single_voxel_2apart", "C2_single_voxel_identical", "C3_single_voxel_corners")
EXACT = {
    "dsc": "medpy.dc", "iou": "medpy.jc", "precision": "medpy.precision", "sensitivity": "medpy.sensitivity",
    "specificity": "medpy.specificity", "vs": "pymia.vs", "hd95_pooled": "medpy.hd95", "asd": "medpy.asd",
    "assd": "medpy.assd", "nsd": "deepmind.nsd", "nsd_voxel": "metricsreloaded.nsd", "sd_svls": "svls.surface_dice_3D",
}  # fmt: skip
MEDPY_FREE = {key: oracle for key, oracle in EXACT.items() if key not in ("hd95_pooled", "asd", "assd")}
CALIBRATION = {
    "ece": "um.ece10", "cwece": "um.sce10", "ace": "um.ace10", "tace": "um.tace10_th0.001",
    "ace_netcal": "netcal.ace10", "mce": "netcal.mce10", "brier": "def.brier_sum", "nll": "def.nll",
}  # fmt: skip


def load(case: str) -> dict[str, np.ndarray]:
    """All arrays of an oracle file."""
    with np.load(ORACLES / f"{case}.npz") as file:
        return dict(file)


def of_masks(case: str) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Our measures of an oracle's masks, and the oracle."""
    oracle = load(case)
    return metrics.binary(oracle["in_pred"], oracle["in_ref"], oracle["in_spacing"], float(oracle["in_tol"])), oracle


@pytest.mark.parametrize("case", [*MASK_CASES, "C4_full_volume"])
def test_masks_measure_as_in_every_library(case):
    found, oracle = of_masks(case)
    for key, name in EXACT.items():
        assert found[key] == pytest.approx(float(oracle[f"out_{name}"]), abs=1e-9, nan_ok=True), key
    _, assd, hd95, masd = oracle["out_metricsreloaded.hd_assd_hd95_masd"]
    assert [found["assd"], found["hd95"], found["masd"]] == pytest.approx([assd, hd95, masd], abs=1e-9)
    for key, name in {"hd95": "monai.hd95", "nsd": "monai.nsd_subvoxel", "iou": "monai.iou"}.items():
        assert found[key] == pytest.approx(float(oracle[f"out_{name}"]), rel=1e-5), key


@pytest.mark.parametrize("case", ["B1_empty_pred", "B2_empty_ref"])
def test_overlap_with_one_empty_mask_is_as_in_every_library(case):
    found, oracle = of_masks(case)
    for key, name in MEDPY_FREE.items():
        assert found[key] == pytest.approx(float(oracle[f"out_{name}"]), abs=1e-12, nan_ok=True), key
    assert all(found[key] == math.inf for key in ("hd95", "hd95_pooled", "asd", "assd", "masd"))
    assert math.isnan(oracle["out_monai.hd95"])  # MONAI drops the miss from its mean: not reproduced
    assert oracle["out_monai.hd"] == oracle["out_monai.assd"] == math.inf


def test_two_empty_masks_are_unknown():
    found, oracle = of_masks("B3_both_empty")
    for key, name in {"dsc": "medpy.dc", "nsd": "deepmind.nsd", "hd95": "monai.hd95", "assd": "monai.assd"}.items():
        assert math.isnan(found[key])
        assert math.isnan(oracle[f"out_{name}"])
    assert found["specificity"] == oracle["out_medpy.specificity"] == 1
    assert found["sd_svls"] == oracle["out_svls.surface_dice_3D"] == 0


@pytest.mark.parametrize("structure", ["l1", "l2", "l3", "WT", "TC", "ET"])
def test_structures_measure_as_in_every_library(structure):
    oracle = load("D_multiclass_prob")
    members = {"WT": [1, 2, 3], "TC": [1, 3], "ET": [3]}.get(structure) or [int(structure[1:])]
    masks = np.isin(oracle["in_prob"].argmax(axis=0), members), np.isin(oracle["in_ref"], members)
    found = metrics.binary(*masks, oracle["in_spacing"], 2.0)
    for key, name in EXACT.items():
        assert found[key] == pytest.approx(float(oracle[f"out_{structure}:{name}"]), abs=1e-9), key
    _, assd, hd95, masd = oracle[f"out_{structure}:metricsreloaded.hd_assd_hd95_masd"]
    assert [found["assd"], found["hd95"], found["masd"]] == pytest.approx([assd, hd95, masd], abs=1e-6)


@pytest.mark.parametrize(("roi", "suffix"), [("all", "all"), ("foreground", "fg")])
def test_probabilities_measure_as_in_every_library(roi, suffix):
    oracle = load("D_multiclass_prob")
    found = metrics.calibration(oracle["in_prob"], oracle["in_ref"], roi=roi)
    for key, name in CALIBRATION.items():
        assert found[key] == pytest.approx(float(oracle[f"out_{name}.{suffix}"]), abs=1e-9), key
    for key, name in {"cwece": "metricsreloaded.cwece10", "ece": "netcal.ece10"}.items():
        assert found[key] == pytest.approx(float(oracle[f"out_{name}.{suffix}"]), abs=1e-9), key


def test_classwise_error_is_the_mean_of_monais_classes():
    oracle = load("D_multiclass_prob")
    found = metrics.calibration(oracle["in_prob"], oracle["in_ref"])["cwece"]
    assert found == pytest.approx(oracle["out_monai.calib_expected10_perclass"].mean(), rel=2e-3)  # float32 sums


@pytest.mark.parametrize("case", ["D_multiclass_prob", "D2_saturated_two_fg_labels"])
def test_ece_of_the_foreground_is_that_of_the_svls_authors(case):
    oracle = load(case)
    found = metrics.calibration(oracle["in_prob"], oracle["in_ref"], roi="foreground")
    assert found["ece"] == pytest.approx(float(oracle["out_svls.ece10_fg"]), abs=1e-7)  # theirs is float32
    diagram = metrics.reliability(oracle["in_prob"], oracle["in_ref"], roi="foreground")
    assert diagram.counts.tolist() == oracle["out_svls.ece10_fg.count"].tolist()


def test_tace_svls_is_that_of_the_svls_authors():
    oracle = load("D_multiclass_prob")
    found = metrics.calibration(oracle["in_prob"], oracle["in_ref"])["tace_svls"]
    assert found == pytest.approx(float(oracle["out_svls.tace10_th0.001"]), abs=1e-7)  # theirs is float32
    with_ties = load("D2_saturated_two_fg_labels")
    found = metrics.calibration(with_ties["in_prob"], with_ties["in_ref"])["tace_svls"]
    assert found == pytest.approx(float(with_ties["out_svls.tace10_th0.001"]), rel=0.01)  # ties are cut differently


@pytest.mark.parametrize(("roi", "suffix"), [("all", "all"), ("foreground", "fg")])
def test_saturated_probabilities_measure_as_where_libraries_agree(roi, suffix):
    oracle = load("D2_saturated_two_fg_labels")
    found = metrics.calibration(oracle["in_prob"], oracle["in_ref"], roi=roi)
    for key in ("tace", "brier", "nll"):
        assert found[key] == pytest.approx(float(oracle[f"out_{CALIBRATION[key]}.{suffix}"]), abs=1e-9), key
    assert found["cwece"] == pytest.approx(classwise_by_definition(oracle, roi), abs=1e-12)
    # exact zeros fall out of the other library's classwise bins, and take their voxels with them: not reproduced
    assert abs(found["cwece"] - float(oracle[f"out_um.sce10.{suffix}"])) > 0.1


def classwise_by_definition(oracle: dict[str, np.ndarray], roi: str) -> float:
    """Mean over classes of the sum over bins (low, high] of |sum y - sum p| / N; 0 belongs to the first bin."""
    inside = oracle["in_ref"] > 0 if roi == "foreground" else np.ones(oracle["in_ref"].shape, bool)
    p, y, edges = oracle["in_prob"][:, inside].astype(float), oracle["in_ref"][inside], np.linspace(0, 1, 11)
    gaps = 0.0
    for class_id in range(len(p)):
        for low, high in zip([-1, *edges[1:-1]], edges[1:], strict=True):
            voxels = (p[class_id] > low) & (p[class_id] <= high)
            gaps += abs((y[voxels] == class_id).sum() - p[class_id][voxels].sum())
    return gaps / y.size / len(p)
