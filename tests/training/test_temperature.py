"""Temperature scaling finds the one minimum of the validation NLL."""

import sys
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from softbench.training.temperature_scaling import HIGHEST, LOWEST, fit


def drawn(scale: float, voxels: int = 40_000) -> tuple[np.ndarray, np.ndarray]:
    """Logits (3, N) times `scale`, and classes drawn from their softmax before that."""
    rng = np.random.default_rng(0)
    logits = 2 * rng.standard_normal((3, voxels))
    p = np.exp(logits) / np.exp(logits).sum(axis=0)
    return scale * logits, (rng.random(voxels) > p.cumsum(axis=0)[:2]).sum(axis=0)


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_temperature_undoes_a_scale(scale: float) -> None:
    assert fit(lambda: [drawn(scale)]) == pytest.approx(scale, rel=0.02)


def test_it_is_where_the_nll_is_least() -> None:
    logits, labels = (torch.as_tensor(part) for part in drawn(3.0))
    found = fit(lambda: [(logits, labels)])

    def nll(temperature: float) -> float:
        return float(torch.nn.functional.cross_entropy(logits.T / temperature, labels))

    assert nll(found) < min(nll(found * 1.001), nll(found / 1.001))


def test_cases_count_by_their_voxels() -> None:
    logits, labels = drawn(2.0)
    parts = [(logits[:, :100], labels[:100]), (logits[:, 100:], labels[100:])]
    assert fit(lambda: parts) == pytest.approx(fit(lambda: [(logits, labels)]), rel=1e-9)


def test_what_no_temperature_explains_stays_within_bounds() -> None:
    logits, _ = drawn(1.0)
    assert fit(lambda: [(logits, logits.argmax(axis=0))]) == pytest.approx(LOWEST)  # always right: ever sharper
    assert fit(lambda: [(logits, logits.argmin(axis=0))]) == pytest.approx(HIGHEST)  # always wrong: ever flatter
    assert fit(list) == 1.0  # nothing to look at


@pytest.mark.parametrize(("kept", "passes"), [(1 << 29, 1), (0, None)])
def test_small_logits_are_streamed_once_and_large_ones_each_step(kept: int, passes: int | None, monkeypatch) -> None:
    monkeypatch.setattr(sys.modules[fit.__module__], "KEPT", kept)
    parts, streamed = [drawn(2.0, voxels=1000)] * 2, []

    def scores() -> Iterator:
        streamed.append(1)
        yield from parts

    found = fit(scores)
    assert found == fit(lambda: parts)
    assert len(streamed) == passes if passes else len(streamed) > 2
