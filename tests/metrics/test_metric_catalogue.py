"""The register of metrics."""

import math
import subprocess
import sys

import numpy as np
import pytest
from softbench import InputError, metrics
from softbench.metrics import catalogue, cross_check
from softbench.metrics.soft import soft
from softbench.metrics.threshold import hard_at_best_threshold


def scored() -> tuple[np.ndarray, np.ndarray]:
    """A small case of two classes."""
    reference = np.zeros((6, 8, 8), int)
    reference[2:4, 2:6, 2:6] = 1
    p = np.where(reference == 1, 0.9, 0.2)
    return np.stack([1 - p, p]), reference


def test_every_key_that_is_written_is_registered():
    p, reference = scored()
    written = set(metrics.binary(p[1] > 0.5, reference == 1, (1, 1, 1))) | set(metrics.calibration(p, reference))
    scores = metrics.score_case(p, reference[None], (1, 1, 1), {"one": [1]}, tolerances_mm=(0.5, 1, 2.0))
    for key in written | set(scores["metric"]):
        assert catalogue.describe(key).key == key
    assert written <= set(catalogue.CATALOGUE)


def test_every_soft_measure_is_registered():
    p, _ = scored()
    assert set(soft(p[1], p[1])) <= set(catalogue.CATALOGUE)


def test_every_thresholded_measure_has_its_keys():
    p, reference = scored()
    written = hard_at_best_threshold(p[1], reference == 1)
    assert set(written) == set(catalogue.THRESHOLDED)


def test_every_cross_check_is_described():
    p, reference = scored()
    masks = cross_check.binary(p[1] > 0.5, reference == 1, (1, 1, 1), (1.5,), libraries=("medpy",)).values
    calibration = cross_check.calibration(p, reference, libraries=("netcal",)).values
    assert {"hd95_pooled@medpy", "ece@netcal"} <= set(masks | calibration)
    for key in masks | calibration:
        assert catalogue.describe(key).key == key
    assert tuple(catalogue.LIBRARIES) == cross_check.LIBRARIES


@pytest.mark.parametrize(
    "key", [*catalogue.CATALOGUE, "nsd_2mm", "dsc_at_val", "threshold_at_test_global", "nsd_2mm@monai"]
)
def test_every_entry_says_what_it_is(key):
    metric = catalogue.describe(key)
    assert metric.key == key
    assert metric.better in ("higher", "lower", "neither")
    assert metric.range[0] < metric.range[1]
    assert all((metric.name, metric.unit, metric.definition, metric.empty_case, metric.source))


def test_signed_difference_has_no_better_direction():
    assert catalogue.describe("rd").better == "neither"
    assert catalogue.describe("rd").range == (-1.0, math.inf)  # nothing predicted: (0 - s) / s


def test_values_lie_in_the_registered_range():
    p, reference = scored()
    values = metrics.binary(np.roll(p[1] > 0.5, 2, axis=2), reference == 1, (1, 1, 1)) | metrics.calibration(
        p, reference
    )
    for key, value in values.items():
        low, high = catalogue.describe(key).range
        assert math.isnan(value) or low <= value <= high


@pytest.mark.parametrize(("tolerance", "key"), [(2, "nsd_2mm"), (1.0, "nsd_1mm"), (1.5, "nsd_1.5mm"), (10, "nsd_10mm")])
def test_key_carries_its_tolerance(tolerance, key):
    assert catalogue.nsd_key(tolerance) == key
    found = catalogue.describe(key)
    assert found.name == f"NSD at {tolerance:g} mm"
    assert f"{tolerance:g} mm" in found.definition
    assert (found.better, found.range) == ("higher", (0.0, 1.0))


