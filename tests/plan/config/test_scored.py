"""What the plan says that runs are scored by is what they are scored by."""

import numpy as np
from softbench import metrics
from softbench.metrics.metric import ALSO
from softbench.metrics.rows import WHOLE
from softbench.metrics.threshold import MEASURES
from softbench.plan.config.metrics import is_known, scored


def test_metrics_regions_and_structures_are_those_of_a_scored_case() -> None:
    reference = np.zeros((4, 8, 8), int)
    reference[1:3, 2:6, 2:6] = 1
    probabilities = np.where(np.stack([reference == 0, reference == 1]), 0.9, 0.1)
    rows = metrics.score_case(
        probabilities,
        reference[None],
        (2.0, 1.0, 1.0),
        {"organ": [1]},
        tolerances_mm=[1.5, 2.0],
        in_plane=True,
        voxels=True,
        also=ALSO,
    )
    of = {"structures": {"organ"}, WHOLE: {WHOLE}, "both": {"organ", WHOLE}}
    asked = {"in_plane": True, "voxels": True} | dict.fromkeys(ALSO, True)
    found = scored({"tolerances_mm": [1.5, 2.0], **asked})
    expected = {(key, roi, structure) for key, roi, kind in found for structure in of[kind]}
    assert expected == set(zip(rows["metric"], rows["roi"], rows["structure"], strict=True))


def test_thresholds_add_hard_metrics_at_the_best_threshold() -> None:
    plain = set(scored({"tolerances_mm": [2.0]}))
    added = {key for key, _, _ in set(scored({"tolerances_mm": [2.0], "thresholds": True})) - plain}
    assert added == {f"{key}_at_{part}" for key in MEASURES for part in ("val", "test", "val_global", "test_global")}


def test_what_is_asked_for_is_scored_with_its_setting_alone() -> None:
    plain = set(scored({"tolerances_mm": [2.0]}))
    for name in ALSO:
        added = {key for key, _, _ in set(scored({"tolerances_mm": [2.0], name: True})) - plain}
        assert added == {key for key, metric in metrics.CATALOGUE.items() if metric.asked_by == name}
        assert added
        assert all(map(is_known, added))
