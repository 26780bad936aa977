"""What each phantom promises of its own: thin structures, missing organs, raters of known bias."""

import numpy as np
import pytest
from scipy.special import ndtr
from softbench.datasets import phantoms
from softbench.datasets.case import Case
from softbench.datasets.phantoms import abdomen, nodule, shapes
from softbench.datasets.phantoms.shapes import Rater


def cases_of(name: str, count: int, size: str = "tiny") -> list[Case]:
    return [phantoms.make(name, index, size=size) for index in range(count)]


def truth_of(case: Case) -> np.ndarray:
    assert case.truth is not None
    return case.truth


def test_rater_paints_the_upper_layer_over_the_lower() -> None:
    above, below = np.full((4, 4), 1.0), np.full((4, 4), 2.0)  # mm inside; sigma is 1 mm
    chances = Rater(sigma_mm=1.0, length_mm=1.0).probability([(2, above), (1, below)], 3)
    upper = ndtr(1.0)
    np.testing.assert_allclose(chances[2], upper)
    np.testing.assert_allclose(chances[1], (1 - upper) * ndtr(2.0))
    np.testing.assert_allclose(chances[0], (1 - upper) * (1 - ndtr(2.0)))


def test_bias_moves_the_surface_where_half_of_the_drawings_end() -> None:
    line = np.linspace(-3, 3, 7)[None]  # mm
    chances = Rater(sigma_mm=0.5, length_mm=1.0, bias_mm=1.0).probability([(1, line)], 2)
    np.testing.assert_allclose(chances[1, 0, 2], 0.5)  # 1 mm outside


def test_distance_to_a_ball_is_exact_and_of_first_order_at_an_ellipsoid() -> None:
    position = shapes.positions((21, 21), (1.0, 1.0), (0, 0))
    ball = shapes.ellipsoid(position, (0, 0), (6.0, 6.0))
    np.testing.assert_allclose(ball, 6 - np.hypot(*np.meshgrid(*[np.arange(-10, 11)] * 2)))
    turn = np.linspace(0, 2 * np.pi, 50)
    on_surface = np.stack([4 * np.cos(turn), 8 * np.sin(turn)])
    normal = np.stack([8 * np.cos(turn), 4 * np.sin(turn)])
    outside = on_surface + 0.1 * normal / np.hypot(*normal)  # 0.1 mm
    np.testing.assert_allclose(shapes.ellipsoid(outside, (0, 0), (4.0, 8.0)), -0.1, rtol=0.05)


def test_tube_has_its_radius_along_the_axis_and_round_ends() -> None:
    position = shapes.positions((21, 21), (1.0, 1.0), (0, 0))
    tube = shapes.tube(position, np.array([0.0, -5.0]), np.array([0.0, 5.0]), 2.0)
    np.testing.assert_allclose(tube[[10, 12, 13, 10], [10, 10, 10, 18]], [2, 0, -1, -1])


def test_a_fifth_of_the_kidneys_has_no_tumour() -> None:
    without = np.mean([truth_of(case)[2].max() == 0 for case in cases_of("phantom_kidney", 100)])
    assert 0.08 < without < 0.32  # binomial, 100 draws: 0.20 +- 3 * 0.04


def test_kidney_has_neighbours_as_bright_as_the_tumour() -> None:
    shares = []
    for case in cases_of("phantom_kidney", 30, "small"):
        tumour, outside = case.images[0][case.labels[0] == 2], case.images[0][case.labels[0] == 0]
        if tumour.size:
            shares.append(np.mean((outside > np.percentile(tumour, 10)) & (outside < np.percentile(tumour, 90))))
    assert np.mean(shares) > 0.1


def test_each_abdominal_organ_is_missing_in_a_few_cases() -> None:
    truths = [truth_of(case) for case in cases_of("phantom_abdomen", 150)]
    for organ in range(1, 5):
        missing = np.mean([truth[organ].max() == 0 for truth in truths])
        assert 0 < missing < abdomen.ABSENT + 3 * np.sqrt(abdomen.ABSENT * (1 - abdomen.ABSENT) / 150)


