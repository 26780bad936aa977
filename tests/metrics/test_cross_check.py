"""Other libraries beside ours: equal on ordinary masks, each in its own way on empty ones."""

import math
import sys

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from softbench import InputError, metrics
from softbench.metrics import cross_check

MEDPY = ("dsc", "iou", "precision", "sensitivity", "specificity", "hd95_pooled", "asd", "assd")
MONAI = ("dsc", "iou", "hd95", "asd", "assd")


def blobs(seed: int, shape) -> np.ndarray:
    """Random smooth blobs, some of which touch the array's edge."""
    return gaussian_filter(np.random.default_rng(seed).normal(size=shape), 1.5) > 0.03


def random_case(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of four classes, on no edge of a bin, and a reference that follows them in part."""
    rng = np.random.default_rng(seed)
    p = np.moveaxis(rng.dirichlet((0.5,) * 4, (9, 10, 11)), -1, 0).astype(np.float32)
    return p, np.where(rng.random(p.shape[1:]) < 0.7, p.argmax(axis=0), rng.integers(0, 4, p.shape[1:]))


def cube(*places: tuple[int, int, int]) -> np.ndarray:
    mask = np.zeros((6, 6, 6), bool)
    for place in places:
        mask[place] = True
    return mask


@pytest.mark.parametrize(
    ("shape", "spacing"), [((12, 16, 14), (3.0, 0.8, 1.25)), ((20, 24), (0.7, 1.3))], ids=["3-D", "2-D"]
)
@pytest.mark.parametrize("seed", [0, 1])
def test_masks_measure_as_ours(shape, spacing, seed):
    prediction, reference = blobs(seed, shape), blobs(seed + 100, shape)
    values, problems = cross_check.binary(prediction, reference, spacing, (1.0, 1.5))
    ours = {t: metrics.binary(prediction, reference, spacing, t) for t in (1.0, 1.5)}
    assert {key: values[f"{key}@medpy"] for key in MEDPY} == pytest.approx(
        {key: ours[1.0][key] for key in MEDPY}, abs=1e-9
    )
    assert {key: values[f"{key}@monai"] for key in MONAI} == pytest.approx(
        {key: ours[1.0][key] for key in MONAI}, rel=1e-5
    )
    for tolerance, key in ((1.0, "1mm"), (1.5, "1.5mm")):
        assert values[f"nsd_{key}@monai"] == pytest.approx(ours[tolerance]["nsd"], rel=1e-5)
        assert values[f"nsd_voxel_{key}@monai"] == pytest.approx(ours[tolerance]["nsd_voxel"], rel=1e-5)
    assert problems == {}
    assert len(values) == len(MEDPY) + len(MONAI) + 4


@pytest.mark.parametrize("bins", [10, 15])
def test_probabilities_measure_as_ours(bins):
    p, y = random_case(0)
    values, problems = cross_check.calibration(p, y, bins=bins)
    ours = metrics.calibration(p, y, bins=bins)
    netcal = ("ece", "ace_netcal", "mce")
    assert {key: values[f"{key}@netcal"] for key in netcal} == pytest.approx(
        {key: ours[key] for key in netcal}, abs=1e-9
    )
    assert values["cwece@monai"] == pytest.approx(ours["cwece"], rel=1e-5)
    assert problems == {}
    assert len(values) == 4


def test_region_of_two_labels_does_not_stop_netcal():
    p, y = random_case(1)
    y[y == 3] = 0
    values, problems = cross_check.calibration(p, y, y > 0)
    ours = metrics.calibration(p, y, roi="foreground")
    assert values["ece@netcal"] == pytest.approx(ours["ece"], abs=1e-9)
    assert values["cwece@monai"] == pytest.approx(ours["cwece"], rel=1e-5)
    assert problems == {}


def test_empty_region_is_unknown_to_all():
    p, y = random_case(2)
    values, problems = cross_check.calibration(p, y, np.zeros(y.shape, bool))
    assert all(math.isnan(value) for value in values.values())
    assert set(problems) >= {"ece@netcal"}


def test_one_empty_mask_stops_medpy_and_is_dropped_by_monai(recwarn, capfd):
    values, problems = cross_check.binary(cube(), cube((2, 2, 2)), (1, 1, 1))
    distances = ("hd95_pooled@medpy", "asd@medpy", "assd@medpy")
    assert all(math.isnan(values[key]) for key in distances)
    assert all(problems[key].startswith("RuntimeError: ") for key in distances)
    assert set(problems) == set(distances)
    assert values["dsc@medpy"] == values["dsc@monai"] == values["nsd_2mm@monai"] == 0
    assert math.isnan(values["hd95@monai"])
    assert metrics.binary(cube(), cube((2, 2, 2)), (1, 1, 1))["hd95"] == math.inf
    assert values["asd@monai"] == values["assd@monai"] == math.inf
    assert not recwarn.list
    assert capfd.readouterr() == ("", "")


def test_empty_reference_is_unknown_to_monai():
    values, _ = cross_check.binary(cube((2, 2, 2)), cube(), (1, 1, 1))
    assert values["dsc@medpy"] == 0
    assert math.isnan(values["dsc@monai"])
    assert math.isnan(values["iou@monai"])


def test_two_empty_masks_are_unknown():
    values, problems = cross_check.binary(cube(), cube(), (1, 1, 1))
    assert all(math.isnan(values[f"{key}@monai"]) for key in (*MONAI, "nsd_2mm", "nsd_voxel_2mm"))
    assert math.isnan(values["dsc@medpy"])
    assert values["iou@medpy"] == 1  # medpy's own rule; ours is NaN
    assert {"hd95_pooled@medpy", "asd@medpy", "assd@medpy"} <= set(problems)


def test_only_the_libraries_asked_for_answer():
    masks = cube((2, 2, 2)), cube((2, 2, 3))
    assert {key.split("@")[1] for key in cross_check.binary(*masks, (1, 1, 1), libraries=["medpy"]).values} == {"medpy"}
    assert cross_check.binary(*masks, (1, 1, 1), libraries=["netcal"]).values == {}
    assert set(cross_check.calibration(*random_case(3), libraries=["monai", "medpy"]).values) == {"cwece@monai"}


def test_unknown_library_is_named():
    with pytest.raises(InputError, match=r"medpy, monai, netcal.*'pymia'"):
        cross_check.binary(cube(), cube(), (1, 1, 1), libraries=["pymia"])


@pytest.mark.parametrize(
    ("library", "module", "call"),
    [
        ("medpy", "medpy.metric", lambda: cross_check.binary(cube(), cube(), (1, 1, 1), libraries=["medpy"])),
        ("monai", "monai.metrics.calibration", lambda: cross_check.calibration(*random_case(4), libraries=["monai"])),
        ("netcal", "netcal.metrics", lambda: cross_check.calibration(*random_case(4), libraries=["netcal"])),
    ],
)
def test_library_that_is_not_installed_is_named(monkeypatch, library, module, call):
    monkeypatch.setitem(sys.modules, module, None)  # importing it raises ImportError
    with pytest.raises(InputError, match=f"'{library}', which cannot be imported"):
        call()


def test_unfit_input_stops_at_the_door():
    with pytest.raises(InputError, match="one grid"):
        cross_check.binary(cube(), cube()[:5], (1, 1, 1))
    with pytest.raises(InputError, match="tolerances_mm"):
        cross_check.binary(cube(), cube(), (1, 1, 1), (0,))
    p, y = random_case(5)
    with pytest.raises(InputError, match="softmax"):
        cross_check.calibration(p * 9, y)
    with pytest.raises(InputError, match="bins"):
        cross_check.calibration(p, y, bins=0)
