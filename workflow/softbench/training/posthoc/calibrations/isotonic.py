"""Isotonic regression: how often the most probable class is right, as a rising function of its lead."""

import numpy as np
import torch
from scipy.optimize import isotonic_regression

from softbench.training.posthoc.seen import Calibration, Seen, Validation

VERSION = 1
MOST = 1 << 25  # voxels that are sorted; of more, each case gives an equal number, evenly spaced


def fit(validation: Validation) -> Calibration:
    r"""Fit the share of correct labels to the margin between the two largest probabilities, rising.

    .. math:: f = \arg\min_{f \text{ rising}} \sum_v \sum_r \big( [y_{vr} = \hat c_v] - f(m_v) \big)^2, \quad
        m = p_{(1)} - p_{(2)}

    The most probable class gets the probability f(m), and the others keep their ratio:
    :math:`p'_k = p_k (1 - f) / (1 - p_{(1)})`. Between the margins that were seen f is linear, beyond them constant. It
    stays within [1 / 2N, 1 - 1 / 2N] with N labels: no finite sample makes a label certain. Where f(m) is below what
    the second class then has, the label map changes.

    Returns: the calibration; that of `raw` where there is no valid voxel.
    Source: Zadrozny & Elkan 2002, of the top class as in Zhang, Kailkhura & Han 2020 (their "IRM" keeps the order of
        all classes). Departures: those stated above.
    """
    margins, right, labels = _gather(validation)
    if not len(margins):
        return Calibration(lambda logits, _: torch.softmax(logits, dim=0), {"steps": 0})
    fitted = isotonic_regression(right / labels, weights=labels).x
    total = float(labels.sum())
    fitted = np.clip(fitted, 1 / (2 * total), 1 - 1 / (2 * total))
    knots = _corners(fitted)
    at, value = margins[knots], fitted[knots]

    def apply(logits: torch.Tensor, _: np.ndarray) -> torch.Tensor:
        probabilities = torch.softmax(logits, dim=0)
        lead, best = _lead(probabilities)
        top = torch.from_numpy(np.interp(lead.numpy(), at, value).astype(np.float32))
        return replace_top(probabilities, best, top)

    return Calibration(apply, {"steps": len(np.unique(value)), "lowest": float(value[0]), "highest": float(value[-1])})


def replace_top(probabilities: torch.Tensor, best: torch.Tensor, top: torch.Tensor) -> torch.Tensor:
    """Return probabilities (C, ...) in which the class `best` (...) has the probability `top`, and the others share the
    rest in their ratio; equally where they had nothing."""
    place = best.unsqueeze(0)
    others = probabilities.scatter(0, place, 0.0)
    rest = others.sum(dim=0, keepdim=True)
    even = torch.full_like(probabilities, 1 / (len(probabilities) - 1)).scatter(0, place, 0.0)
    shares = torch.where(rest > 0, others / rest.clamp_min(torch.finfo(rest.dtype).tiny), even)
    return (shares * (1 - top)).scatter(0, place, top.unsqueeze(0))


def _gather(validation: Validation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the distinct margins, rising, and of each how many labels are right, and how many there are."""
    found = [_of_case(seen, MOST // len(validation.patients)) for seen in validation]
    margins, right, labels = (np.concatenate(parts) for parts in zip(*found, strict=True))
    distinct, place = np.unique(margins, return_inverse=True)
    return distinct, np.bincount(place, weights=right), np.bincount(place, weights=labels)


def _of_case(seen: Seen, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    logits, labels = seen.voxels()
    step = -(-labels.shape[1] // most) or 1
    lead, best = _lead(torch.softmax(logits[:, ::step], dim=0))
    right = (labels[:, ::step] == best).sum(dim=0).double().numpy()
    return lead.double().numpy(), right, np.full(len(right), float(len(labels)))


def _lead(probabilities: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the margin between the two largest probabilities, and the class of the largest."""
    largest = probabilities.topk(2, dim=0)
    return largest.values[0] - largest.values[1], largest.indices[0]


def _corners(values: np.ndarray) -> np.ndarray:
    """Return where a rising sequence begins or ends a run of equal values: the others add nothing to its line."""
    inner = (values[1:-1] == values[:-2]) & (values[1:-1] == values[2:])
    corners: np.ndarray = np.flatnonzero(~np.concatenate([[False], inner, [False]][: len(values)]))
    return corners
