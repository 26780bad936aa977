"""Calibration and proper scores against the raters' mean: the share s of raters who gave a voxel each class.

All of it comes from the sums over each rater's voxels that are there already: where a score is linear in the true class
(how often it was right, its log probability), its mean over raters is its value for their mean. The squared error is
larger by what raters differ among themselves, which is subtracted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from softbench.metrics.calibration import FIELDS, Reliability, bin_edges, reliability_of
from softbench.metrics.kernels.tally import tallies
from softbench.metrics.metric import FRACTION, REGION_EMPTY, Metric
from softbench.metrics.raters.overlaps import pairs

VERSION = 1
TOGETHER = "any rater's "  # begins the name of a united region


@dataclass(frozen=True, eq=False)
class ToMean:
    """Sums over a region against the raters' mean.

    sums: the mean over raters of each one's sums over the same voxels. spread: sum over voxels and classes of
    s (1 - s).
    """

    sums: Reliability
    spread: float

    @classmethod
    def of(cls, of_raters: Sequence[Reliability], spread: float) -> "ToMean":
        """Take each rater's sums over the same voxels."""
        return cls(
            Reliability(*(sum(getattr(r, field) for r in of_raters) / len(of_raters) for field in FIELDS)), spread
        )

    @property
    def brier(self) -> float:
        """Mean over voxels of the sum over classes of (p - s)^2, in [0, 2]; NaN without voxels."""
        voxels = float(self.sums.counts.sum())
        return max(0.0, self.sums.brier - self.spread / voxels) if voxels else float("nan")  # rounding may pass 0


@dataclass(frozen=True, eq=False)
class Disagreement:
    """Voxels on which raters differ: their places among all voxels, (n,), and the classes there, (R, n)."""

    places: np.ndarray
    labels: np.ndarray

    @classmethod
    def find(cls, references: np.ndarray, usable: np.ndarray | None) -> "Disagreement":
        """Find them in label maps, (R, ...); `usable`: voxels that exist, or None."""
        differ = np.zeros(references.shape[1:], bool)
        for reference in references[1:]:
            differ |= reference != references[0]
        places = np.flatnonzero(differ if usable is None else differ & usable)
        return cls(places, references.reshape(len(references), -1)[:, places])

    def spread(self, inside: np.ndarray | None, is_member: np.ndarray | None = None) -> float:
        """Return the sum over voxels and classes of s (1 - s): how likely two raters, drawn with replacement, differ.

        Args:
            inside: (...) bool, the voxels that count; None: all that exist.
            is_member: (C,) which classes are a structure's, to take it against the rest; None: all classes.
        """
        counted = slice(None) if inside is None else inside.reshape(-1)[self.places]
        labels = self.labels[:, counted] if is_member is None else is_member[self.labels[:, counted]]
        differ = sum(int(np.count_nonzero(labels[a] != labels[b])) for a, b in pairs(len(labels)))
        return 2 * differ / len(labels) ** 2


Regions = Mapping[str, np.ndarray | None]  # name -> voxels; None: all


@dataclass(frozen=True, eq=False)
class Together:
    """The regions of a case's raters together, by what their sums are called, and where raters differ.

    regions: what any rater counts, for each of their regions but `all`, which is that of each rater.
    """

    regions: Regions
    disagreement: Disagreement

    @classmethod
    def unite(cls, references: np.ndarray, where: Sequence[Regions], usable: np.ndarray | None) -> "Together":
        """Unite the regions of raters.

        Args:
            references: (R, ...) label maps.
            where: the regions of each rater.
            usable: voxels that exist, or None.
        """
        masks = {roi: [np.asarray(regions[roi]) for regions in where] for roi in where[0] if roi != "all"}
        united = {TOGETHER + roi: np.logical_or.reduce(of_raters) for roi, of_raters in masks.items()}
        return cls(united, Disagreement.find(references, usable))

    def sum_up(self, probabilities: np.ndarray, reference: np.ndarray, bins: int) -> dict[str, Reliability]:
        """Return the sums over the united regions against one rater's label map, of arrays that were checked."""
        sums = tallies(probabilities, reference, self.regions, bin_edges(bins))
        return {roi: reliability_of(of_region) for roi, of_region in sums.items()}

    def compare(
        self, of_raters: Sequence[Mapping[str, Reliability]], is_member: np.ndarray | None = None
    ) -> dict[str, ToMean]:
        """Return each region's sums against the raters' mean.

        Args:
            of_raters: of each rater, the sums of `all` and of the united regions.
            is_member: as `Disagreement.spread`.
        """
        regions: Regions = {"all": None, **self.regions}
        return {
            name.removeprefix(TOGETHER): ToMean.of(
                [sums[name] for sums in of_raters], self.disagreement.spread(mask, is_member)
            )
            for name, mask in regions.items()
        }


MEAN_OF = "s: share of raters who gave the class; foreground and band: those of any rater"
METRICS = (
    Metric(
        "ece_rater_mean", "ECE to raters' mean", "1", "lower", FRACTION,
        f"as ece, with s for whether the top class is right; {MEAN_OF}", REGION_EMPTY,
        "Guo et al. 2017; s: definition here",
        of="rater_mean", asked_by="raters", compute=lambda to_mean: to_mean.sums.ece,
    ),
    Metric(
        "cwece_rater_mean", "cwECE to raters' mean", "1", "lower", FRACTION,
        f"as cwece, with s for y; {MEAN_OF}", REGION_EMPTY, "Kull et al. 2019; s: definition here",
        of="rater_mean", asked_by="raters", compute=lambda to_mean: to_mean.sums.cwece,
    ),
    Metric(
        "brier_rater_mean", "Brier score to raters' mean", "1", "lower", (0.0, 2.0),
        f"mean over voxels of the sum over classes of (p - s)^2; {MEAN_OF}", REGION_EMPTY,
        "Brier 1950; s: definition here",
        of="rater_mean", asked_by="raters", compute=lambda to_mean: to_mean.brier,
    ),
    Metric(
        "nll_rater_mean", "NLL to raters' mean", "nat", "lower", (0.0, 27.631021115928547),
        f"mean over voxels of the sum over classes of -s log p, p not below 1e-12; {MEAN_OF}", REGION_EMPTY,
        "cross-entropy; s: definition here",
        of="rater_mean", asked_by="raters", compute=lambda to_mean: to_mean.sums.nll,
    ),
)  # fmt: skip