@pytest.mark.parametrize(("base", "name"), [("nsd", "NSD"), ("nsd_voxel", "NSD (voxels)"), ("sd_svls", "SD (SVLS)")])
def test_every_share_of_a_surface_takes_a_tolerance(base, name):
    key = catalogue.with_tolerance(base, 1.5)
    assert key == f"{base}_1.5mm"
    assert catalogue.describe(key).name == f"{name} at 1.5 mm"
    assert "1.5 mm" in catalogue.describe(key).definition
    assert catalogue.describe(key).source == catalogue.describe(base).source


@pytest.mark.parametrize(("key", "tolerance"), [("hd95", 2), ("nsd", 0), ("nsd", math.inf)])
def test_key_without_tolerance_and_tolerance_without_length_are_refused(key, tolerance):
    with pytest.raises(InputError, match=r"`key` must be one of|`tolerance_mm` must be a positive number"):
        catalogue.with_tolerance(key, tolerance)


def test_threshold_key_says_who_chose_it_and_for_whom():
    keys = {
        catalogue.at_threshold("dsc", chosen_on, one_for_all=one): chosen_on
        for chosen_on in ("val", "test")
        for one in (False, True)
    }
    assert list(keys) == ["dsc_at_val", "dsc_at_val_global", "dsc_at_test", "dsc_at_test_global"]
    for key, chosen_on in keys.items():
        found, base = catalogue.describe(key), catalogue.describe("dsc")
        assert (found.unit, found.better, found.range) == (base.unit, base.better, base.range)
        assert base.definition in found.definition
        assert ("optimistic" in found.definition) == (chosen_on == "test")
        assert ("one t for all classes" in found.definition) == key.endswith("_global")
    assert catalogue.describe("dsc_at_val").name == "DSC (threshold from validation)"
    assert len({catalogue.describe(key).name for key in keys}) == 4


def test_threshold_itself_is_neither_better_high_nor_low():
    found = catalogue.describe(catalogue.at_threshold("threshold", "val"))
    assert (found.key, found.name, found.better) == ("threshold_at_val", "threshold from validation", "neither")


@pytest.mark.parametrize(("key", "chosen_on"), [("hd95", "val"), ("dsc", "train")])
def test_threshold_key_of_something_else_is_refused(key, chosen_on):
    with pytest.raises(InputError, match=r"must be one of (dsc, iou|val, test)"):
        catalogue.at_threshold(key, chosen_on)


@pytest.mark.parametrize(
    ("base", "library", "name"),
    [("hd95", "monai", "HD95 (MONAI)"), ("nsd_2mm", "monai", "NSD at 2 mm (MONAI)"), ("ece", "netcal", "ECE (netcal)")],
)
def test_number_of_a_library_is_our_entry_under_its_name(base, library, name):
    found, ours = catalogue.describe(catalogue.by_library(base, library)), catalogue.describe(base)
    assert (found.key, found.name) == (f"{base}@{library}", name)
    assert (found.unit, found.better, found.definition) == (ours.unit, ours.better, ours.definition)
    assert catalogue.LIBRARIES[library] in found.source


def test_unknown_library_is_refused():
    with pytest.raises(InputError, match="`library` must be one of medpy, monai, netcal"):
        catalogue.by_library("hd95", "scipy")


UNKNOWN = [
    "nsd_mm",
    "nsd_2",
    "hd96",
    "nsd_2mm ",
    "hd95_2mm",
    "hd95_at_val",
    "dsc_at_train",
    "dsc_at_val_all",
    "threshold",
]


@pytest.mark.parametrize("key", [*UNKNOWN, "hd95@", "@monai", "hd95@scipy", "hd96@monai", "dsc_at_val@monai"])
def test_unknown_key_lists_the_known_ones(key):
    with pytest.raises(
        InputError, match=r"is unknown. Known: dsc, .*hd95, .*<tolerance>mm; .*_global; .*_all_cases; <key>@"
    ):
        catalogue.describe(key)


def test_import_takes_no_heavy_library():
    heavy = "torch monai medpy netcal jinja2 skimage"
    code = f"import sys, softbench.metrics; print([m for m in '{heavy}'.split() if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
