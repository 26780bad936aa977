"""The phantom brain: made from a seed alone, and its truth is the probability that its labels are drawn from."""

import numpy as np
import pytest
from softbench import InputError, images
from softbench.datasets import phantoms
from softbench.datasets.case import Case
from softbench.datasets.phantoms.shapes import exceedance, fraction, generator, smooth_field

BRAIN = "phantom_brain"


@pytest.fixture(scope="module")
def brains() -> list[Case]:
    """Thirty cases."""
    return [phantoms.make(BRAIN, index) for index in range(30)]


def whole_tumour(case: Case) -> np.ndarray:
    """Probability of the whole tumour (D, H, W)."""
    assert case.truth is not None
    probability: np.ndarray = 1 - case.truth[0]
    return probability


def test_case_has_the_promised_form(brains: list[Case]) -> None:
    case = brains[7]
    assert case.id == "phantom_brain_007"
    assert (case.images.shape, case.images.dtype) == ((4, 40, 48, 48), np.float32)
    assert (case.labels.shape, case.labels.dtype) == ((1, 40, 48, 48), np.uint8)
    assert case.truth is not None
    assert (case.truth.shape, case.truth.dtype) == ((4, 40, 48, 48), np.float32)
    assert images.spacing_of(case.affine) == case.spacing_mm == (2.0, 2.0, 2.0)


def test_tiny_cases_are_smaller_at_the_same_spacing() -> None:
    case = phantoms.make(BRAIN, 0, size="tiny")
    assert case.images.shape == (4, 24, 32, 32)
    assert case.spacing_mm == (2.0, 2.0, 2.0)


def test_truth_is_a_distribution(brains: list[Case]) -> None:
    for case in brains:
        assert case.truth is not None
        assert case.truth.min() >= 0
        np.testing.assert_allclose(case.truth.sum(axis=0), 1, atol=1e-6)


def test_labels_are_where_the_truth_allows_them(brains: list[Case]) -> None:
    for case in brains:
        assert case.truth is not None
        drawn = np.take_along_axis(case.truth, case.labels.astype(np.int64), axis=0)
        assert drawn.min() > 0  # nested surfaces: no class is drawn whose probability is 0


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.3), (0.4, 0.6), (0.7, 0.9)])
def test_labels_are_drawn_from_the_truth(low: float, high: float, brains: list[Case]) -> None:
    probability = np.stack([whole_tumour(case) for case in brains])
    drawn = np.stack([case.labels[0] > 0 for case in brains])
    chosen = (probability >= low) & (probability <= high)
    assert chosen.sum() > 2000
    assert abs(drawn[chosen].mean() - probability[chosen].mean()) < 0.05


def test_same_arguments_give_the_same_case() -> None:
    one, two = phantoms.make(BRAIN, 3, 5), phantoms.make(BRAIN, "phantom_brain_003", 5)
    for name in ("images", "labels", "affine", "truth"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@pytest.mark.parametrize(("case", "seed"), [(4, 5), (3, 6)])
def test_other_case_or_seed_gives_another_image(case: int, seed: int) -> None:
    assert not np.array_equal(phantoms.make(BRAIN, 3, 5).images, phantoms.make(BRAIN, case, seed).images)


def test_some_cases_lack_the_rim_and_some_the_necrosis() -> None:
    truths = [phantoms.make(BRAIN, index, size="tiny").truth for index in range(60)]
    without_rim = np.mean([truth is not None and truth[3].max() == 0 for truth in truths])
    without_necrosis = np.mean([truth is not None and truth[1].max() == 0 for truth in truths])
    # binomial, 60 draws: 0.20 +- 3 * 0.052 and 0.15 +- 3 * 0.046
    assert 0.05 < without_rim < 0.35
    assert 0.01 < without_necrosis < 0.29


def test_tumours_differ_in_size_and_place(brains: list[Case]) -> None:
    volumes = np.array([(case.labels > 0).sum() for case in brains])
    assert volumes.max() > 4 * volumes.min() > 0
    centres = np.stack([np.argwhere(case.labels[0] > 0).mean(axis=0) for case in brains])
    assert (centres.std(axis=0) > 1).all()  # voxels


def test_brain_is_stripped_of_its_skull(brains: list[Case]) -> None:
    outside = [(case.images == 0).all(axis=0) for case in brains]
    assert sum(mask.any() for mask in outside) > 15
    for case, mask in zip(brains, outside, strict=True):
        assert ((case.images > 0).all(axis=0) | mask).all()
        assert (whole_tumour(case)[mask] == 0).all()
        assert (case.labels[0][mask] == 0).all()


def test_no_threshold_on_one_contrast_finds_the_tumour(brains: list[Case]) -> None:
    scores = []
    for case in brains:
        tumour, flair = case.labels[0] > 0, case.images[0]
        found = [flair > level for level in np.percentile(flair[flair > 0], np.arange(50, 100, 2))]
        scores.append(max(2 * (mask & tumour).sum() / (mask.sum() + tumour.sum()) for mask in found))
    assert 0.3 < np.mean(scores) < 0.8  # DSC at the best threshold of each case: it shows, but is not given away


def test_unknown_names_are_answered() -> None:
    with pytest.raises(InputError, match=r"`phantom` must be one of .*phantom_brain"):
        phantoms.make("phantom_brian", 0)
    with pytest.raises(InputError, match="`size` must be one of small, tiny"):
        phantoms.make(BRAIN, 0, size="huge")
    with pytest.raises(InputError, match="is no case of phantom_brain"):
        phantoms.make(BRAIN, "phantom_brain_7")


def test_smooth_field_has_variance_one_and_the_stated_correlation() -> None:
    fields = np.stack(
        [smooth_field(generator(0, n, 0), (24, 24, 24), length_mm=6, spacing_mm=(2,) * 3) for n in range(60)]
    )
    assert abs(fields.var() - 1) < 0.05
    shifted = np.roll(fields, 3, axis=1)  # 6 mm: correlation exp(-1 / 2)
    assert abs((fields * shifted).mean() - np.exp(-0.5)) < 0.05


def test_flat_surface_through_a_voxel_centre_halves_it() -> None:
    np.testing.assert_allclose(fraction(np.array([-1.0, -0.5, 0.0, 0.5, 1.0]), 2.0), [0, 0.25, 0.5, 0.75, 1])


def test_surface_one_sigma_away_is_passed_with_the_normal_probability() -> None:
    # Phi(0) = 1/2, Phi(1) = 0.841345, tables of the normal distribution
    np.testing.assert_allclose(exceedance(np.array([0.0, 2.0, -2.0]), 2.0), [0.5, 0.841345, 0.158655], atol=1e-6)
