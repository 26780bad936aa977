"""Reference outputs of other libraries, made once: `tests/oracles/metrics/README.md` says with which versions.

Every output of every library that measures masks is either one of ours under another name (`of_masks`), or listed as
something else (`NOT_OURS`), or listed as a value that we do not reproduce (`DEPARTURES`).
"""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from softbench import metrics
from softbench.metrics import surface

ORACLES = Path(__file__).parents[1] / "oracles" / "metrics"
MASK_CASES = (
    "A_anisotropic", "B1_empty_pred", "B2_empty_ref", "B3_both_empty",
    "C1_single_voxel_2apart", "C2_single_voxel_identical", "C3_single_voxel_corners", "C4_full_volume",
)  # fmt: skip
STRUCTURES = {"l1": [1], "l2": [2], "l3": [3], "WT": [1, 2, 3], "TC": [1, 3], "ET": [3]}
RELOADED = "metricsreloaded.hd_assd_hd95_masd"
NOT_OURS = {
    "medpy.ravd": "signed, and of volumes alone",
    "medpy.hd95_conn2": "surface of 26 neighbours", "medpy.assd_conn2": "surface of 26 neighbours",
    "medpy.obj_assd": "object by object",
    "deepmind.hd95": "weighs by area and does not interpolate",
}  # fmt: skip
INF, NAN = math.inf, math.nan
ONE_EMPTY = {  # ours is inf: an empty mask is infinitely far away, and must not drop out of a mean
    "monai.hd95": NAN, "monai.hd95_directed": NAN, "mrbrains18.hd95": NAN,
    **{f"metricsreloaded.{key}": NAN for key in ("hd", "assd", "hd95", "masd")},
}  # fmt: skip
DEPARTURES = {
    "B1_empty_pred": ONE_EMPTY,
    "B2_empty_ref": {**ONE_EMPTY, "monai.dice": NAN, "monai.iou": NAN},
    "B3_both_empty": {  # ours are NaN: nothing was asked, so nothing was right
        "medpy.jc": 1, "monai.dice_ignore_empty_False": 1, "pymia.vs": -INF, "deepmind.hd100": INF,
        "metricsreloaded.dsc": 1, "metricsreloaded.nsd": 1,
        **{f"metricsreloaded.{key}": 0 for key in ("hd", "assd", "hd95", "masd")},
    },
}  # fmt: skip
CALIBRATION = {
    "ece": "um.ece10", "cwece": "um.sce10", "ace": "um.ace10", "tace": "um.tace10_th0.001",
    "ace_netcal": "netcal.ace10", "mce": "netcal.mce10", "brier": "def.brier_sum", "nll": "def.nll",
}  # fmt: skip


def load(case: str) -> dict[str, np.ndarray]:
    """All arrays of an oracle file."""
    with np.load(ORACLES / f"{case}.npz") as file:
        return dict(file)


def of_library(oracle: dict[str, np.ndarray], prefix: str = "out_") -> dict[str, float]:
    """The libraries' numbers by name; those of several values get a name each."""
    values = {key.removeprefix(prefix): array for key, array in oracle.items() if key.startswith(prefix)}
    vectors = {
        RELOADED: [f"metricsreloaded.{key}" for key in ("hd", "assd", "hd95", "masd")],
        "deepmind.overlap_gt_pred": ["deepmind.overlap_gt", "deepmind.overlap_pred"],
        "deepmind.asd_gt2pred_pred2gt": ["deepmind.asd_gt2pred", "deepmind.asd_pred2gt"],
        "deepmind.surface_area_gt_pred": ["deepmind.area_gt", "deepmind.area_pred"],
    }
    flat = {name: float(n) for key, names in vectors.items() for name, n in zip(names, values.pop(key), strict=True)}
    return {**flat, **{key: float(array) for key, array in values.items()}}


def of_masks(prediction: np.ndarray, reference: np.ndarray, spacing: np.ndarray, tolerance: float) -> dict[str, float]:
    """Our numbers under the libraries' names."""
    found = metrics.binary(prediction, reference, spacing, tolerance)
    swapped = metrics.binary(reference, prediction, spacing, tolerance)
    sides = surface.between(prediction, reference, tuple(spacing.tolist()))
    unknown = NAN if not (prediction.any() or reference.any()) else INF
    both = prediction.any() and reference.any()
    hd = float(max(sides.prediction.voxels_mm.max(), sides.reference.voxels_mm.max())) if both else unknown
    return {
        "medpy.dc": found["dsc"], "medpy.jc": found["iou"], "medpy.precision": found["precision"],
        "medpy.recall": found["sensitivity"], "medpy.sensitivity": found["sensitivity"],
        "medpy.specificity": found["specificity"], "medpy.hd": hd, "medpy.hd95": found["hd95_pooled"],
        "medpy.asd": found["asd"], "medpy.assd": found["assd"], "medpy.asd_ref_to_pred": swapped["asd"],
        "monai.dice": found["dsc"], "monai.dice_ignore_empty_False": found["dsc"], "monai.iou": found["iou"],
        "monai.hd": hd, "monai.hd95": found["hd95"], "monai.asd": found["asd"], "monai.assd": found["assd"],
        "monai.hd95_directed": float(np.percentile(sides.prediction.voxels_mm, 95)) if both else unknown,
        "monai.nsd": found["nsd_voxel"], "monai.nsd_subvoxel": found["nsd"],
        "deepmind.nsd": found["nsd"], "deepmind.dice": found["dsc"], "svls.surface_dice_3D": found["sd_svls"],
        "metricsreloaded.dsc": found["dsc"], "metricsreloaded.nsd": found["nsd_voxel"], "metricsreloaded.hd": hd,
        "metricsreloaded.assd": found["assd"], "metricsreloaded.hd95": found["hd95"],
        "metricsreloaded.masd": found["masd"], "pymia.vs": found["vs"], "mrbrains18.vs": found["vs"],
        "mrbrains18.hd95": surface.hd95_in_plane(prediction, reference, spacing.tolist()),
        **of_surfels(sides.reference, "gt", "gt2pred"),
        **of_surfels(sides.prediction, "pred", "pred2gt"),
        "deepmind.hd100": float(max(sides.prediction.surfels_mm.max(), sides.reference.surfels_mm.max()))
        if both else unknown,
    }  # fmt: skip


