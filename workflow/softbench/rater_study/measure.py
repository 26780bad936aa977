"""One case: each line of soft labels, made from each rater in turn, against the other raters."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from softbench.rater_study import trials
from softbench.rater_study.cut import Prepared
from softbench.rater_study.scores import OF_REGION, REGIONS, Scores, lower_bound, of_sums
from softbench.rater_study.sums import BINS, FLOORS, ZONES, Sums
from softbench.rater_study.trials import OTHERS, Line

VERSION = 2
FAR = 4  # voxels along each axis of an array without any structure, whose soft label is that of voxels far away


def facts(cut: Prepared) -> dict[str, Any]:
    """Return what is known of a case whatever the soft label, as plain JSON.

    By structure: `volumes_ml` of each rater; `apart`, how many pairs of raters who both drew it have no voxel in
    common; `area_mm2` of the boundary, mean over raters; `disagreement_mm`, how far apart two raters' boundaries lie on
    average: the volume that one of two raters has and the other has not, over the area; `bound`, (R, regions, floors),
    the cross-entropy that no label goes below. In 2-D mm² and mm stand for ml and mm².
    """
    voxel = float(np.prod(cut.spacing_mm))
    told = {name: _facts_of(cut, name, voxel) for name in cut.structures}
    spacing = list(map(float, cut.spacing_mm))
    return {"patient": cut.patient, "spacing_mm": spacing, "raters": cut.raters, "structures": told}


def _facts_of(cut: Prepared, name: str, voxel: float) -> dict[str, Any]:
    masks, count, area = cut.masks(name), cut.raters, cut.areas_mm2[name]
    unit = 1000 if len(cut.spacing_mm) == 3 else 1
    votes = masks.sum(axis=0)
    differ = float((2 * votes * (count - votes)).sum() / (count * (count - 1)))
    zones = np.concatenate([np.zeros(0, np.uint8), *(zone.reshape(-1) for zone in cut.zones[name])])
    others = [_other_votes(votes - masks[rater], zones, count, cut.outside) for rater in range(count)]
    bounds = [lower_bound(np.stack([table[part].sum(axis=0) for part in OF_REGION.values()]), count - 1)
              for table in others]  # fmt: skip
    drawn = [mask for mask in masks if mask.any()]
    pairs = [(a, b) for b in range(len(drawn)) for a in range(b)]
    return {
        "apart": sum(not (drawn[a] & drawn[b]).any() for a, b in pairs),
        "volumes_ml": [float(np.count_nonzero(mask)) * voxel / unit for mask in masks],
        "area_mm2": area,
        "disagreement_mm": differ * voxel / area if area else None,
        "bound": [[[None if np.isnan(v) else v for v in row] for row in bound.tolist()] for bound in bounds],
    }


def _other_votes(votes: np.ndarray, zones: np.ndarray, raters: int, outside: int) -> np.ndarray:
    """Return voxels by zone and number of the other raters, (zones, R)."""
    pairs = np.bincount(zones.astype(int) * raters + votes, minlength=ZONES * raters).reshape(ZONES, raters)
    pairs[0, 0] += outside
    return pairs


def measure(cut: Prepared, line: Line, *, classes: int) -> dict[str, np.ndarray]:
    """Return the scores of a line, with axes S structures, R raters that the label was made of, K values.

    Args:
        cut: the case.
        line: a recipe over values, or the other raters' mean.
        classes: number of classes.
    Returns: `voxels` and `brier` (S, R, K, regions), `cross_entropy` (..., floors), `bins` (..., bins, 3), `width_mm`
        (S, R, K), how far apart the edges of two masks drawn of the label lie on average within the band, as
        `disagreement_mm`; `ged` (S, R, K). NaN for a structure that nobody drew.
    """
    held = _enough_for(cut, line, classes)
    count = len(line.trials) if line.name != OTHERS else 1
    result = _empty((len(cut.structures), cut.raters, count))
    for rater in range(cut.raters):
        totals = {name: [Sums.zeros(cut.raters) for _ in range(count)] for name in cut.structures}
        for number, trial, name, p in _probabilities(held, line, rater, classes):
            if number >= 0:
                totals[name][trial].add(p, held.drawn[name][number], rater, held.zones[name][number])
            else:
                _add_outside(totals[name][trial], p, rater, held.outside)
            del p
        for place, name in enumerate(cut.structures):
            among = cut.among_others[name][rater]
            if among is None:
                continue
            for trial, total in enumerate(totals[name]):
                _keep(result, (place, rater, trial), of_sums(total, among), cut.areas_mm2[name], cut.spacing_mm)
    return result


def _enough_for(cut: Prepared, line: Line, classes: int) -> Prepared:
    """Return a case in such boxes that a line's labels are those of the whole image."""
    if cut.image is not None or not cut.labels:
        return cut
    around_mm = trials.needed_around_mm(
        line, cut.source.within(cut.source.enclosing(0, cut.spacing_mm)), cut.spacing_mm, classes
    )
    return cut.whole(around_mm) if around_mm else cut


