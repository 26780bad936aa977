"""The default compactness of superpixels is what its benchmark chooses, and the benchmark measures what it says."""

import importlib
from types import ModuleType

import numpy as np
import pytest
from softbench.soft_labels import superpixel


@pytest.fixture(scope="module")
def benchmark(root) -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(root / "benchmarks")  # as for a script: its neighbours are found
        return importlib.import_module("compactness")


def test_default_has_the_best_recall_of_the_values_that_hold_the_number_on_oct(benchmark: ModuleType) -> None:
    scans = [benchmark.b_scan(noise) for noise in benchmark.NOISE]
    pairs = [(scan, count) for scan in scans for count in (500, 3500)]
    results = {value: [benchmark.measure(scan, count, value) for scan, count in pairs] for value in benchmark.GRID}
    holding = {value: np.mean([one.recall for one in of]) for value, of in results.items() if benchmark._holds(of)}
    assert max(holding, key=holding.get) == superpixel.SETTINGS["compactness"]
    assert len(holding) < len(benchmark.GRID)  # smaller values lose the number in noise


@pytest.mark.parametrize(("shift", "recall"), [(0, 1.0), (2, 1.0), (3, 0.5), (4, 0.0)])
def test_boundary_within_two_voxels_is_recalled(benchmark: ModuleType, shift: int, recall: float) -> None:
    labels, segments = np.zeros((5, 20), int), np.zeros((5, 20), int)
    labels[:, 10:] = 1  # its boundary: columns 9 and 10
    segments[:, 10 + shift :] = 1  # 9 + shift and 10 + shift
    assert benchmark.boundary_recall(segments, labels) == recall


def test_segments_without_a_boundary_recall_nothing_and_labels_without_one_are_unknown(benchmark: ModuleType) -> None:
    labels = np.zeros((4, 6), int)
    halves = labels.copy()
    halves[:, 3:] = 1
    assert benchmark.boundary_recall(labels, halves) == 0
    assert np.isnan(benchmark.boundary_recall(halves, labels))


def test_thick_slices_are_the_mean_of_thin_ones(benchmark: ModuleType) -> None:
    image = np.arange(7.0).reshape(1, 7, 1, 1)
    case = benchmark.thick(benchmark.Case("a", image, np.arange(7).reshape(7, 1, 1), (1, 1, 1)), 3)
    assert case.image.ravel().tolist() == [1, 4]
    assert case.labels.ravel().tolist() == [1, 4]
    assert case.spacing_mm == (3, 1, 1)
