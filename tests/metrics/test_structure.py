"""Sums of a structure chunk by chunk, against those of its whole volume, bit by bit."""

import numpy as np
import pytest
from softbench.metrics.calibration import statistics
from softbench.metrics.kernels.tally import CHUNK
from softbench.metrics.soft import SoftSums
from softbench.metrics.structure import probability, sum_up
from softbench.metrics.threshold import ThresholdCounts

SHAPE = (5, 240, 240)
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("usable", [None, RNG.random(SHAPE) > 0.2])
@pytest.mark.parametrize("members", [[False, True, False], [False, True, True]])
def test_sums_are_those_of_the_whole_volume(usable: np.ndarray | None, members: list[bool]) -> None:
    assert np.prod(SHAPE) > CHUNK
    logits = RNG.normal(0, 2, (3, *SHAPE)).astype(np.float32)
    p = np.exp(logits) / np.exp(logits).sum(axis=0)
    masks = [RNG.random(SHAPE) > limit for limit in (0.5, 0.7)]
    where = [{"all": usable, "band": RNG.random(SHAPE) > 0.9} for _ in masks]
    found = sum_up(p, np.array(members), masks, where, usable, bins=7, thresholds=True)
    inside = probability(p, np.array(members), usable)
    pair = np.stack([1 - inside, inside])
    for rater, mask in enumerate(masks):
        for roi, region in where[rater].items():
            expected = statistics(pair, mask.view(np.uint8), region, 7).to_arrays()
            assert all(
                np.array_equal(array, expected[key]) for key, array in found.statistics[rater][roi].to_arrays().items()
            )
        counts = ThresholdCounts.count(inside, mask, usable)
        assert np.array_equal(found.counts[rater].reference, counts.reference)
        assert np.array_equal(found.counts[rater].other, counts.other)
    assert found.soft == SoftSums.of(inside, np.stack(masks).mean(axis=0, dtype=np.float64), usable)
