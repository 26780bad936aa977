"""A case cut into boxes around what raters labelled: what is far from all of it is alike and need not be held."""

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from softbench.areas import boundary_area_mm
from softbench.arrays import bounding_box
from softbench.boxes import Box, around_objects
from softbench.rater_study import regions
from softbench.rater_study.cases import Rated
from softbench.rater_study.scores import mean_among
from softbench.rater_study.sums import pack

VERSION = 3  # 3: the area is that of the surface, no longer that of voxel faces
Shares = Mapping[str, Sequence[int]]  # structure -> class ids


@dataclass(frozen=True)
class Labelled:
    """The label maps of a case without what nobody labelled.

    labels: (R, ...) uint8 of the box that holds all that was labelled. place: of that box. shape: of the whole image.
    """

    labels: np.ndarray
    place: Box
    shape: tuple[int, ...]

    @classmethod
    def of(cls, labels: np.ndarray) -> "Labelled":
        """Keep a copy of the part of label maps (R, ...) that holds anything."""
        anywhere = np.zeros(labels.shape[1:], bool)
        for rater in labels:
            anywhere |= rater > 0
        place = bounding_box(anywhere)
        return cls(labels[:, *place].copy(), place, labels.shape[1:])

    def within(self, box: Box) -> np.ndarray:
        """Return the labels (R, ...) within a box of the image, background where nothing is held."""
        result = np.zeros((len(self.labels), *(part.stop - part.start for part in box)), np.uint8)
        held, wanted = [], []
        for own, part in zip(self.place, box, strict=True):
            start, stop = max(own.start, part.start), min(own.stop, part.stop)
            if start >= stop:
                return result
            held.append(slice(start - own.start, stop - own.start))
            wanted.append(slice(start - part.start, stop - part.start))
        result[:, *wanted] = self.labels[:, *held]
        return result

    def boxes(self, margin: Sequence[int], windows: Sequence[int]) -> list[Box]:
        """Return boxes of the image around labelled objects, as `boxes.around_objects` does."""
        if not self.labels.size:
            return []
        near = tuple(
            slice(max(0, part.start - more - step) // step * step, min(length, part.stop + more + 2 * step))
            for part, more, step, length in zip(self.place, margin, windows, self.shape, strict=True)
        )  # begins where a window does, and is so large that its end is no end of a box unless it is the image's
        shift = [part.start for part in near]
        anywhere = np.asarray(self.within(near).any(axis=0))
        found = around_objects(anywhere, margin, windows)
        return [tuple(slice(a.start + n, a.stop + n) for a, n in zip(box, shift, strict=True)) for box in found]

    def enclosing(self, margin_mm: float, spacing_mm: Sequence[float]) -> Box:
        """Return the one box that holds all that was labelled with a margin; all of the image where it is infinite."""
        if math.isinf(margin_mm):
            return tuple(slice(0, length) for length in self.shape)
        more = [math.ceil(margin_mm / step) + 1 for step in spacing_mm]
        return tuple(
            slice(max(0, part.start - extra), min(length, part.stop + extra))
            for part, extra, length in zip(self.place, more, self.shape, strict=True)
        )


@dataclass
class Prepared:
    """A case cut into boxes.

    id, patient, spacing_mm, raters: of the case. band_mm: half width of the band. margin_mm: of the boxes, which hold
    the whole band. labels: of each box (R, ...). image: of the one box that there is then, or None. drawn: structure ->
    bits of each box, see `sums.pack`. zones: structure -> zones of each box. outside: how many voxels lie in no box.
    """

    id: str
    patient: str
    spacing_mm: tuple[float, ...]
    raters: int
    structures: Shares
    band_mm: float
    margin_mm: float
    source: Labelled
    image: np.ndarray | None = None
    labels: list[np.ndarray] = field(default_factory=list)
    drawn: dict[str, list[np.ndarray]] = field(default_factory=dict)
    zones: dict[str, list[np.ndarray]] = field(default_factory=dict)
    outside: int = 0

    def masks(self, structure: str) -> np.ndarray:
        """Return the voxels of all boxes that each rater drew a structure in, (R, N) bool."""
        bits = np.concatenate([np.zeros(0, np.uint16), *(drawn.reshape(-1) for drawn in self.drawn[structure])])
        return np.stack([(bits >> rater) & 1 == 1 for rater in range(self.raters)])

    @functools.cached_property
    def areas_mm2(self) -> dict[str, float]:
        """The area of each structure's boundary, mean over raters, mm² (mm in 2-D)."""
        return {name: float(np.mean([self._area(drawn, rater) for rater in range(self.raters)]))
                for name, drawn in self.drawn.items()}  # fmt: skip

    def _area(self, drawn: Sequence[np.ndarray], rater: int) -> float:
        return sum((boundary_area_mm((bits >> rater) & 1, self.spacing_mm) for bits in drawn), start=0.0)

    @functools.cached_property
    def among_others(self) -> dict[str, list[float | None]]:
        """By structure and rater, the mean distance 1 - IoU of two of the other raters; None if nobody drew it."""
        held = {name: self.masks(name) for name in self.structures}
        return {
            name: [mean_among(np.delete(masks, rater, axis=0)) if masks.any() else None for rater in range(self.raters)]
            for name, masks in held.items()
        }

    def whole(self, around_mm: float) -> "Prepared":
        """Return the same case as one box that holds all that was labelled, with so many mm around it (inf: all).

        Where boxes have more around them, it has as much, so that all labels are scored over the same band.
        """
        one = replace(self, labels=[], drawn={}, zones={})
        around_mm = max(around_mm, self.margin_mm)
        one.fill([self.source.enclosing(around_mm, self.spacing_mm)] if self.source.labels.size else [])
        return one

    def fill(self, places: Sequence[Box]) -> None:
        """Take the boxes at these places of the image."""
        self.labels = [self.source.within(place) for place in places]
        self.outside = math.prod(self.source.shape) - sum(labels[0].size for labels in self.labels)
        for name, ids in self.structures.items():
            masks = [np.isin(labels, list(ids)) for labels in self.labels]
            self.drawn[name] = [pack(mask) for mask in masks]
            self.zones[name] = [regions.zones(mask, self.spacing_mm, self.band_mm) for mask in masks]


def prepare(
    case: Rated, structures: Shares, *, band_mm: float, margin_mm: float, windows: Sequence[int] | None = None
) -> Prepared:
    """Cut a case into boxes around what raters labelled; one box of all where there is an image, which recipes see.

    Args:
        case: as read; of its label maps, no more is held than what was labelled.
        structures: name -> class ids.
        band_mm: half width of the band.
        margin_mm: of the boxes; where the band reaches further, as much as it needs.
        windows: voxels along each axis at whose multiples boxes begin and end, for labels on a coarser grid.
    """
    spacing_mm, source = case.spacing_mm, Labelled.of(case.labels)
    largest = max(map(float, spacing_mm))
    margin_mm = max(margin_mm, max(band_mm, largest) + largest)  # the boundary begins a voxel outside of a structure
    shared = (structures, band_mm, margin_mm, source, case.image)
    cut = Prepared(case.id, case.patient, spacing_mm, len(case.labels), *shared)
    if case.image is not None:
        cut.fill([tuple(slice(0, length) for length in source.shape)])
        return cut
    margin = [math.ceil(margin_mm / step) for step in spacing_mm]
    cut.fill(source.boxes(margin, windows or [1] * len(spacing_mm)))
    return cut