def of_surfels(side: surface.Side, name: str, direction: str) -> dict[str, float]:
    """DeepMind's numbers of one side, by arithmetic on our surfels; of an empty side, NaN."""
    area = float(side.areas.sum())
    within, moment = side.area_within(2.0), float((side.surfels_mm * side.areas).sum())
    shares = {f"deepmind.overlap_{name}": within, f"deepmind.asd_{direction}": moment}
    return {f"deepmind.area_{name}": area, **{key: part / area if area else NAN for key, part in shares.items()}}


def require_equal(found: dict[str, float], theirs: dict[str, float]) -> None:
    """Compare all that both have: MONAI computes in float32, the others in float64."""
    for key in sorted(set(found) & set(theirs)):
        tolerance = {"rel": 1e-5} if key.startswith("monai") else {"abs": 1e-9}
        assert found[key] == pytest.approx(theirs[key], nan_ok=True, **tolerance), key


def of_case(case: str) -> tuple[dict[str, float], dict[str, float], dict[str, str]]:
    """Our numbers of a case, the libraries', and what they raised."""
    oracle = load(case)
    found = of_masks(*(oracle[f"in_{key}"] for key in ("pred", "ref", "spacing")), float(oracle["in_tol"]))
    return found, of_library(oracle), json.loads(str(oracle["errors_json"]))


@pytest.mark.parametrize("case", MASK_CASES)
def test_masks_measure_as_in_every_library(case):
    found, theirs, _ = of_case(case)
    departures = DEPARTURES.get(case, {})
    require_equal({key: value for key, value in found.items() if key not in departures}, theirs)


@pytest.mark.parametrize("case", MASK_CASES)
def test_every_output_of_a_library_has_its_place(case):
    found, theirs, errors = of_case(case)
    assert set(theirs) | set(errors) == set(found) | set(NOT_OURS)


@pytest.mark.parametrize("case", list(DEPARTURES))
def test_values_that_are_not_reproduced_are_those_of_the_library_and_not_ours(case):
    found, theirs, _ = of_case(case)
    for key, value in DEPARTURES[case].items():
        assert theirs[key] == pytest.approx(value, nan_ok=True), key
        assert found[key] != pytest.approx(value, nan_ok=True), key


@pytest.mark.parametrize("structure", list(STRUCTURES))
def test_structures_measure_as_in_every_library(structure):
    oracle = load("D_multiclass_prob")
    masks = [np.isin(oracle[key], STRUCTURES[structure]) for key in ("in_pred", "in_ref")]
    found, theirs = of_masks(*masks, oracle["in_spacing"], 2.0), of_library(oracle, f"out_{structure}:")
    assert set(theirs) == set(found) | set(NOT_OURS)
    require_equal(found, theirs)


@pytest.mark.parametrize("case", ["B1_empty_pred", "B2_empty_ref", "B3_both_empty"])
def test_medpy_raises_where_we_say_how_far_nothing_is(case):
    found, theirs, errors = of_case(case)
    for key in ("hd", "hd95", "asd", "assd", "asd_ref_to_pred"):
        assert f"medpy.{key}" not in theirs
        assert "does not contain any binary object" in errors[f"medpy.{key}"]
        assert not math.isfinite(found[f"medpy.{key}"])


def test_monai_forgets_a_missed_structure_and_we_do_not():
    found, theirs, _ = of_case("B1_empty_pred")
    assert math.isnan(theirs["monai.hd95"])
    assert theirs["monai.hd"] == found["monai.hd95"] == INF


def test_one_pair_of_masks_has_many_hausdorff_distances():
    found, theirs, _ = of_case("A_anisotropic")
    different = [theirs[key] for key in ("medpy.hd95", "monai.hd95", "deepmind.hd95", "mrbrains18.hd95")]
    assert len({round(value, 2) for value in different}) == 4
    assert found["medpy.hd95"] < found["monai.hd95"]


def test_hd95_of_deepmind_is_that_of_our_surfels_by_area():
    oracle = load("A_anisotropic")
    sides = surface.between(oracle["in_pred"], oracle["in_ref"], tuple(oracle["in_spacing"].tolist()))
    by_area = []
    for side in (sides.prediction, sides.reference):
        order = np.argsort(side.surfels_mm)
        share = np.cumsum(side.areas[order]) / side.areas.sum()
        by_area.append(side.surfels_mm[order][np.searchsorted(share, 0.95)])
    assert max(by_area) == pytest.approx(float(oracle["out_deepmind.hd95"]), abs=1e-9)
    assert abs(max(by_area) - surface.DISTANCES[0].compute(sides)) > 1


def test_in_plane_edge_of_a_full_slice_does_not_exist():
    found, theirs, errors = of_case("C4_full_volume")
    assert "mrbrains18.hd95" not in theirs
    assert errors["mrbrains18.hd95"].startswith("ValueError")
    assert math.isnan(found["mrbrains18.hd95"])


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