def test_raters_of_a_nodule_differ_by_their_bias() -> None:
    volumes = np.array([[(one > 0).sum() for one in case.labels] for case in cases_of("phantom_nodule", 40)])
    means = volumes[(volumes > 0).all(axis=1)].mean(axis=0)
    assert (np.diff(means) > 0).all()  # biases of -0.6, -0.1, 0.3 and 0.8 mm
    assert len(nodule.RATERS) == 4


def test_a_nodule_is_overlooked_by_one_rater_in_a_tenth_of_the_cases() -> None:
    empty = np.array([(case.labels == 0).all(axis=(1, 2, 3)) for case in cases_of("phantom_nodule", 150)])
    assert empty.sum(axis=1).max() == 1
    assert 0.027 < empty.any(axis=1).mean() < 0.173  # binomial, 150 draws: 0.10 +- 3 * 0.0245
    # deep inside, all who see it mark it: 1 - 0.1 / 4
    assert np.max([truth_of(case)[1].max() for case in cases_of("phantom_nodule", 20)]) == pytest.approx(0.975)


def test_retina_has_its_layers_in_order() -> None:
    for case in cases_of("phantom_retina", 20):
        depth = np.arange(case.labels.shape[1])[:, None]
        truth = truth_of(case)[1:8]
        centres = (truth * depth).sum(axis=(1, 2)) / truth.sum(axis=(1, 2))
        assert (np.diff(centres) > 0).all()


def test_fluid_is_in_some_retinas() -> None:
    share = np.mean([truth_of(case)[8].max() > 0.5 for case in cases_of("phantom_retina", 100)])
    assert 0.5 < share < 0.85  # 0.7 of the cases, of which some have all pockets beside the view


def changes(columns: np.ndarray, class_id: int) -> np.ndarray:
    """In how many columns (H, W) a class is seen."""
    seen: np.ndarray = (columns == class_id).any(axis=0)
    return seen


def test_taking_every_eighth_pixel_loses_thin_layers() -> None:
    lost = []
    for case in cases_of("phantom_retina", 20, "small"):
        whole, coarse = changes(case.labels[0], 6), changes(case.labels[0][::8], 6)
        lost.append(1 - (coarse & whole).sum() / whole.sum())
    assert np.mean(lost) > 0.3  # a layer of 3.5 pixels is met by every eighth in 44 % of the columns


@pytest.mark.parametrize(("size", "factor"), [("small", 4), ("full", 8)])
def test_taking_every_nth_pixel_tears_strands(size: str, factor: int) -> None:
    torn = 0.0
    for case in cases_of("phantom_body", 2, size):
        strands = case.labels[0] == 2
        coarse = np.kron(strands[::factor, ::factor], np.ones((factor, factor), bool))
        overlap = 2 * (coarse & strands).sum() / (coarse.sum() + strands.sum())
        muscle = case.labels[0] == 3
        whole = np.kron(muscle[::factor, ::factor], np.ones((factor, factor), bool))
        torn += overlap / (2 * (whole & muscle).sum() / (whole.sum() + muscle.sum()))
    assert torn / 2 < 0.6  # DSC of the strands over that of the fat under the skin


def test_body_is_surrounded_by_air_and_fat_is_darker_than_muscle() -> None:
    for case in cases_of("phantom_body", 10, "small"):
        means = [case.images[0][case.labels[0] == class_id].mean() for class_id in range(5)]
        air, muscle, imat, sat, vat = means
        assert air < -900
        assert max(sat, vat) < imat < muscle
        edge = np.concatenate([case.labels[0][[0, -1]].ravel(), case.labels[0][:, [0, -1]].ravel()])
        assert (edge == 0).mean() > 0.99
