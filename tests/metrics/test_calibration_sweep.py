"""The compiled sweep against plain numpy that sorts, masks and adds; by counting and by sorting, on awkward maps."""

import math

import numpy as np
import pytest
from softbench import InputError, metrics
from softbench.metrics.calibration import sweep
from softbench.metrics.kernels import blocks

THRESHOLD = 1e-3


def by_definition(p, y, bins) -> dict[str, float]:
    """Return all measures of (C, N) probabilities and (N,) classes, one class and one bin at a time."""
    edges, n = np.linspace(0, 1, bins + 1)[1:-1], y.size
    top, right = p.max(axis=0).astype(np.float64), p.argmax(axis=0) == y
    gaps = np.abs(np.bincount(np.searchsorted(edges, top), right - top, minlength=bins))
    counts = np.bincount(np.searchsorted(edges, top), minlength=bins)
    classwise = squared = 0.0
    for class_id, values in enumerate(p.astype(np.float64)):
        error = values - (y == class_id)
        classwise += np.abs(np.bincount(np.searchsorted(edges, values), error)).sum()
        squared += (error**2).sum()
    truth = np.take_along_axis(p, y[None].astype(int), axis=0)[0].astype(np.float64)
    per_class = [(values, y == class_id) for class_id, values in enumerate(p)]
    above = [(v[v > THRESHOLD], hit[v > THRESHOLD]) for v, hit in per_class]
    return {
        "ece": gaps.sum() / n,
        "mce": (gaps[counts > 0] / counts[counts > 0]).max(),
        "ace_netcal": (gaps[counts > 0] / counts[counts > 0]).mean(),
        "cwece": classwise / n / len(p),
        "brier": squared / n,
        "nll": -np.log(np.maximum(truth, 1e-12)).mean(),
        "ace": mean(shared_ties(*one, bins) for one in per_class),
        "tace": mean(shared_ties(*one, bins) for one in above),
        "tace_svls": mean(cut_ties(*one, bins) for one in above[1:]) / bins,
    }


def shared_ties(p, hit, bins) -> float:
    """Return the mean gap over blocks of equal count; a block begins at the first of equal probabilities."""
    if len(p) < bins:
        return math.nan
    ordered = np.sort(p)
    edges = np.unique(ordered[np.linspace(0, len(p), bins, endpoint=False).round().astype(int)])
    block = np.searchsorted(edges, p, side="right") - 1
    return float(np.abs(np.bincount(block, hit - p.astype(np.float64))).sum() / len(p))


