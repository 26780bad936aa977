"""The register of metrics."""

import math
import subprocess
import sys

import numpy as np
import pytest
from softbench import InputError, metrics
from softbench.metrics import catalogue


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


def test_every_entry_says_what_it_is():
    for key, metric in catalogue.CATALOGUE.items():
        assert metric.key == key
        assert metric.better in ("higher", "lower", "neither")
        assert metric.range[0] < metric.range[1]
        assert all((metric.name, metric.unit, metric.definition, metric.empty_case, metric.source))


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


@pytest.mark.parametrize("key", ["nsd_mm", "nsd_2", "hd96", "nsd_2mm "])
def test_unknown_key_lists_the_known_ones(key):
    with pytest.raises(InputError, match="hd95"):
        catalogue.describe(key)


def test_import_takes_no_deep_learning_library():
    heavy = "torch monai medpy netcal"
    code = f"import sys, softbench.metrics; print([m for m in '{heavy}'.split() if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
