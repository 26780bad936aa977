"""Simulated annotators do what their habits say, measured on balls whose distances are exact."""

import numpy as np
import pytest
from softbench import InputError
from softbench.datasets import phantoms
from softbench.datasets.phantoms import lesions, shapes
from softbench.datasets.phantoms.annotators import (
    Annotator,
    Population,
    Structure,
    class_chances,
    jittered,
    miss_probability,
    true_labels,
)

SPACING = (1.5, 1.0, 1.0)
SHAPE = (24, 40, 40)
VOXEL = float(np.prod(SPACING))
POSITION = shapes.positions(SHAPE, SPACING, (0.3, 0.2, 0.1))


def ball(radius: float, class_id: int = 1, centre: tuple[float, ...] = (0, 0, 0)) -> Structure:
    distance = shapes.ellipsoid(POSITION, centre, [radius] * 3)
    return Structure(class_id, distance, 4 / 3 * np.pi * radius**3)


def radius_of(labels: np.ndarray) -> float:
    """Of a ball of the same volume, mm."""
    return float(((labels > 0).sum() * VOXEL * 3 / 4 / np.pi) ** (1 / 3))


@pytest.mark.parametrize("offset", [-1.5, -0.4, 0.0, 0.4, 1.5])
def test_offset_moves_the_surface_of_a_ball_by_so_many_mm(offset: float) -> None:
    drawn = Annotator(offset_mm=offset).draw([ball(10)], SHAPE, SPACING, np.random.default_rng(0))
    assert radius_of(drawn) - 10 == pytest.approx(offset, abs=0.06)


def test_offset_moves_the_surface_of_an_ellipsoid_along_each_axis() -> None:
    structure = Structure(1, shapes.ellipsoid(POSITION, (0, 0, 0), (12, 8, 6)), 100.0)
    half = []
    for offset in (0.0, 1.0):
        drawn = Annotator(offset_mm=offset).draw([structure], SHAPE, SPACING, np.random.default_rng(0)) > 0
        half.append([np.ptp(np.flatnonzero(drawn.any(axis=axes))) / 2 for axes in ((1, 2), (0, 2), (0, 1))])
    np.testing.assert_allclose(np.subtract(half[1], half[0]) * SPACING, 1.0, atol=0.76)  # half of the largest voxel


def test_jitter_displaces_by_its_standard_deviation_and_correlates_over_its_length() -> None:
    rng, flat = np.random.default_rng(1), np.zeros(SHAPE)
    moves = np.stack([jittered(flat, rng, jitter_mm=0.8, length_mm=4.0, spacing_mm=SPACING) for _ in range(150)])
    assert moves.std(axis=0).mean() == pytest.approx(0.8, rel=0.03)
    apart = (moves[:, :, :, :-4] * moves[:, :, :, 4:]).mean() / moves.var()  # 4 mm: exp(-1/2)
    assert apart == pytest.approx(np.exp(-0.5), abs=0.03)


def test_jitter_of_a_ball_moves_its_radius_along_a_ray_by_as_much() -> None:
    """Along the axis W from the centre, where the distance is exact, in steps of 0.1 mm."""
    fine = (1.0, 1.0, 0.1)
    position = shapes.positions((3, 3, 300), fine, (0, 0, 15))
    structure = Structure(1, shapes.ellipsoid(position, (0, 0, 0), (14, 14, 14)), 1e4)
    person, rng = Annotator(jitter_mm=0.7, jitter_length_mm=2.0), np.random.default_rng(0)
    ends = [(person.draw([structure], (3, 3, 300), fine, rng)[1, 1] > 0).sum() * 0.1 for _ in range(400)]
    assert np.mean(ends) == pytest.approx(14.0, abs=0.12)
    assert np.std(ends) == pytest.approx(0.7, abs=0.08)


def test_share_of_missed_structures_falls_with_volume() -> None:
    small, large = ball(2, centre=(0, -10, 0)), ball(5, centre=(0, 8, 0))
    person, rng = Annotator(missed=0.8, missed_mm3=100.0), np.random.default_rng(0)
    drawn = np.stack([person.draw([small, large], SHAPE, SPACING, rng) > 0 for _ in range(600)])
    for structure, half in ((small, drawn[:, :, :20]), (large, drawn[:, :, 20:])):
        expected = 0.8 * np.exp(-structure.volume_mm3 / 100)
        assert 1 - half.any(axis=(1, 2, 3)).mean() == pytest.approx(expected, abs=0.05)
    assert miss_probability(0.0, missed=0.8, missed_mm3=100.0) == 0.8


def test_share_of_confused_structures_is_that_of_the_habit() -> None:
    pair = [ball(4, 1, (0, -9, 0)), ball(4, 2, (0, 9, 0))]
    person, rng = Annotator(confused=0.3), np.random.default_rng(0)
    drawn = np.stack([person.draw(pair, SHAPE, SPACING, rng) for _ in range(600)])
    first, second = drawn[:, :, :20].max(axis=(1, 2, 3)), drawn[:, :, 20:].max(axis=(1, 2, 3))
    assert (first == 2).mean() == pytest.approx(0.3, abs=0.05)
    assert (second == 1).mean() == pytest.approx(0.3, abs=0.05)
    assert class_chances(3, 4, confused=0.3).tolist() == [0, 0, 0, 1]


