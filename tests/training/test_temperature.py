"""Temperature scaling finds the one minimum of the validation NLL."""

import json
import math
import sys
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from softbench.datasets.case import Case
from softbench.training.temperature_scaling import HIGHEST, LOWEST, fit, fit_temperature, temperature


def drawn(scale: float, voxels: int = 40_000) -> tuple[np.ndarray, np.ndarray]:
    """Logits (3, N) times `scale`, and classes drawn from their softmax before that."""
    rng = np.random.default_rng(0)
    logits = 2 * rng.standard_normal((3, voxels))
    p = np.exp(logits) / np.exp(logits).sum(axis=0)
    return scale * logits, (rng.random(voxels) > p.cumsum(axis=0)[:2]).sum(axis=0)[None]


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_temperature_undoes_a_scale(scale: float) -> None:
    assert fit(lambda: [drawn(scale)]).temperature == pytest.approx(scale, rel=0.02)


def test_it_is_where_the_nll_is_least() -> None:
    logits, labels = (torch.as_tensor(part) for part in drawn(3.0))
    found = fit(lambda: [(logits, labels)]).temperature

    def nll(temperature: float) -> float:
        return float(torch.nn.functional.cross_entropy(logits.T / temperature, labels[0]))

    assert nll(found) < min(nll(found * 1.001), nll(found / 1.001))


def test_cases_count_by_their_voxels() -> None:
    logits, labels = drawn(2.0)
    parts = [(logits[:, :100], labels[:, :100]), (logits[:, 100:], labels[:, 100:])]
    assert fit(lambda: parts).temperature == pytest.approx(fit(lambda: [(logits, labels)]).temperature, rel=1e-9)


def test_what_no_temperature_explains_stays_within_bounds() -> None:
    logits, _ = drawn(1.0)
    sharper = fit(lambda: [(logits, logits.argmax(axis=0)[None])] * 2)  # always right: ever sharper
    flatter = fit(lambda: [(logits, logits.argmin(axis=0)[None])] * 2)  # always wrong: ever flatter
    assert (sharper.temperature, flatter.temperature) == pytest.approx((LOWEST, HIGHEST))
    assert math.isnan(sharper.se)
    assert math.isnan(flatter.se)
    assert fit(list).temperature == 1.0  # nothing to look at


@pytest.mark.parametrize(("kept", "passes"), [(1 << 29, 1), (0, None)])
def test_small_logits_are_streamed_once_and_large_ones_each_step(kept: int, passes: int | None, monkeypatch) -> None:
    monkeypatch.setattr(sys.modules[fit.__module__], "KEPT", kept)
    parts, streamed = [drawn(2.0, voxels=1000)] * 2, []

    def scores() -> Iterator:
        streamed.append(1)
        yield from parts

    found = fit(scores)
    assert found.temperature == fit(lambda: parts).temperature
    assert len(streamed) == passes if passes else len(streamed) > 2


class Told(torch.nn.Module):
    """Says what it is shown: the image is the logits."""

    multiple = 1

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images


def two_raters() -> Case:
    """A case whose first rater the network follows, and whose second marks other voxels in part."""
    rng = np.random.default_rng(1)
    logits = (3 * rng.standard_normal((2, 40, 40))).astype(np.float32)
    first = logits.argmax(axis=0)
    second = np.where(rng.random((40, 40)) < 0.3, 1 - first, first)
    return Case("c", logits, np.stack([first, second]).astype(np.uint8), (1.0, 1.0), np.eye(3))


def mean_nll(case: Case, temperature: float) -> float:
    """The NLL of a case at a temperature, mean over voxels and raters, as the scores have it."""
    logits = torch.from_numpy(case.images.reshape(1, 2, -1)).double() / temperature
    labels = torch.from_numpy(case.labels.reshape(2, 1, -1).astype(np.int64))
    return float(np.mean([float(torch.nn.functional.cross_entropy(logits, label)) for label in labels]))


def test_temperature_fits_the_raters_that_are_scored() -> None:
    """Against the first rater alone the network is always right, so that the lowest temperature would be the best."""
    case = two_raters()
    found = temperature(Told(), [case])
    assert found > 10 * LOWEST
    assert mean_nll(case, found) < min(mean_nll(case, found * 1.01), mean_nll(case, found / 1.01))


def test_standard_error_is_that_of_fitting_each_draw_of_cases_anew() -> None:
    scales = np.random.default_rng(2).uniform(0.6, 1.8, 12)
    cases = [drawn(scale, voxels=1000) for scale in scales]
    draws = np.random.default_rng(3).integers(0, 12, (200, 12))
    anew = [fit(lambda draw=draw: [cases[number] for number in draw]).temperature for draw in draws]
    assert fit(lambda: cases).se == pytest.approx(np.std(anew, ddof=1), rel=0.15)


def test_cases_of_a_patient_are_drawn_together() -> None:
    scales = np.linspace(0.5, 2.0, 6)
    once = [drawn(scale, voxels=500) for scale in scales]
    twice = [case for case in once for _ in range(2)]
    whose = [f"patient {number // 2}" for number in range(12)]
    together, alone = fit(lambda: twice, whose), fit(lambda: twice)
    assert (together.cases, together.patients) == (12, 6)
    assert together.se == pytest.approx(fit(lambda: once).se, rel=1e-6)  # a copy of a case tells nothing new
    assert alone.se < 0.8 * together.se
    assert fit(lambda: twice, whose).se == together.se  # the same in every run


def test_one_patient_has_no_standard_error() -> None:
    case = two_raters()
    found = fit_temperature(Told(), [case, case], patients={"c": "p"})
    assert (found.cases, found.patients) == (2, 1)
    assert math.isnan(found.se)
    assert json.loads(json.dumps(found.facts()))["temperature_fit"] == {"se": None, "cases": 2, "patients": 1}
