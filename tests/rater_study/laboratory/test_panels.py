"""One case and one panel: scores against brute force over all groups of raters, and what nobody drew."""

from itertools import combinations

import numpy as np
import pytest
from softbench import InputError
from softbench.arrays import one_hot
from softbench.datasets.phantoms import lesions
from softbench.datasets.phantoms.annotators import Habits, Population
from softbench.rater_study.laboratory import panels
from softbench.rater_study.trials import Line
from softbench.soft_labels import moh, msvls
from softbench.soft_labels.raters import choose

CLASSES = 3
ONE_HOT = Line("one_hot", "one_hot")
SVLS = Line("svls", "svls", over="sigma", values=(0.5, 1.0), unit="voxels")


def read(habits: Habits, raters: int, case: int = 1) -> panels.Reading:
    _, structures = lesions.anatomy(case, size="tiny")
    people = Population(habits, count=50)
    return panels.read(
        case,
        structures,
        lesions.SIZES["tiny"],
        lesions.SPACING_MM,
        people,
        raters=raters,
        classes=CLASSES,
        band_mm=5.0,
    )


@pytest.fixture(scope="module")
def reading() -> panels.Reading:
    return read(lesions.HABITS, 4)


def brier(soft: np.ndarray, reading: panels.Reading) -> np.ndarray:
    return np.array([((soft[:, reading.band] - known) ** 2).sum(axis=0).mean() for known in reading.references])


def test_mean_labels_are_moh_and_msvls_over_all_groups_of_raters(reading: panels.Reading) -> None:
    found = panels.measure(reading, [ONE_HOT, SVLS])
    assert (found["one_hot"].shape, found["svls"].shape) == ((1, 4, 2), (2, 4, 2))
    how = {"classes": CLASSES, "spacing_mm": reading.spacing_mm, "image": None}
    for number in range(1, 5):
        groups = [reading.labels[list(group)] for group in combinations(range(4), number)]
        of_moh = np.mean([brier(moh.soften(group, **how), reading) for group in groups], axis=0)
        np.testing.assert_allclose(found["one_hot"][0, number - 1], of_moh, rtol=1e-5)
        for trial, sigma in enumerate(SVLS.values):
            of_msvls = np.mean([brier(msvls.soften(group, sigma=sigma, **how), reading) for group in groups], axis=0)
            np.testing.assert_allclose(found["svls"][trial, number - 1], of_msvls, rtol=1e-4)


@pytest.mark.parametrize(("name", "step"), [("majority", 1), ("staple", 4)])
def test_one_label_map_of_raters_in_a_row_is_that_of_the_suite(name: str, step: int, reading: panels.Reading) -> None:
    found = panels.measure(reading, [])[name][0]
    for number in (1, 2, 3, 4):
        starts = range(0, 4 if number < 4 else 1, 1 if number == 1 else step)
        groups = [np.roll(reading.labels, -first, axis=0)[:number] for first in starts]
        maps = [choose(group, name, CLASSES)[0][0] for group in groups]
        expected = np.mean([brier(one_hot(hard, CLASSES), reading) for hard in maps], axis=0)
        np.testing.assert_allclose(found[number - 1], expected, rtol=1e-5)


def test_band_is_that_of_the_truth_and_references_are_distributions(reading: panels.Reading) -> None:
    np.testing.assert_array_equal(reading.band, read({}, 2).band)
    assert 0.1 < reading.band.mean() < 0.9
    np.testing.assert_allclose(reading.references.sum(axis=1), 1, atol=1e-6)
    assert set(np.unique(reading.references[1])) == {0, 1}


def test_one_rater_has_scores_of_one_alone() -> None:
    found = panels.measure(read({"jitter_mm": 0.8}, 1), [ONE_HOT, SVLS])
    assert {name: values.shape[-2] for name, values in found.items() if name != "missed"} == dict.fromkeys(
        ("one_hot", "svls", "majority", "staple"), 1
    )
    np.testing.assert_allclose(found["majority"], found["one_hot"], rtol=1e-6)


def test_structures_that_all_raters_miss_are_counted_and_scored() -> None:
    reading = read({"missed": 1.0, "missed_mm3": 1e12}, 3)
    assert not reading.labels.any()
    found = panels.measure(reading, [ONE_HOT, SVLS])
    assert found["missed"].tolist() == [reading.structures] * 3
    np.testing.assert_allclose(found["one_hot"][..., 0], 0, atol=1e-12)  # the population says the same
    inside = reading.references[1, 0] == 0
    np.testing.assert_allclose(found["one_hot"][..., 1], 2 * inside.mean(), rtol=1e-6)
    assert np.isfinite(found["svls"]).all()


def test_missed_structures_fall_with_the_raters() -> None:
    """Of one rater, the share that raters miss on average; of all, what none of them marks."""
    reading = read({"missed": 0.9, "missed_mm3": 500.0}, 4)
    marked = np.stack([np.bincount(reading.owner[own > 0], minlength=reading.structures) > 0 for own in reading.labels])
    missed = panels.measure(reading, [])["missed"]
    assert missed[0] == pytest.approx((~marked).sum() / 4)
    assert missed[3] == (~marked.any(axis=0)).sum()
    assert (np.diff(missed) <= 0).all()
    pairs = [(~marked[list(pair)].any(axis=0)).sum() for pair in combinations(range(4), 2)]
    assert missed[1] == pytest.approx(np.mean(pairs))


def test_raters_who_agree_make_equal_labels() -> None:
    found = panels.measure(read({}, 3), [ONE_HOT])
    for name in ("one_hot", "majority", "staple"):
        np.testing.assert_allclose(found[name], 0, atol=1e-12)


def test_case_without_structures_stops() -> None:
    with pytest.raises(InputError, match="case 3 has no structure"):
        panels.read(3, [], (4, 4, 4), (1, 1, 1), Population(), raters=2, classes=3, band_mm=5.0)
