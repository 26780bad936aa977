"""What `score_case` measures where it is asked to: the numbers of the functions of arrays, and no other rows."""

from dataclasses import replace

import numpy as np
import pytest
from softbench import InputError, metrics
from softbench.metrics.catalogue import CATALOGUE
from softbench.metrics.centreline import centreline_dice
from softbench.metrics.lesions import match_lesions
from softbench.metrics.metric import ALSO
from softbench.metrics.rows import MEAN
from softbench.training.run import Scoring

SPACING = (2.0, 1.0, 1.5)
STRUCTURES = {"vessel": [1, 2], "core": [2]}


def case() -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (3, ...) of random blobs, and two raters whose blobs lie elsewhere in part."""
    rng = np.random.default_rng(3)
    shape = (12, 30, 30)
    raters = np.zeros((2, *shape), np.uint8)
    found = np.zeros(shape, np.uint8)
    for _ in range(6):
        d, h, w = (int(rng.integers(0, n - 5)) for n in shape)
        here = (slice(d, d + 4), slice(h, h + 5), slice(w, w + 5))
        inner = (slice(d + 1, d + 3), slice(h + 1, h + 4), slice(w + 1, w + 4))
        for labels in (*raters, found):
            if rng.random() < 0.7:
                labels[here], labels[inner] = 1, 2
    p = np.full((3, *shape), 0.1, np.float32)
    np.put_along_axis(p, found[None].astype(int), 0.8, axis=0)
    return p, raters


def by_key(scores) -> dict[tuple[int, str, str], float]:
    return {(row.rater, row.structure, row.metric): row.value for row in scores.itertuples() if row.roi == "all"}


def test_lesions_and_centrelines_are_those_of_the_whole_masks() -> None:
    p, raters = case()
    found = by_key(metrics.score_case(p, raters, SPACING, STRUCTURES, also=("lesions", "centrelines")))
    for rater, reference in enumerate(raters, start=1):
        for name, ids in STRUCTURES.items():
            masks = np.isin(p.argmax(axis=0), ids), np.isin(reference, ids)
            lesions = match_lesions(*masks, SPACING)
            expected = {
                "lesion_dsc": lesions.mean_dsc,
                "lesion_hd95": lesions.mean_hd95_mm,
                "lesion_f1": lesions.f1,
                "lesion_recall": lesions.recall,
                "lesion_precision": lesions.precision,
                "cldice": centreline_dice(*masks),
            }
            assert {key: found[rater, name, key] for key in expected} == pytest.approx(expected, nan_ok=True)
    assert found[1, "vessel", "lesion_dsc"] > 0


def test_label_map_has_the_rows_of_its_probabilities() -> None:
    p, raters = case()
    also = ("lesions", "centrelines")
    soft = by_key(metrics.score_case(p, raters, SPACING, STRUCTURES, also=also))
    hard = by_key(metrics.score_label_map(p.argmax(axis=0), raters, SPACING, STRUCTURES, classes=3, also=also))
    assert {key for _, _, key in hard} >= {"lesion_f1", "cldice"}
    assert hard == pytest.approx({key: soft[key] for key in hard}, nan_ok=True)


def test_what_is_not_asked_for_changes_no_row() -> None:
    p, raters = case()
    plain = metrics.score_case(p, raters, SPACING, STRUCTURES)
    asked = metrics.score_case(p, raters, SPACING, STRUCTURES, also=ALSO)
    own = set(asked["metric"]) - set(plain["metric"])
    left = asked[~asked["metric"].isin(own)].reset_index(drop=True)
    assert own
    assert left.equals(plain)


def test_empty_masks_and_one_slice_of_a_picture() -> None:
    nothing = np.zeros((1, 8, 8), np.uint8)
    p = np.stack([np.ones((8, 8)), np.zeros((8, 8))])
    both = by_key(metrics.score_case(p, nothing, (1, 1), {"vessel": [1]}, also=ALSO))
    assert np.isnan([both[1, "vessel", key] for key in ("lesion_dsc", "lesion_f1", "cldice")]).all()
    drawn = np.ones((1, 8, 8), np.uint8)
    missed = by_key(metrics.score_case(p, drawn, (1, 1), {"vessel": [1]}, also=ALSO))
    assert [missed[1, "vessel", key] for key in ("lesion_dsc", "lesion_hd95", "lesion_f1", "cldice")] == [0, 374, 0, 0]


def test_matching_of_lesions_is_that_of_the_settings() -> None:
    nothing = np.zeros((1, 4, 8), int)
    drawn = nothing.copy()
    drawn[0, 1, 1:3] = 1
    p = np.stack([nothing == 0, nothing > 0])[:, 0].astype(np.float32)
    how = {"also": ("lesions",), "lesion_matching": {"ignored_mm3": 0, "miss_mm": 20.0}}
    missed = by_key(metrics.score_case(p, drawn, (1, 1), {"vessel": [1]}, **how))
    assert missed[1, "vessel", "lesion_hd95"] == 20


def test_unknown_name_is_refused_with_the_known_ones() -> None:
    p, raters = case()
    with pytest.raises(InputError, match=r"`also` must be one of .*lesions, centrelines"):
        metrics.score_case(p, raters, SPACING, STRUCTURES, also=("lesion",))


def test_settings_of_an_experiment_ask_for_all_of_it() -> None:
    assert Scoring([2.0]).also == ()
    assert Scoring([2.0], **dict.fromkeys(ALSO, True)).also == ALSO


@pytest.mark.parametrize(
    ("kind", "compute", "rater"),
    [
        ("lesions", lambda given: len(given.dsc), 1),
        ("rater_masks", lambda given: int((given.raters.any(axis=0) & ~given.prediction).sum()), MEAN),
        ("rater_probability", lambda given: float(given.probability.max()), MEAN),
        ("rater_mean", lambda given: given.spread, MEAN),
    ],
)
def test_metric_of_ones_own_is_measured_without_being_asked_for(monkeypatch, kind, compute, rater) -> None:
    p, raters = case()
    own = replace(CATALOGUE["dsc"], key="surprise", of=kind, compute=compute)
    monkeypatch.setitem(CATALOGUE, "surprise", own)
    scores = metrics.score_case(p, raters, SPACING, STRUCTURES)
    found = scores[(scores["metric"] == "surprise") & (scores["roi"] == "all") & (scores["structure"] == "vessel")]
    assert rater in set(found["rater"])
    assert found["value"].notna().all()
    assert not set(scores["metric"]) & {key for key, metric in CATALOGUE.items() if metric.asked_by in ALSO}
