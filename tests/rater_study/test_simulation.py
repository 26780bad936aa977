"""The whole study on made raters of a known width: their edges, drawn as masks, lie so far apart on average."""

import numpy as np
import pytest
from scipy import ndimage
from softbench.rater_study import measure
from softbench.rater_study.cases import Rated
from softbench.rater_study.cut import prepare
from softbench.rater_study.trials import Line
from softbench.rater_study.widths import find_best

WIDTHS = tuple(float(width) for width in 0.35 * 2 ** (np.arange(9) / 2))  # 0.35 to 5.6 mm
LINE = Line("blur", "blur", {"units": "mm"}, "sigma", WIDTHS, "mm")
SPACING = (0.4, 0.5)
SMOOTH_MM = 6.0  # along the edge
PATIENTS = 40


def drawn(name: str, width: float, rng: np.random.Generator) -> Rated:
    """Two raters of one long edge, each N(0, width² / 2) away from it, so N(0, width²) from each other."""
    rows, columns = np.arange(100) * SPACING[0], np.arange(160) * SPACING[1]
    field = ndimage.gaussian_filter1d(rng.standard_normal((2, 160)), SMOOTH_MM / SPACING[1], axis=1, mode="wrap")
    field += 0.5 * field.std() * rng.standard_normal((2, 1))  # what a rater does all along the edge
    level = 20 + rng.uniform(-1, 1) + np.sin(columns / 20 + rng.uniform(0, 6))
    own = field / np.sqrt((field**2).mean()) * width / np.sqrt(2) * np.exp(0.15 * rng.standard_normal())
    labels = (rows[None, :, None] > (level + own)[:, None, :]).astype(np.uint8)
    return Rated(name, name, labels, SPACING, None)


def scores(width: float, rng: np.random.Generator) -> np.ndarray:
    """(widths, patients) Brier scores in the band."""
    columns = []
    for number in range(PATIENTS):
        cut = prepare(drawn(f"p{number}", width, rng), {"one": (1,)}, band_mm=15.0, margin_mm=50.0)
        columns.append(measure.measure(cut, LINE, classes=2)["brier"][0, :, :, 1].mean(axis=0))
    return np.stack(columns, axis=1)


def share_found(draws: int, seed: int) -> float:
    rng, found = np.random.default_rng(seed), 0
    for draw in range(draws):
        width = 0.7 * 4 ** rng.random()
        best = find_best(scores(width, rng), WIDTHS, draws=500, seed=draw)
        found += best.low <= width <= best.high
    return found / draws


def test_known_width_of_masks_is_found() -> None:
    assert share_found(2, seed=1) == 1


@pytest.mark.torture
def test_known_width_of_masks_is_in_its_interval_in_nine_of_ten_draws() -> None:
    assert share_found(200, seed=0) >= 0.9
