"""Decoders against brute force: every threshold, every number of voxels, every mask."""

import itertools

import numpy as np
import pytest
from softbench.datasets.case import Case
from softbench.training.posthoc.decoders import argmax, rankseg, threshold
from softbench.training.posthoc.decoding import settle

NESTED = {"whole": [1, 2], "core": [2]}
SEPARATE = {"left": [1], "right": [2]}


def made(count: int = 3, raters: int = 2, shape: tuple[int, ...] = (9, 8)) -> list[tuple[Case, np.ndarray]]:
    rng = np.random.default_rng(3)
    cases = []
    for number in range(count):
        p = rng.dirichlet([2, 1, 0.7], size=shape).astype(np.float32)
        labels = np.stack(
            [(rng.random(shape)[..., None] > p.cumsum(axis=-1)[..., :2]).sum(axis=-1) for _ in range(raters)]
        )
        images = np.zeros((1, *shape), np.float32)
        case = Case(f"c{number}", images, labels.astype(np.uint8), (1.0,) * len(shape), np.eye(4))
        cases.append((case, np.ascontiguousarray(np.moveaxis(p, -1, 0))))
    return cases


@pytest.mark.parametrize("structures", [NESTED, SEPARATE])
def test_best_threshold_is_that_of_a_search_over_all(structures) -> None:
    cases = made()
    found = threshold.fit(lambda: iter(cases), structures).facts["thresholds"]
    for name, ids in structures.items():
        scores = []
        for t in np.arange(101) / 100:
            both = total = 0
            for case, p in cases:
                mask = p[ids].sum(axis=0).astype(np.float64) >= t
                for rater in case.labels:
                    truth = np.isin(rater, ids)
                    both, total = both + int((mask & truth).sum()), total + int(mask.sum() + truth.sum())
            scores.append(2 * both / total)
        assert found[name] == np.arange(101)[int(np.argmax(scores))] / 100


def test_structure_that_no_validation_case_has_is_cut_at_a_half_and_named() -> None:
    cases = [(case, p) for case, p in made(1)]
    case, p = cases[0]
    without = Case("c", case.images, np.minimum(case.labels, 1), case.spacing_mm, case.affine)
    decoder = threshold.fit(lambda: iter([(without, p)]), SEPARATE)
    assert decoder.facts["thresholds"]["right"] == 0.5
    assert decoder.facts["not_fitted"] == ["right"]


def settled(probabilities: list[float], claims: list[bool], structures: dict) -> tuple[int, int]:
    p, wanted = np.array(probabilities, np.float32).reshape(3, 1, 1), np.array(claims).reshape(2, 1, 1)
    found = settle(p, wanted, structures)
    return int(found.labels[0, 0]), int(found.conflicts or 0)


def test_claims_become_the_class_that_meets_most_of_them() -> None:
    assert settled([0.6, 0.3, 0.1], [True, False], SEPARATE) == (1, 0)  # less probable than background, but claimed
    assert settled([0.1, 0.5, 0.4], [False, False], SEPARATE) == (0, 0)
    assert settled([0.2, 0.35, 0.45], [True, True], SEPARATE) == (2, 1)  # both: the more probable
    assert settled([0.6, 0.3, 0.1], [True, False], NESTED) == (1, 0)
    assert settled([0.6, 0.1, 0.3], [True, True], NESTED) == (2, 0)
    assert settled([0.6, 0.1, 0.3], [False, True], NESTED) == (0, 1)  # the core, but not the whole: either, by p
    assert settled([0.2, 0.1, 0.7], [False, True], NESTED) == (2, 1)


@pytest.mark.parametrize("decoder", [argmax, threshold, rankseg])
@pytest.mark.parametrize("shape", [(9, 8), (4, 5, 6)])
def test_label_map_is_background_where_no_voxel_is(decoder, shape) -> None:
    cases = made(shape=shape)
    _, p = cases[0]
    valid = np.zeros(shape, bool)
    valid[1:] = True
    decoded = decoder.fit(lambda: iter(cases), SEPARATE).decode(p, valid)
    assert decoded.labels.dtype == np.uint8
    assert decoded.labels.shape == shape
    assert not decoded.labels[0].any()
    assert decoded.labels[1:].any()


def expected_dice(p: np.ndarray, mask: np.ndarray) -> float:
    """Over all masks of the reference, each with its probability; 0 / 0 is 0."""
    total = 0.0
    for truth in itertools.product([False, True], repeat=len(p)):
        y = np.array(truth)
        size = int(mask.sum() + y.sum())
        total += float(np.prod(np.where(y, p, 1 - p))) * (2 * int((mask & y).sum()) / size if size else 0)
    return total


def test_rankseg_takes_as_many_voxels_as_its_equation_says() -> None:
    rng = np.random.default_rng(0)
    for a, b in ((0.3, 0.3), (0.7, 0.9), (1, 4), (5, 1)):
        p = rng.beta(a, b, 400)
        values = 2 * np.sort(p)[::-1].cumsum() / (np.arange(1, 401) + 1 + p.sum())
        mask = rankseg.claim(p.reshape(20, 20), pruned=0.0)
        assert mask.sum() == np.argmax(values) + 1
        assert p[mask.ravel()].min() >= p[~mask.ravel()].max()


def test_rankseg_is_near_the_best_of_all_masks_and_mostly_is_it() -> None:
    rng = np.random.default_rng(0)
    lost = []
    for _ in range(10):
        p = rng.beta(0.7, 0.9, 6)
        masks = (np.array(mask) for mask in itertools.product([False, True], repeat=6))
        best = max(expected_dice(p, mask) for mask in masks)
        lost.append(best - expected_dice(p, rankseg.claim(p, pruned=0.0)))
    assert max(lost) < 0.04  # an approximation: six voxels are far fewer than it is made for
    assert np.mean(np.array(lost) < 1e-9) > 0.5


def test_rankseg_leaves_out_what_is_nowhere_more_probable_than_a_half_and_beats_that_threshold() -> None:
    assert not rankseg.claim(np.full((3, 3), 0.5)).any()
    blurred = np.array([0.9, 0.6, 0.45, 0.42, 0.4, 0.1])
    mask = rankseg.claim(blurred)
    assert expected_dice(blurred, mask) > expected_dice(blurred, blurred >= 0.5)
    assert not rankseg.claim(blurred, np.zeros(6, bool)).any()
