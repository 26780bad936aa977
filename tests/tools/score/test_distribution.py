"""An array in the place of probabilities is called what it is, and divided by its sums within the bound alone."""

import numpy as np
import pytest
from softbench.errors import InputError
from softbench.tools.score import distribution

from .conftest import labels_of, probabilities_of

LABELS = labels_of(0)
P = probabilities_of(LABELS, 0)
PADDED = np.where(np.arange(LABELS.shape[2]) < 2, 0, P)
DRIFT = np.array([0.01, -0.01, 0]).reshape(3, 1, 1, 1)
NEAR = {
    "rounded probabilities": P * 1.004,
    "bytes": np.rint(P * 255).astype(np.uint8),
    "percentages": P * 100,
    "shares of 1000": np.rint(P * 1000).astype(np.int16),
    "16-bit integers": np.rint(P * 65535).astype(np.uint16),
    "a spline": P + DRIFT,
}
NO_DISTRIBUTION = {
    "they are logarithms of probabilities": np.log(P),
    "they look like logits": np.log(P) + 3,
    "the background has no channel": P[1:],
    "with a sigmoid for each region": np.minimum(P * 1.7, 1),
    "all classes are 0, as where a crop was padded with zeros": PADDED,
    "a part of the probability is missing": P * 0.9,
    "probabilities times 20. Divide them by it": P * 20,
    "it holds NaN or infinite values in 0.066 % (1 of 1512) of its voxels": np.where(P.max() == P, np.nan, P),
}


@pytest.mark.parametrize("name", NEAR)
def test_what_is_near_probabilities_is_named_and_can_be_divided(name) -> None:
    with pytest.raises(InputError, match="divide them by their sums: --renormalise") as refused:
        distribution.read(NEAR[name], LABELS, None)
    assert name in str(refused.value)
    assert "logits" not in str(refused.value)
    read = distribution.read(NEAR[name], LABELS, None, renormalise=True)
    np.testing.assert_allclose(read.values.sum(axis=0), 1, atol=1e-6)
    np.testing.assert_allclose(read.values, P, atol=0.011)
    assert read.whole in (1, 100, 255, 1000, 65535)


@pytest.mark.parametrize("renormalise", [False, True])
@pytest.mark.parametrize("name", NO_DISTRIBUTION)
def test_what_is_no_distribution_is_named_and_never_divided(name, renormalise) -> None:
    with pytest.raises(InputError) as refused:
        distribution.read(NO_DISTRIBUTION[name], LABELS, None, renormalise=renormalise)
    assert name in str(refused.value)
    assert ("logits" in str(refused.value)) == ("logits" in name)


@pytest.mark.parametrize("factor", [1, 100, 255])
def test_missing_background_is_told_in_any_unit(factor) -> None:
    with pytest.raises(InputError, match="the background has no channel") as refused:
        distribution.read(P[1:] * factor, LABELS, None)
    assert f"Put {factor} minus the sum before the others" in str(refused.value)
    whole = np.concatenate([factor - P[1:].sum(0, keepdims=True) * factor, P[1:] * factor])  # what the message says
    assert distribution.read(whole, LABELS, None, renormalise=True).values.shape == P.shape


def test_the_bound_is_two_per_cent_or_a_step_a_class() -> None:
    for factor, inside in ((1.019, True), (1.021, False), (0.981, True), (0.979, False)):
        if inside:
            assert distribution.read(P * factor, LABELS, None, renormalise=True).deviation == pytest.approx(
                0.019, abs=1e-4
            )
        else:
            with pytest.raises(InputError):
                distribution.read(P * factor, LABELS, None, renormalise=True)
    many = probabilities_of(LABELS, 0, classes=14)
    cut = np.floor(many * 255)  # each class may lose up to a step: 14 of 255 are 5.5 %
    assert 0.02 < distribution.read(cut, LABELS, None, renormalise=True).deviation < 14 / 255


def test_probabilities_stay_as_they_are() -> None:
    for array in (P, P.astype(np.float16), P.astype(np.float64)):
        read = distribution.read(array, LABELS, None, renormalise=True)
        assert read.values is array
        assert not read.whole
        assert not read.one_hot


@pytest.mark.parametrize("kind", [np.uint8, bool, np.int64, np.float32])
def test_one_hot_of_any_type_is_read(kind) -> None:
    one_hot = np.arange(3).reshape(3, 1, 1, 1) == LABELS
    read = distribution.read(one_hot.astype(kind), LABELS, None)
    np.testing.assert_array_equal(read.values, one_hot.astype(np.float32))
    assert read.one_hot
    assert "all probabilities are 0 or 1" in distribution.notes([("m", read.whole, read.deviation, read.one_hot)])[0]


def test_voxels_that_do_not_count_may_hold_anything() -> None:
    valid = np.arange(LABELS.shape[2]) >= 2
    valid = np.broadcast_to(valid, LABELS.shape)
    assert distribution.read(PADDED, LABELS, valid).values is PADDED
    read = distribution.read(PADDED * 100, LABELS, valid, renormalise=True)
    np.testing.assert_allclose(read.values[:, valid], P[:, valid], atol=1e-6)
    assert np.isfinite(read.values).all()


def test_note_says_how_many_cases_were_divided_and_by_how_much() -> None:
    facts = [("m", 255, 0.004, False), ("m", 0, 0.0, False), ("n", 0, 0.0, False)]
    assert distribution.notes(facts) == [
        "m: the probabilities of 1 of 2 cases were divided by their sums (--renormalise); these differed from 255 by "
        "up to 0.4 %."
    ]
