"""The rows of a case against all raters together; what nothing asks for is not computed, and has none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from softbench.metrics.calibration import Reliability
from softbench.metrics.catalogue import select_metrics
from softbench.metrics.metric import values
from softbench.metrics.raters.compared import RaterMasks, RaterProbability
from softbench.metrics.raters.mean import Regions, Together, ToMean
from softbench.metrics.rows import MEAN, WHOLE, Row, Surroundings
from softbench.metrics.structure import probability

VERSION = 1


@dataclass(frozen=True, eq=False)
class AllRaters:
    """The raters of a case.

    references: (R, ...) label maps. given: what they share. together: their regions, where something is measured there.
    """

    references: np.ndarray
    given: Surroundings
    together: Together | None = None

    @classmethod
    def of(cls, references: np.ndarray, where: Sequence[Regions], given: Surroundings) -> "AllRaters":
        """Take label maps, and the regions of each."""
        asked = select_metrics("rater_mean", settings=given.asked)
        return cls(references, given, Together.unite(references, where, given.usable) if asked else None)

    @property
    def regions(self) -> dict[str, np.ndarray | None]:
        """Regions whose sums `of_structure` needs of each rater, besides their own; empty where nothing asks for it."""
        return dict(self.together.regions) if self.together else {}

    def of_masks(self, labels: np.ndarray) -> dict[tuple[int, str], list[Row]]:
        """Return the rows of each structure's mask in a predicted label map, (...), by rater: 0, and each left out."""
        metrics = select_metrics("rater_masks", settings=self.given.asked)
        left_out = select_metrics("left_out_rater", settings=self.given.asked)
        if not metrics:
            return {}
        rows: dict[tuple[int, str], list[Row]] = {}
        for structure, box in self.given.boxes(labels, *self.references).items():
            raters = np.stack([self.given.mask(reference, structure, box) for reference in self.references])
            masks = RaterMasks(self.given.mask(labels, structure, box), raters, self.given.spacing_mm)
            rows[MEAN, structure] = [(structure, key, "all", value) for key, value in values(metrics, masks).items()]
            for rater in range(1, 1 + len(self.references)) if left_out else ():
                without = masks.agreement.without[rater - 1]
                rows[rater, structure] = [
                    (structure, metric.key, "all", metric.measure(without)) for metric in left_out
                ]
        return rows

    def of_all_classes(
        self, probabilities: np.ndarray, statistics: Sequence[Mapping[str, Reliability]], bins: int
    ) -> list[Row]:
        """Return the rows of all classes.

        Args:
            probabilities: (C, ...) float.
            statistics: of each rater the sums of all voxels, `all`.
            bins: as `calibration`.
        """
        if self.together is None:
            return []
        united = [
            {**sums, **self.together.sum_up(probabilities, reference, bins)}
            for sums, reference in zip(statistics, self.references, strict=True)
        ]
        return self._of_mean(WHOLE, self.together.compare(united))

    def of_structure(
        self,
        structure: str,
        probabilities: np.ndarray,
        masks: Sequence[np.ndarray],
        statistics: Sequence[Mapping[str, Reliability]],
    ) -> list[Row]:
        """Return the rows of a structure's probability.

        Args:
            structure: its name.
            probabilities: (C, ...) float.
            masks: (...) bool of each rater: where the structure is.
            statistics: of each rater the sums of `all` and of `regions`.
        """
        is_member = self.given.members[structure]
        rows = self._of_mean(structure, self.together.compare(statistics, is_member)) if self.together else []
        if metrics := select_metrics("rater_probability", settings=self.given.asked):
            inside = probability(probabilities, is_member, self.given.usable)
            given = RaterProbability(inside, np.stack(masks), self.given.spacing_mm)
            rows += [(structure, key, "all", value) for key, value in values(metrics, given).items()]
        return rows

    def _of_mean(self, structure: str, regions: Mapping[str, ToMean]) -> list[Row]:
        metrics = select_metrics("rater_mean", settings=self.given.asked)
        return [
            (structure, metric.key, roi, metric.measure(sums))
            for roi, sums in regions.items()
            for metric in metrics
            if roi in metric.regions
        ]