def test_person_without_habits_draws_the_truth() -> None:
    pair = [ball(4, 1, (0, -9, 0)), ball(4, 2, (0, 9, 0))]
    truth = true_labels(pair, SHAPE)
    np.testing.assert_array_equal(truth == 1, pair[0].distance_mm > 0)
    np.testing.assert_array_equal(Population().read(0, 3, pair, SHAPE, SPACING), [truth] * 3)
    np.testing.assert_array_equal(Population().probability(pair, SHAPE, 3).argmax(axis=0), truth)


def test_probability_is_the_share_of_many_drawings() -> None:
    """Of 3000 readings by people of the mixed population, in bins of the probability, class by class."""
    shape, spacing = (8, 24, 16), (2.0, 1.0, 1.0)
    position = shapes.positions(shape, spacing, (0, 0, 0))
    pair = [
        Structure(class_id, shapes.ellipsoid(position, (0, where, 0), [radius] * 3), 4 / 3 * np.pi * radius**3)
        for class_id, where, radius in ((1, -5, 2.5), (2, 5, 4.0))
    ]
    people = Population(lesions.HABITS)
    exact = people.probability(pair, shape, 3)
    np.testing.assert_allclose(exact.sum(axis=0), 1, atol=1e-9)
    drawn = np.concatenate([people.read(case, 10, pair, shape, spacing) for case in range(300)])
    for class_id in range(3):
        share = (drawn == class_id).mean(axis=0)
        assert np.abs(share - exact[class_id]).max() < 0.05
        assert np.abs(share - exact[class_id]).mean() < 0.004


def test_probability_of_one_person_is_phi_of_the_distance_over_the_jitter() -> None:
    people = Population({"offset_mm": 0.5, "jitter_mm": 0.8}, count=1)
    structure = ball(6)
    exact = shapes.exceedance(structure.distance_mm + 0.5, 0.8)
    np.testing.assert_allclose(people.probability([structure], SHAPE, 2)[1], exact, atol=1e-4)


def test_probability_of_people_without_jitter_is_their_share_exactly() -> None:
    """Of ten people, those whose offset reaches the voxel."""
    people = Population({"offset_mm": (-1.0, 1.0)}, count=10)
    distance = np.linspace(-1.5, 1.5, 301)
    expected = np.mean([distance + offset > 0 for offset in people.columns["offset_mm"]], axis=0)
    np.testing.assert_allclose(people.probability([Structure(1, distance, 1.0)], (301,), 2)[1], expected, atol=1e-12)


def test_panel_of_four_begins_the_panel_of_eight_and_a_seed_gives_the_same_people() -> None:
    people = Population(lesions.HABITS, seed=3)
    pair = [ball(4, 1, (0, -9, 0)), ball(2.5, 2, (0, 9, 0))]
    eight = people.read(7, 8, pair, SHAPE, SPACING)
    np.testing.assert_array_equal(people.read(7, 4, pair, SHAPE, SPACING), eight[:4])
    np.testing.assert_array_equal(Population(lesions.HABITS, seed=3).read(7, 8, pair, SHAPE, SPACING), eight)
    assert people.panel(7, 4) == people.panel(7, 8)[:4]
    assert len(set(people.panel(7, 8))) == 8
    assert people.panel(8, 8) != people.panel(7, 8)
    assert Population(lesions.HABITS, seed=4).panel(7, 8) != people.panel(7, 8)


def test_habits_of_people_lie_within_their_ranges_evenly() -> None:
    offsets = Population(lesions.HABITS).columns["offset_mm"]
    assert offsets.min() >= -0.6
    assert offsets.max() <= 1.0
    assert offsets.mean() == pytest.approx(0.2, abs=0.1)
    assert set(Population({"missed": 0.4}).columns["missed"]) == {0.4}


def test_image_without_a_structure_is_all_background() -> None:
    people = Population(lesions.HABITS)
    assert not people.read(0, 2, [], (2, 3), (1.0, 1.0)).any()
    assert people.probability([], (2, 3), 3)[0].min() == 1


@pytest.mark.parametrize(
    ("habits", "said"),
    [
        ({"missd": 0.1}, "`habit` must be one of"),
        ({"missed": 1.2}, "missed"),
        ({"confused": (0.1, 1.5)}, "confused"),
        ({"jitter_mm": (-0.1, 0.5)}, "`jitter_mm` 0 or more"),
        ({"offset_mm": (1.0, 0.5)}, r"`offset_mm` must be a number, or a range \[low, high\]"),
        ({"offset_mm": (1.0, 1.5, 2.0)}, "a range"),
        ({"offset_mm": float("nan")}, "offset_mm"),
        ({"jitter_length_mm": 0.0}, "jitter_length_mm"),
        ({"missed_mm3": (0.0, 10.0)}, "missed_mm3"),
    ],
)
def test_bad_habits_are_named(habits: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Population(habits)


def test_panel_larger_than_the_population_stops() -> None:
    with pytest.raises(InputError, match="a panel of 5 raters cannot be drawn from 4 people"):
        Population(count=4).panel(0, 5)
    with pytest.raises(InputError, match="`count` must be 1 or more"):
        Population(count=0)


def test_lesions_do_not_touch_and_some_are_missed_by_some_raters() -> None:
    missed = drawn = 0
    for number in range(12):
        case = phantoms.make("phantom_lesions", number, size="tiny")
        _, structures = lesions.anatomy(number, size="tiny")
        assert 1 <= len(structures) <= 5
        inside = np.stack([structure.distance_mm > 0 for structure in structures])
        assert inside.sum(axis=0).max() == 1
        for mask in inside:
            seen = (case.labels[:, mask] > 0).any(axis=1)
            missed, drawn = missed + (~seen).sum(), drawn + len(seen)
    assert 0.03 < missed / drawn < 0.5
