"""Our numbers beside those of other libraries, on the inputs of the oracle files: computed anew, never copied."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from softbench.metrics import surface
from softbench.metrics.calibration import calibration
from softbench.metrics.score import binary
from softbench.metrics.soft import soft
from softbench.metrics.threshold import hard_at_best_threshold

# One oracle: `in_*`, `out_<library>.<metric>`, and `errors_json` with what raised.
Oracle = Mapping[str, np.ndarray]
SINGLE = ("MONAI", "torchmetrics", "SVLS")  # they compute in float32


@dataclass(frozen=True)
class Peer:
    """One number of a library: what it `computes`, the oracle's `entry`, and which number of ours is the same.

    `index` picks one of several numbers of the entry; without it their mean is meant. `departs`: ours is the same
    quantity, computed otherwise, so that the numbers differ.
    """

    library: str
    computes: str
    entry: str
    ours: str | None = None
    index: int | None = None
    departs: bool = False

    def value(self, oracle: Oracle) -> float | str:
        """Return the library's number, or the name of the exception that it raised."""
        raised = json.loads(str(oracle["errors_json"]))
        if self.entry in raised:
            return str(raised[self.entry]).partition(":")[0]
        output = oracle[f"out_{self.entry}"]
        return float(output.mean() if self.index is None else output[self.index])

    def agrees(self, theirs: float, ours: float) -> bool:
        """Whether two numbers are one: to 1e-9, or to 1e-5 of it where the library computes in float32."""
        relative = 1e-5 if self.library.startswith(SINGLE) else 0.0
        return bool(np.isclose(theirs, ours, rtol=relative, atol=1e-9, equal_nan=True))


class Pair(NamedTuple):
    """A library's number (or the exception that it raised) and ours, which is None where this suite offers none."""

    peer: Peer
    theirs: float | str
    ours: float | None

    @property
    def equal(self) -> bool:
        """Whether both are one number."""
        return self.ours is not None and not isinstance(self.theirs, str) and self.peer.agrees(self.theirs, self.ours)


def pairs(peers: Iterable[Peer], oracle: Oracle) -> list[Pair]:
    """Set the libraries' numbers on one oracle beside ours."""
    values = of_probabilities(oracle) if "in_prob" in oracle else of_masks(oracle)
    return [Pair(peer, peer.value(oracle), values[peer.ours] if peer.ours else None) for peer in peers]


def of_masks(oracle: Oracle) -> dict[str, float]:
    """Measure an oracle's two masks; names as `Peer.ours`."""
    prediction, reference, spacing = oracle["in_pred"], oracle["in_ref"], oracle["in_spacing"].tolist()
    tolerance = float(oracle["in_tol"])
    swapped = binary(reference, prediction, spacing, tolerance)
    return {
        **binary(prediction, reference, spacing, tolerance),
        **{f"{key}, masks swapped": swapped[key] for key in ("asd", "sd_svls")},
        "hd95_in_plane": surface.hd95_in_plane(prediction, reference, spacing),
    }


def of_probabilities(oracle: Oracle) -> dict[str, float]:
    """Measure the calibration of an oracle's probabilities, over all voxels and in the foreground."""
    p, reference = oracle["in_prob"], oracle["in_ref"]
    of_region = {roi: calibration(p, reference, roi=roi) for roi in ("all", "foreground")}
    values = {f"{key}, {roi}": value for roi, of_metric in of_region.items() for key, value in of_metric.items()}
    fine = calibration(p, reference, roi="foreground", bins=15)
    return {**values, "ece, foreground, 15 bins": fine["ece"]}


def of_soft_labels(oracle: Oracle) -> dict[str, list[float]]:
    """Measure probabilities against a soft label: one number a class, thresholds chosen on that very case."""
    p, target = oracle["in_prob"], oracle["in_soft"]
    of_class = [soft(probability, label) for probability, label in zip(p, target, strict=True)]
    hard = hard_at_best_threshold(p, target)
    rows = {key: [values[key] for values in of_class] for key in of_class[0]}
    for key, choice in (("_at_test", "per_class"), ("_at_test_global", "global")):
        for base in ("threshold", "dsc"):
            rows[base + key] = [hard[choice][class_id][base] for class_id in range(len(p))]
    return rows


def smallest_rmse(accuracy_percent: float) -> float:
    """Return the least voxel-wise RMSE, %, of a class with this accuracy, where errors are 0.5 or more each."""
    return 100 * 0.5 * float(np.sqrt(1 - accuracy_percent / 100))