def _probabilities(cut: Prepared, line: Line, rater: int, classes: int) -> Iterator[tuple[int, int, str, np.ndarray]]:
    """Give the number of the box (-1: outside of all), the trial, the structure and its probability."""
    for number, labels in enumerate(cut.labels):
        if line.name == OTHERS:
            others = np.delete(labels, rater, axis=0)
            for name, ids in cut.structures.items():
                yield number, 0, name, np.isin(others, list(ids)).mean(axis=0, dtype=np.float32)
            continue
        for trial, soft in enumerate(_soften(cut, line, labels[rater : rater + 1], cut.image, classes)):
            for name, ids in cut.structures.items():
                yield number, trial, name, _share(soft, ids)
            del soft
    if cut.outside:
        yield from _outside(cut, line, classes)


def _outside(cut: Prepared, line: Line, classes: int) -> Iterator[tuple[int, int, str, np.ndarray]]:
    """Give the probability of a voxel far from any structure, by trial and structure."""
    nothing = np.zeros((1, *[FAR] * len(cut.spacing_mm)), np.uint8)
    if line.name == OTHERS:
        yield from ((-1, 0, name, np.zeros(1, np.float32)) for name in cut.structures)
        return
    for trial, soft in enumerate(_soften(cut, line, nothing, None, classes)):
        yield from ((-1, trial, name, _share(soft, ids).reshape(-1)[:1]) for name, ids in cut.structures.items())


def _soften(
    cut: Prepared, line: Line, labels: np.ndarray, image: np.ndarray | None, classes: int
) -> Iterator[np.ndarray]:
    return trials.soften(line, labels, image, cut.spacing_mm, classes=classes, case=cut.id)


def _share(soft: np.ndarray, ids: Sequence[int]) -> np.ndarray:
    """Return the probability of a structure, its classes' sum."""
    return np.minimum(soft[list(ids)].sum(axis=0), np.float32(1)) if len(ids) > 1 else soft[ids[0]]


def _add_outside(total: Sums, p: np.ndarray, rater: int, times: int) -> None:
    total.add(p, np.zeros(1, np.uint16), rater, np.zeros(1, np.uint8), times=times)


def _empty(shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    by_region = (*shape, len(REGIONS))
    return {
        "voxels": np.zeros(by_region),
        "brier": np.full(by_region, np.nan),
        "cross_entropy": np.full((*by_region, len(FLOORS)), np.nan),
        "bins": np.zeros((*by_region, BINS, 3)),
        "width_mm": np.full(shape, np.nan),
        "ged": np.full(shape, np.nan),
    }


def _keep(
    result: dict[str, np.ndarray],
    where: tuple[int, ...],
    scores: Scores,
    area: float,
    spacing_mm: Sequence[float],
) -> None:
    result["voxels"][where], result["brier"][where] = scores.voxels, scores.brier
    result["cross_entropy"][where], result["bins"][where] = scores.cross_entropy, scores.bins
    result["ged"][where] = scores.ged
    band = scores.spread[REGIONS.index("band")]
    result["width_mm"][where] = band * float(np.prod(spacing_mm)) / area if area else np.nan