def cut_ties(p, hit, bins) -> float:
    """Return the mean gap over blocks of n // bins voxels in stable order; the last block takes the rest."""
    if len(p) < bins:
        return math.nan
    order = np.argsort(p, kind="stable")
    error = hit[order] - p[order].astype(np.float64)
    return float(np.abs(np.add.reduceat(error, np.arange(bins) * (len(p) // bins))).sum() / len(p))


def mean(values) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan


def random_map(seed, classes=4, shape=(24, 25, 26)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = np.moveaxis(rng.dirichlet([0.3] * classes, shape), -1, 0).astype(np.float32)
    return p, np.where(rng.random(shape) < 0.6, p.argmax(axis=0), rng.integers(0, classes, shape)).astype(np.uint8)


def saturated_map(seed) -> tuple[np.ndarray, np.ndarray]:
    """Return a map of which two thirds are exact 0 and 1, some of them wrong."""
    p, y = random_map(seed)
    certain = np.random.default_rng(seed + 100).random(y.shape) < 2 / 3
    p[:, certain] = p.argmax(axis=0)[certain] == np.arange(4)[:, None]
    return p, y


def tied_map(seed) -> tuple[np.ndarray, np.ndarray]:
    """Return a map of tenths: every value is a bin edge and has many ties."""
    p, y = random_map(seed)
    p = np.round(p[:3] * 10) / np.float32(10)
    rest = 1 - p.sum(axis=0)
    p = np.concatenate([p, rest[None]])
    p[:, rest < 0] = np.array([0.1, 0.2, 0.3, 0.4], np.float32)[:, None]
    return p.astype(np.float32), y


def foreground(p, y):
    return y > 0


def everything(p, y):
    return None


MAPS = {
    "random": random_map(0),
    "saturated": saturated_map(1),
    "ties": tied_map(2),
    "two classes": random_map(3, classes=2),
    "nine voxels": random_map(4, shape=(1, 3, 3)),
    "picture": random_map(5, shape=(90, 70)),
}


@pytest.mark.parametrize("few", [0, 1 << 60], ids=["counting", "sorting"])
@pytest.mark.parametrize("region", [everything, foreground])
@pytest.mark.parametrize("bins", [1, 10, 15])
@pytest.mark.parametrize("name", MAPS)
def test_sweep_is_what_its_definition_gives(name, bins, region, few, monkeypatch):
    monkeypatch.setattr(blocks, "FEW", few)
    p, y = MAPS[name]
    inside = region(p, y)
    found = as_keys(sweep(p, y, inside, bins))
    expected = by_definition(
        *((p.reshape(len(p), -1), y.ravel()) if inside is None else (p[:, inside], y[inside])), bins
    )
    for key, value in expected.items():
        assert found[key] == pytest.approx(value, rel=0, abs=1e-12, nan_ok=True), key


def as_keys(found) -> dict[str, float]:
    sums = found.statistics
    binned = {key: getattr(sums, key) for key in ("ece", "mce", "cwece", "brier", "nll")}
    return binned | {"ace_netcal": sums.mean_gap, **found.gaps._asdict()}


def test_chunks_and_groups_of_bins_change_nothing(monkeypatch):
    monkeypatch.setattr(blocks, "FEW", 0)
    p, y = saturated_map(6)
    expected = as_keys(sweep(p, y, None, 40))
    monkeypatch.setattr("softbench.metrics.kernels.tally.CHUNK", 999)
    monkeypatch.setattr("softbench.metrics.kernels.blocks.TOGETHER", 3)
    monkeypatch.setattr("softbench.metrics.kernels.blocks.ROOM", 2500)
    assert as_keys(sweep(p, y, None, 40)) == pytest.approx(expected, rel=0, abs=1e-13)


@pytest.mark.parametrize("few", [0, 1 << 60], ids=["counting", "sorting"])
@pytest.mark.parametrize("layout", ["channels last", "every second", "big-endian", "float16", "float64"])
def test_layout_and_width_of_the_input_do_not_matter(layout, few, monkeypatch):
    monkeypatch.setattr(blocks, "FEW", few)
    p, y = random_map(7)
    p = p.astype(np.float16).astype(np.float32)
    given = {
        "channels last": lambda: np.moveaxis(np.ascontiguousarray(np.moveaxis(p, 0, -1)), -1, 0),
        "every second": lambda: np.repeat(p, 2, axis=-1)[..., ::2],
        "big-endian": lambda: p.astype(">f4"),
        "float16": lambda: p.astype(np.float16),
        "float64": lambda: p.astype(np.float64),
    }[layout]()
    found, expected = as_keys(sweep(given, y, y < 3, 10)), as_keys(sweep(p, y, y < 3, 10))
    assert found == pytest.approx(expected, rel=0, abs=1e-12)


def test_values_just_outside_the_range_and_negative_zero_are_ordered_as_numbers(monkeypatch):
    monkeypatch.setattr(blocks, "FEW", 0)
    p, y = saturated_map(8)
    p[p == 0] = -0.0
    flat, reference = p.reshape(4, -1), y.ravel()
    assert as_keys(sweep(p, y, None, 10)) == pytest.approx(by_definition(flat, reference, 10), rel=0, abs=1e-12)
    p[:, 0, 0, 0] = [-5e-7, 1 + 5e-7, 0, 0]
    assert as_keys(sweep(p, y, None, 10)) == pytest.approx(by_definition(flat, reference, 10), rel=0, abs=1e-12)


def test_float32_values_fall_into_the_bins_of_exact_edges():
    # 0.7 in float32 is 0.699999988, below the edge 0.7; 0.1 is 0.100000001, above the edge 0.1
    p = np.array([[0.7, 0.1], [0.3, 0.9]], np.float32)[:, None]
    counts = metrics.reliability(p, np.zeros((1, 2), int)).class_counts
    assert np.flatnonzero(counts[0]).tolist() == [1, 6]
    assert np.flatnonzero(counts[1]).tolist() == [3 if np.float32(0.3) > np.linspace(0, 1, 11)[3] else 2, 8]


def test_first_class_wins_a_tie():
    found = sweep(np.full((2, 1, 2), 0.5), np.array([[0, 1]]), None, 10).statistics
    assert found.correct.sum() == 1
    assert sweep(np.full((2, 1, 2), 0.5), np.array([[1, 1]]), None, 10).statistics.correct.sum() == 0


def test_bins_that_are_no_number_are_refused():
    with pytest.raises(InputError, match="whole number"):
        sweep(*random_map(10), None, 0)
