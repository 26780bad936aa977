"""Scores a lesion: overlap and distance of each one, and which were found, as BraTS counts them since 2023."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from softbench.checks import require_same_shape, require_spacing
from softbench.metrics.inputs import require_mask
from softbench.metrics.metric import FRACTION, OPEN, Metric, ratio
from softbench.metrics.surface import between, hd95

VERSION = 1
DILATIONS = 3  # of the reference: its parts that then touch are one lesion
IGNORED = 50.0  # mm³ (mm² in 2-D): reference lesions of at most this size do not count
MISS_MM = 374.0  # distance of a lesion that was missed or made up: the diagonal of BraTS' grid
Box = tuple[slice, ...]


@dataclass(frozen=True, eq=False)
class Lesions:
    """The reference lesions of a case that count, and the predicted ones that touch none.

    dsc, hd95_mm, hit: (n,) of each lesion: with all predicted components that touch it; 0, 374 mm and False where it
        was missed. false_positives: predicted components that touch no lesion, an ignored one neither.
    """

    dsc: np.ndarray
    hd95_mm: np.ndarray
    hit: np.ndarray
    false_positives: int

    @property
    def mean_dsc(self) -> float:
        """Sum of DSC / (n + false positives), 0 to 1; NaN where there are neither."""
        return ratio(float(self.dsc.sum()), len(self.dsc) + self.false_positives)

    @property
    def mean_hd95_mm(self) -> float:
        """(Sum of HD95 + 374 mm a false positive) / (n + false positives), mm; NaN where there are neither."""
        made_up = MISS_MM * self.false_positives
        return ratio(float(self.hd95_mm.sum()) + made_up, len(self.dsc) + self.false_positives)

    @property
    def recall(self) -> float:
        """Share of the lesions that were hit; NaN where there are none."""
        return ratio(int(self.hit.sum()), len(self.hit))

    @property
    def precision(self) -> float:
        """Hit lesions / (hit lesions + false positives); NaN where there are neither."""
        hits = int(self.hit.sum())
        return ratio(hits, hits + self.false_positives)

    @property
    def f1(self) -> float:
        """2 hits / (2 hits + missed lesions + false positives); NaN where there are no lesions and no false ones."""
        hits = int(self.hit.sum())
        return ratio(2 * hits, hits + len(self.hit) + self.false_positives)


def match_lesions(prediction: np.ndarray, reference: np.ndarray, spacing_mm: Sequence[float]) -> Lesions:
    r"""Match the connected components of a prediction with the lesions of a reference.

    .. math:: \frac{\sum_l \mathrm{DSC}_l}{n + FP}, \quad \frac{\sum_l \mathrm{HD95}_l + 374\,FP}{n + FP}

    Components have 26 neighbours (8 in 2-D). Parts of the reference that touch after three dilations (18 neighbours;
    8 in 2-D) are one lesion. A predicted component touches a lesion where it meets its dilated mask, and then counts
    whole for it. Lesions of at most 50 mm³ are left out of n, and what touches them is no false positive.

    Args:
        prediction, reference: (D, H, W) or (H, W) bool, of one shape.
        spacing_mm: one number an axis.
    Returns: see `Lesions`.
    Raises: InputError: if the masks are not bool or differ in shape, or the spacing does not fit.
    Source: BraTS 2023, lesion-wise metrics, the challenge's code (eval.py of rachitsaluja/BraTS-2023-Metrics) with its
        settings for glioma; for meningioma it dilates once, for metastases once with 2 mm³. Recall, precision and F1:
        of its counts, definition here. Departures: where nothing is left to score the means are NaN, where theirs are 1
        (DSC) and 0 (HD95); HD95 is this suite's, of surface voxels, where theirs is of surfels weighted by area; in
        2-D sizes are areas, where theirs has volumes alone.
    """
    prediction, reference = require_mask("prediction", prediction), require_mask("reference", reference)
    require_same_shape("prediction", prediction.shape, "reference", reference.shape)
    spacing = require_spacing(spacing_mm, prediction.ndim)
    box = _around(prediction, reference)
    parts = _split(prediction[box], reference[box])
    smallest = IGNORED / float(np.prod(spacing))
    counted = [lesion for lesion in range(1, len(parts.sizes)) if parts.sizes[lesion] > smallest]
    scores = [_score(lesion, parts, spacing) for lesion in counted]
    dsc, distances, hit = zip(*scores, strict=True) if scores else ((), (), ())
    return Lesions(np.array(dsc, float), np.array(distances, float), np.array(hit, bool), parts.false_positives)


@dataclass(frozen=True, eq=False)
class _Parts:
    """Numbered parts of two masks.

    components: of the prediction. lesions: of the reference. sizes: voxels of each lesion, from number 0 on. hits: (2,
    pairs), lesion and component that touch. boxes: around each dilated lesion, and around each component.
    """

    components: np.ndarray
    lesions: np.ndarray
    sizes: np.ndarray
    hits: np.ndarray
    boxes: tuple[list[Box], list[Box]]

    @property
    def false_positives(self) -> int:
        return len(self.boxes[1]) - len(np.unique(self.hits[1]))


def _split(prediction: np.ndarray, reference: np.ndarray) -> _Parts:
    """Number lesions and components, and find which touch by one list of the pairs that share a voxel."""
    neighbours = np.ones((3,) * prediction.ndim, bool)
    components, number = ndimage.label(prediction, neighbours)
    reach = ndimage.generate_binary_structure(prediction.ndim, 2)
    zones, lesions = ndimage.label(ndimage.binary_dilation(reference, reach, iterations=DILATIONS), neighbours)
    shared = (zones > 0) & prediction
    pairs = np.unique(zones[shared].astype(np.int64) * (number + 1) + components[shared])
    return _Parts(
        components,
        np.where(reference, zones, 0),
        np.bincount(zones[reference], minlength=lesions + 1),
        np.array(np.divmod(pairs, number + 1)),
        (ndimage.find_objects(zones), ndimage.find_objects(components)),
    )


def _score(lesion: int, parts: _Parts, spacing_mm: tuple[float, ...]) -> tuple[float, float, bool]:
    """Return DSC and HD95 (mm) of a lesion with all components that touch it, and whether one does."""
    touching = parts.hits[1][parts.hits[0] == lesion]
    if not len(touching):
        return 0.0, MISS_MM, False
    here = _union([parts.boxes[0][lesion - 1], *(parts.boxes[1][component - 1] for component in touching)])
    true, found = parts.lesions[here] == lesion, np.isin(parts.components[here], touching)
    sizes = int(np.count_nonzero(true)) + int(np.count_nonzero(found))
    return 2 * int(np.count_nonzero(true & found)) / sizes, between(found, true, spacing_mm).distance(hd95), True


def _around(prediction: np.ndarray, reference: np.ndarray) -> Box:
    """Return the box that holds both masks and what the dilations of the reference reach; in the array."""
    either = prediction | reference
    box = []
    for axis, length in enumerate(either.shape):
        places = np.flatnonzero(either.any(axis=tuple(other for other in range(either.ndim) if other != axis)))
        low, high = (places[0], places[-1]) if len(places) else (0, 0)
        box.append(slice(max(0, int(low) - DILATIONS), min(length, int(high) + DILATIONS + 1)))
    return tuple(box)


def _union(boxes: Sequence[Box]) -> Box:
    """Return the box around some boxes."""
    return tuple(slice(min(s.start for s in axis), max(s.stop for s in axis)) for axis in zip(*boxes, strict=True))


BRATS = "BraTS 2023, code of the challenge, glioma"
NOTHING = "NaN where there is no lesion that counts and no false positive"
METRICS = (
    Metric(
        "lesion_dsc", "lesion-wise DSC", "1", "higher", FRACTION,
        "sum over R's lesions of the DSC with all parts of P that touch them, over lesions + false positives", NOTHING,
        f"{BRATS}. Departure: theirs is 1 where nothing is left to score",
        of="lesions", asked_by="lesions", compute=lambda lesions: lesions.mean_dsc,
    ),
    Metric(
        "lesion_hd95", "lesion-wise HD95", "mm", "lower", OPEN,
        "as lesion_dsc, of hd95; a missed lesion and a false positive count as 374 mm", NOTHING,
        f"{BRATS}. Departures: hd95 is ours; theirs is 0 where nothing is left to score",
        of="lesions", asked_by="lesions", compute=lambda lesions: lesions.mean_hd95_mm,
    ),
    Metric(
        "lesion_f1", "lesion F1", "1", "higher", FRACTION,
        "2 hits / (2 hits + missed lesions + false positives); a lesion is hit where P touches it, dilated 3 times",
        NOTHING, f"counts of {BRATS}; the definition is ours",
        of="lesions", asked_by="lesions", compute=lambda lesions: lesions.f1,
    ),
    Metric(
        "lesion_recall", "lesion recall", "1", "higher", FRACTION, "hits / lesions",
        "NaN where there is no lesion that counts", f"counts of {BRATS}; the definition is ours",
        of="lesions", asked_by="lesions", compute=lambda lesions: lesions.recall,
    ),
    Metric(
        "lesion_precision", "lesion precision", "1", "higher", FRACTION, "hits / (hits + false positives)",
        "NaN where there is neither a hit nor a false positive", f"counts of {BRATS}; the definition is ours",
        of="lesions", asked_by="lesions", compute=lambda lesions: lesions.precision,
    ),
)  # fmt: skip
