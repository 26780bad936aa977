"""What an array that a file gives as probabilities is: a distribution, one in other units, or something else.

A distribution lies in [0, 1] and sums to 1 over the classes (1e-3), in every voxel that counts. What is near one, such
as percentages or bytes, is divided by its sums where that is asked for; what is none is named, with what to do.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from softbench.jobs.faults import FileError
from softbench.metrics.inputs import SLACK, SUM, extent

VERSION = 1
BOUND = 0.02  # share of the whole by which `renormalise` lets a voxel's sum differ from it
WHOLES = {1: "sums near 1", 100: "percentages", 255: "bytes", 1000: "shares of 1000", 65535: "16-bit integers"}
LOW = 0.5  # mean sum of classes


@dataclass(frozen=True)
class Read:
    """Probabilities as they are scored, and how they were stored.

    values: (C, ...) float. whole: what the classes of a voxel summed to, where they were divided by their sums; else 0.
    deviation: the largest share of the whole by which a sum differed from it. one_hot: whether all are 0 or 1.
    """

    values: np.ndarray
    whole: int = 0
    deviation: float = 0.0
    one_hot: bool = False


def read(array: np.ndarray, reference: np.ndarray, valid: np.ndarray | None, *, renormalise: bool = False) -> Read:
    """Return an array as probabilities.

    Args:
        array: (C, ...) numbers of any type; booleans and integers 0 and 1 that sum to 1 are one-hot probabilities.
        reference: (...) class ids, to tell which class the channels hold.
        valid: voxels that count; None for all.
        renormalise: whether to divide what is near a distribution, in whatever unit, by its sums: where in every voxel
            the classes sum to the same whole (1, 100, 255, 1000 or 65535) within 2 %, or within one step a class where
            all values are whole numbers above 1. Values below 0 by as much (of splines) become 0.
    Raises: FileError: says what the array is instead.
    """
    array = array if np.issubdtype(array.dtype, np.floating) else array.astype(np.float32)
    low, high, least, most = extent(array, valid)
    if not np.isfinite([low, high, least, most]).all():
        raise FileError(_not_finite(array, valid), "NaN")
    if low >= -SLACK and high <= 1 + SLACK and least >= 1 - SUM and most <= 1 + SUM:
        return Read(array, one_hot=_is_one_hot(array, valid))
    whole, deviation = _whole(array, (low, high, least, most), valid)
    if not whole:
        raise FileError(*_name(array, reference, valid, (low, high, least, most)))
    if not renormalise:
        raise FileError(_near(whole, low, high, least, most), f"near {whole}")
    positive = np.maximum(array, 0)
    sums = positive.sum(axis=0, dtype=np.float64)
    scaled = positive / np.where(sums > 0, sums, 1)
    return Read(scaled.astype(np.float32), whole, deviation, _is_one_hot(scaled, valid))


def _not_finite(array: np.ndarray, valid: np.ndarray | None) -> str:
    bad = ~np.isfinite(array).all(axis=0)
    return (
        f"it holds NaN or infinite values in {share(bad if valid is None else bad & valid, valid)} of its voxels. The "
        "network that made them has diverged, or its input held NaN: predict this case again, or leave it out "
        "(--skip-bad)"
    )


def share(mask: np.ndarray, valid: np.ndarray | None = None) -> str:
    """Return the percentage of voxels that a mask marks, and how many; of those that count.

    >>> share(np.array([True, False, False, False]))
    '25 % (1 of 4)'
    """
    total = mask.size if valid is None else int(np.count_nonzero(valid))
    marked = int(np.count_nonzero(mask))
    return f"{100 * marked / max(total, 1):.2g} % ({marked} of {total})"


def _is_one_hot(array: np.ndarray, valid: np.ndarray | None) -> bool:
    step = max(1, array.size // 4096)
    some = array.reshape(-1)[::step] if valid is None else array[:, valid][:, :100]
    if not ((some == 0) | (some == 1)).all():  # the usual case, without a look at all
        return False
    counted = array if valid is None else array[:, valid]
    return bool(((counted == 0) | (counted == 1)).all())


def _whole(array: np.ndarray, spans: tuple[float, float, float, float], valid: np.ndarray | None) -> tuple[int, float]:
    """Return what the classes of each voxel sum to within the bound, and by which share they miss it; else 0."""
    low, high, least, most = spans
    for whole in WHOLES:
        step = 1 / whole if whole > 1 and _are_whole(array, valid) else 0.0
        bound = max(BOUND, len(array) * step)
        deviation = max(whole - least, most - whole, 0.0) / whole
        if deviation <= bound and low >= -bound * whole and high <= (1 + bound) * whole:
            return whole, deviation
    return 0, 0.0


def _are_whole(array: np.ndarray, valid: np.ndarray | None) -> bool:
    counted = array if valid is None else array[:, valid]
    return bool((counted == np.rint(counted)).all())


def _near(whole: int, low: float, high: float, least: float, most: float) -> str:
    """Say which unit a near distribution has."""
    spans = f"it spans {low:.6g} to {high:.6g}, and its classes sum to {least:.6g} to {most:.6g}"
    if whole == 1:
        kind = "probabilities that a spline resampled" if low < -SLACK else "rounded probabilities"
        return f"{spans}: they look like {kind}. To divide them by their sums: --renormalise"
    return (
        f"{spans}: they look like probabilities stored as {WHOLES[whole]}. To divide them by their sums: --renormalise"
    )


def _name(
    array: np.ndarray, reference: np.ndarray, valid: np.ndarray | None, spans: tuple[float, float, float, float]
) -> tuple[str, str]:
    """Say what an array is that is no distribution and near none; and the kind of this fault."""
    low, high, least, most = spans
    found = f"it spans {low:.6g} to {high:.6g}, and its classes sum to {least:.6g} to {most:.6g}"
    unit = next((whole for whole in WHOLES if high <= (1 + BOUND) * whole and (whole == 1 or high > whole / 2)), 0)
    if not unit or low < -BOUND * unit:
        return _name_logits(array, valid, spans, found)
    counted, labels = (array.reshape(len(array), -1), reference.ravel())
    if valid is not None:
        counted, labels = counted[:, valid.ravel()], labels[valid.ravel()]
    sums = counted.sum(axis=0) / unit
    if _lacks_background(counted, labels, sums):
        return (
            f"{found}: the background has no channel, for where the reference is 0, they sum to "
            f"{unit * sums[labels == 0].mean():.2g} on average. Put {unit} minus the sum before the others: "
            f"np.concatenate([{unit} - p.sum(-1, keepdims=True), p], -1) of a NIfTI's array, axis 0 of an npz's",
            "no background",
        )
    empty = sums < SUM
    if empty.any() and (np.abs(sums[~empty] - 1) <= BOUND).all():
        return (
            f"{found}: in {share(empty)} of its voxels all classes are 0, as where a crop was padded with zeros. "
            f"Set the background's channel (the first) to {unit} there",
            "padded",
        )
    if sums.max() > 1 + BOUND:
        return (
            f"{found}: each class is a probability, but together they are no distribution, as of a network with a "
            "sigmoid for each region. Give its label maps instead: overlap and distances need no more",
            "sigmoid",
        )
    return (
        f"{found}, so in some voxels a part of the probability is missing. Write the softmax over all classes, the "
        "background included",
        "incomplete",
    )


def _lacks_background(counted: np.ndarray, labels: np.ndarray, sums: np.ndarray) -> bool:
    """Return whether channels fit the reference better as classes 1, 2, ... than as 0, 1, ..."""
    inside, outside = labels > 0, labels == 0
    if not inside.any() or not outside.any() or sums[outside].mean() > LOW:
        return False
    top = counted[:, inside].argmax(axis=0)
    return bool(np.count_nonzero(top + 1 == labels[inside]) > np.count_nonzero(top == labels[inside]))


def _name_logits(
    array: np.ndarray, valid: np.ndarray | None, spans: tuple[float, float, float, float], found: str
) -> tuple[str, str]:
    low, _, least, most = spans
    if low >= 0 and most - least <= 2 * BOUND * least:
        return f"{found}, so they look like probabilities times {(least + most) / 2:.6g}. Divide them by it", "times"
    counted = array if valid is None else array[:, valid]
    if counted.max() <= SLACK and (np.abs(np.exp(counted.astype(np.float64)).sum(axis=0) - 1) <= BOUND).all():
        return f"{found}: they are logarithms of probabilities. Write np.exp of them", "log"
    return (
        f"{found}: they look like logits, the network's output before its softmax. Write "
        "scipy.special.softmax(logits, axis=-1) of a NIfTI's array, axis=0 of an npz's",
        "logits",
    )


def notes(reads: Iterable[tuple[str, int, float, bool]]) -> list[str]:
    """Return a sentence for each method whose probabilities were divided by their sums, or are all 0 or 1.

    Args: reads: method, whole, deviation, one_hot of each case.
    """
    of_method: dict[str, list[tuple[int, float, bool]]] = {}
    for method, *facts in reads:
        of_method.setdefault(method, []).append(tuple(facts))  # type: ignore[arg-type]
    sentences = []
    for method, cases in of_method.items():
        if scaled := [(whole, deviation) for whole, deviation, _ in cases if whole]:
            wholes = sorted({whole for whole, _ in scaled})
            most = max(deviation for _, deviation in scaled)
            sentences.append(
                f"{method}: the probabilities of {len(scaled)} of {len(cases)} cases were divided by their sums "
                f"(--renormalise); these differed from {' or '.join(map(str, wholes))} by up to {100 * most:.2g} %."
            )
        if all(one_hot for *_, one_hot in cases):
            sentences.append(
                f"{method}: all probabilities are 0 or 1, so its calibration says only how often its labels are wrong."
            )
    return sentences
