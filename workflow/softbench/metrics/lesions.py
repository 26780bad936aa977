"""Scores a lesion: overlap and distance of each one, and which were found, as BraTS counts them since 2023."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from softbench.checks import require_positive, require_same_shape, require_spacing
from softbench.errors import InputError
from softbench.metrics.inputs import require_mask
from softbench.metrics.metric import FRACTION, OPEN, Metric, ratio
from softbench.metrics.surface import between, hd95

VERSION = 1
SETTINGS = {"dilations": 3, "ignored_mm3": 50.0, "miss_mm": 374.0}  # BraTS, glioma
ALLOWED = {  # of `scoring` of an experiment; what is left out is that of `GLIOMA`
    "dilations": {
        "type": "integer",
        "minimum": 0,
        "description": "of the reference: its parts that then touch are one",
    },
    "ignored_mm3": {"type": "number", "minimum": 0, "description": "mm³ (mm² in 2-D), lesions up to it do not count"},
    "miss_mm": {"type": "number", "exclusiveMinimum": 0, "description": "mm, the HD95 of a lesion missed or made up"},
}
Box = tuple[slice, ...]


@dataclass(frozen=True)
class Matching:
    """How lesions are told apart and counted; as left out, as BraTS does for glioma.

    dilations: of the reference; its parts that then touch are one lesion. ignored_mm3: reference lesions of at most
    this size do not count (mm² in 2-D). miss_mm: distance of a lesion that was missed or made up; BraTS takes the
    diagonal of its grid.
    """

    dilations: int = int(SETTINGS["dilations"])
    ignored_mm3: float = SETTINGS["ignored_mm3"]
    miss_mm: float = SETTINGS["miss_mm"]

    def __post_init__(self) -> None:
        """Raise InputError unless each is a number in its range."""
        if self.dilations < 0 or self.dilations != int(self.dilations):
            raise InputError(f"`dilations` must be a whole number of at least 0, but is {self.dilations!r}.")
        if not (np.isfinite(self.ignored_mm3) and self.ignored_mm3 >= 0):
            raise InputError(f"`ignored_mm3` must be a number of at least 0, but is {self.ignored_mm3!r}.")
        require_positive("miss_mm", self.miss_mm)


GLIOMA = Matching()


@dataclass(frozen=True, eq=False)
class Lesions:
    """The reference lesions of a case that count, and the predicted ones that touch none.

    dsc, hd95_mm, hit: (n,) of each lesion: with all predicted components that touch it; 0, `miss_mm` and False where
        it was missed. false_positives: predicted components that touch no lesion, an ignored one neither.
    """

    dsc: np.ndarray
    hd95_mm: np.ndarray
    hit: np.ndarray
    false_positives: int
    miss_mm: float = GLIOMA.miss_mm

    @property
    def mean_dsc(self) -> float:
        """Sum of DSC / (n + false positives), 0 to 1; NaN where there are neither."""
        return ratio(float(self.dsc.sum()), len(self.dsc) + self.false_positives)

    @property
    def mean_hd95_mm(self) -> float:
        """(Sum of HD95 + `miss_mm` a false positive) / (n + false positives), mm; NaN where there are neither."""
        made_up = self.miss_mm * self.false_positives
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


def match_lesions(
    prediction: np.ndarray, reference: np.ndarray, spacing_mm: Sequence[float], *, matching: Matching = GLIOMA
) -> Lesions:
    r"""Match the connected components of a prediction with the lesions of a reference.

    .. math:: \frac{\sum_l \mathrm{DSC}_l}{n + FP}, \quad \frac{\sum_l \mathrm{HD95}_l + 374\,FP}{n + FP}

    Components have 26 neighbours (8 in 2-D). Parts of the reference that touch after three dilations (18 neighbours;
    8 in 2-D) are one lesion. A predicted component touches a lesion where it meets its dilated mask, and then counts
    whole for it. Lesions of at most 50 mm³ are left out of n, and what touches them is no false positive. These three
    numbers are those of `GLIOMA`; `matching` may have others.

    Args:
        prediction, reference: (D, H, W) or (H, W) bool, of one shape.
        spacing_mm: one number an axis.
        matching: how often to dilate, which size to leave out, and the distance of a missed lesion.
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
    box = _around(prediction, reference, matching.dilations)
    parts = _split(prediction[box], reference[box], matching.dilations)
    smallest = matching.ignored_mm3 / float(np.prod(spacing))
    counted = [lesion for lesion in range(1, len(parts.sizes)) if parts.sizes[lesion] > smallest]
    scores = [_score(lesion, parts, spacing, matching.miss_mm) for lesion in counted]
    dsc, distances, hit = zip(*scores, strict=True) if scores else ((), (), ())
    arrays = (np.array(dsc, float), np.array(distances, float), np.array(hit, bool))
    return Lesions(*arrays, parts.false_positives, matching.miss_mm)


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


def _split(prediction: np.ndarray, reference: np.ndarray, dilations: int) -> _Parts:
    """Number lesions and components, and find which touch by one list of the pairs that share a voxel."""
    from scipy import ndimage  # here: importing the metrics takes a quarter less time without it

    neighbours = np.ones((3,) * prediction.ndim, bool)
    components, number = ndimage.label(prediction, neighbours)
    reach = ndimage.generate_binary_structure(prediction.ndim, 2)
    grown = ndimage.binary_dilation(reference, reach, iterations=dilations) if dilations else reference  # 0: for ever
    zones, lesions = ndimage.label(grown, neighbours)
    shared = (zones > 0) & prediction
    pairs = np.unique(zones[shared].astype(np.int64) * (number + 1) + components[shared])
    return _Parts(
        components,
        np.where(reference, zones, 0),
        np.bincount(zones[reference], minlength=lesions + 1),
        np.array(np.divmod(pairs, number + 1)),
        (ndimage.find_objects(zones), ndimage.find_objects(components)),
    )


def _score(lesion: int, parts: _Parts, spacing_mm: tuple[float, ...], miss_mm: float) -> tuple[float, float, bool]:
    """Return DSC and HD95 (mm) of a lesion with all components that touch it, and whether one does."""
    touching = parts.hits[1][parts.hits[0] == lesion]
    if not len(touching):
        return 0.0, miss_mm, False
    here = _union([parts.boxes[0][lesion - 1], *(parts.boxes[1][component - 1] for component in touching)])
    true, found = parts.lesions[here] == lesion, np.isin(parts.components[here], touching)
    sizes = int(np.count_nonzero(true)) + int(np.count_nonzero(found))
    return 2 * int(np.count_nonzero(true & found)) / sizes, between(found, true, spacing_mm).distance(hd95), True


def _around(prediction: np.ndarray, reference: np.ndarray, dilations: int) -> Box:
    """Return the box that holds both masks and what the dilations of the reference reach; in the array."""
    either = prediction | reference
    box = []
    for axis, length in enumerate(either.shape):
        places = np.flatnonzero(either.any(axis=tuple(other for other in range(either.ndim) if other != axis)))
        low, high = (places[0], places[-1]) if len(places) else (0, 0)
        box.append(slice(max(0, int(low) - dilations), min(length, int(high) + dilations + 1)))
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
        "as lesion_dsc, of hd95; a missed lesion and a false positive count as 374 mm, or `miss_mm` of config", NOTHING,
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
