"""Confident learning against the rules written out by sorting, and the soft label that is made of it."""

import numpy as np
import pytest
from softbench import InputError
from softbench.soft_labels import confident_learning as cl
from softbench.soft_labels import distilled, slsr


def noisy_by_sorting(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The two rules on (N, C) probabilities, with their voxels sorted."""
    count, classes = probabilities.shape
    limits = [probabilities[labels == k, k].mean() for k in range(classes)]
    joint = np.zeros((classes, classes))
    for p, label in zip(probabilities, labels, strict=True):
        sure = [k for k in range(classes) if p[k] >= limits[k] - 1e-12]
        if sure:
            joint[label, max(sure, key=lambda k: p[k])] += 1
    sizes = np.bincount(labels, minlength=classes)
    joint = np.rint(joint / joint.sum(axis=1, keepdims=True) * sizes[:, None]).astype(int)
    by_class, by_rate = np.zeros(count, bool), np.zeros(count, bool)
    for k in range(classes):
        own = np.flatnonzero(labels == k)
        ranked = own[np.argsort(probabilities[own, k])]
        by_class[ranked[: sizes[k] - joint[k, k]]] = True
        for other in set(range(classes)) - {k}:
            margin = probabilities[own, other] - probabilities[own, k]
            by_rate[own[np.argsort(-margin)][: joint[k, other]]] = True
    return by_class & by_rate


@pytest.mark.parametrize(("classes", "seed"), [(2, 0), (2, 1), (3, 2), (4, 3)])
def test_both_rules_are_those_of_sorted_voxels(classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, 600)
    labels = np.where(rng.random(600) < 0.15, rng.integers(0, classes, 600), truth)
    scores = rng.normal(0, 1, (600, classes))
    scores[np.arange(600), truth] += 2.5
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    halves = [(probabilities[part].T, labels[part]) for part in (slice(0, 300), slice(300, 600))]
    limits = cl.learn(halves, classes)
    found = np.concatenate([cl.find(*half, limits) for half in halves])
    np.testing.assert_array_equal(found, noisy_by_sorting(probabilities, labels))
    wrong = labels != truth
    assert found[wrong].mean() > 5 * found[~wrong].mean()


def test_teacher_that_repeats_the_labels_finds_nothing_and_an_absent_class_is_no_error() -> None:
    labels = np.array([0, 0, 1, 1, 0])
    repeated = np.stack([labels == 0, labels == 1, np.zeros(5)]).astype(float)
    limits = cl.learn([(repeated, labels)], 3)
    assert not cl.find(repeated, labels, limits).any()


def test_class_that_the_teacher_never_confirms_is_noisy_wherever_the_margins_say_so() -> None:
    labels = np.array([0] * 6 + [1] * 4)
    first = np.array([0.9] * 6 + [0.8, 0.85, 0.9, 0.95])  # of the four labelled 1 none is more probably 1
    teacher = np.stack([first, 1 - first])
    assert cl.find(teacher, labels, {"by_class": [-1, 65536], "by_rate": [[65536] * 2, [0, 65536]]})[6:].all()
    labels_of_one = cl.learn([(np.stack([np.ones(4), np.zeros(4)]), np.array([0, 0, 1, 1]))], 2)
    assert labels_of_one["by_class"] == [-1, 65536]


LABELS = np.array([[[0, 0, 1, 1]]])
TEACHER = np.array([[[0.9, 0.1, 0.4, 0.2]], [[0.1, 0.9, 0.6, 0.8]]], np.float32)


def test_noisy_voxels_are_smoothed_and_others_are_one_hot() -> None:
    cuts = {"by_class": [round(0.5 * 65535), -1], "by_rate": [[65536, 0], [65536, 65536]]}
    soft = slsr.soften(LABELS, None, (1.0, 1.0), classes=2, teacher=TEACHER, cuts=cuts)
    np.testing.assert_allclose(soft[0, 0], [1, 0.75, 0, 0], atol=1e-7)
    three = slsr.soften(LABELS, None, (1.0, 1.0), classes=3, teacher=np.r_[TEACHER, 0 * TEACHER[:1]], cuts={
        "by_class": [30000, -1, -1], "by_rate": [[65536, 0, 65536], [65536] * 3, [65536] * 3],
    })  # fmt: skip
    np.testing.assert_allclose(three[:, 0, 1], [0.75, 0.125, 0.125], atol=1e-7)


def test_distilled_is_the_teacher_or_a_mix_with_the_label() -> None:
    whole = distilled.soften(LABELS, None, (1.0, 1.0), classes=2, teacher=TEACHER)
    half = distilled.soften(LABELS, None, (1.0, 1.0), classes=2, teacher=TEACHER, share=0.5)
    np.testing.assert_allclose(whole, TEACHER, atol=1e-7)
    np.testing.assert_allclose(half[0, 0], [0.95, 0.55, 0.2, 0.1], atol=1e-7)


@pytest.mark.parametrize("recipe", [distilled, slsr])
def test_teacher_of_another_grid_is_refused(recipe) -> None:
    with pytest.raises(InputError, match="must lie on one grid"):
        recipe.soften(LABELS, None, (1.0, 1.0), classes=2, teacher=TEACHER[:, :, :2])
