"""Calibrations and decoders are one job a trained method, where they are asked for."""

from collections.abc import Callable

ASKED = "experiments={tiny: {posthoc: {calibrations: [raw, temperature], decoders: [argmax]}}}"


def test_calibrations_and_decoders_are_one_job_a_method_beside_the_same_runs(make_clone: Callable) -> None:
    clone, target = make_clone("posthoc"), "results/tables/grid_tiny.md"
    plain = clone.jobs(target)
    assert "score_posthoc" not in plain
    assert clone.jobs(target, "--config", ASKED) == {**plain, "score_posthoc": plain["train"]}
