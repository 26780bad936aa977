"""What a metric is: one entry that says its key, its meaning and its source, and holds the function that computes it.

In the definitions, P is the prediction's mask, R the reference's, p a predicted probability, y 1 where its class is the
true one, else 0; s is a soft label's probability, t a threshold on p. The entries of the suite stand in `METRICS` of
the module whose quantity they read. A metric of your own is one file of this folder that assigns `METRIC`.
"""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from softbench.errors import InputError, explain_error, short

VERSION = 1
Better = Literal["higher", "lower", "neither"]
BETTER = ("higher", "lower", "neither")
ROIS = ("all", "foreground", "band")
FRACTION = (0.0, 1.0)
INFINITY = float("inf")
OPEN = (0.0, INFINITY)
ONE_OR_BOTH = "0 where one mask is empty, NaN where both are"
DISTANCE_EMPTY = "inf where one mask is empty, NaN where both are"
REGION_EMPTY = "NaN where the region holds no voxel"
OF_MASKS = ("counts", "surfaces", "voxel_surfaces", "masks", "lesions")  # of a rater
OF_LABEL_MAP = (*OF_MASKS, "rater_masks", "left_out_rater")
OF = (
    "counts", "surfaces", "voxel_surfaces", "masks", "lesions",
    "bins", "blocks", "voxels", "soft", "rater_masks", "left_out_rater", "rater_probability", "rater_mean",
    "truth", "grid", "voxel_grid",
)  # fmt: skip
ALSO = ("raters", "lesions", "centrelines")  # what `score_case` measures where it is asked to


class Masks(NamedTuple):
    """The masks of a structure, (D, H, W) or (H, W) bool, and the spacing of each axis in mm."""

    prediction: np.ndarray
    reference: np.ndarray
    spacing_mm: tuple[float, ...]


class Voxels(NamedTuple):
    """The voxels of a region: probabilities (C, N) and true classes (N,)."""

    probabilities: np.ndarray
    reference: np.ndarray


@dataclass(frozen=True)
class Metric:
    """A metric: `key` in score tables, `unit` ("1" for a pure number), `range` (lowest, highest possible value).

    better: "neither" for what is recorded beside the scores.
    empty_case: what a missing mask, class or region gives; the policy that tables apply to such raw values is theirs.
    source: whose it is; names departures, if any.
    of: what `compute` takes. Of a structure and a rater: "counts" (`overlap.Overlap`), "surfaces" (`surface.Surfaces`),
        "voxel_surfaces" (the same, each axis having steps of 1), "masks" (`Masks`) or "lesions" (`lesions.Lesions`);
        "soft" (`soft.SoftSums`). Of a structure and all raters together: "rater_masks" (`raters.compared.RaterMasks`)
        or "rater_probability" (`RaterProbability` there); "left_out_rater" is a row a rater, and no metric of
        your own is. Of all classes, in each region: "bins"
        (`calibration.Reliability`; of each structure against the rest, and of all cases together, too), "blocks"
        (`kernels.blocks.Gaps`) or "voxels" (`Voxels`); of all raters together, of all classes and of each structure,
        "rater_mean" (`raters.mean.ToMean`). Of a phantom's true distribution, of all classes, in each region: "truth"
        (`true_distribution.Known`). Of a case: "grid" (its size in mm along each axis), "voxel_grid"
        (in voxels).
    compute: gives the raw value.
    tolerance: whether `compute` takes a tolerance in mm as well; the key then carries it: nsd_2mm.
    at_threshold: whether it is measured at EPD's best threshold as well (of "counts" alone): dsc_at_val.
    regions: where it is measured; for what has regions.
    asked_by: the setting of `scoring` without which it is left out; of `ALSO`, one that `score_case` takes by
        name, or "truth", which runs alone know.
    """

    key: str
    name: str
    unit: str
    better: Better
    range: tuple[float, float]
    definition: str
    empty_case: str
    source: str
    of: str
    compute: Callable[..., float]
    tolerance: bool = False
    at_threshold: bool = False
    regions: tuple[str, ...] = ROIS
    asked_by: str | None = None

    def __post_init__(self) -> None:
        """Raise `InputError` where the entry cannot be one."""
        for field, value, allowed in (("of", self.of, OF), ("better", self.better, BETTER)):
            if value not in allowed:
                listed = ", ".join(allowed)
                raise InputError(f"`{field}` of the metric {self.key!r} must be one of {listed}, but is {value!r}.")

    def measure(self, *given: Any) -> float:
        """Return what `compute` makes of what the metric is of, and of a tolerance in mm where it takes one.

        Raises: InputError: if `compute` fails, or gives anything but one number; the message names key and file.
        """
        try:
            value = self.compute(*given)
        except MemoryError:
            raise
        except InputError as error:
            raise InputError(f"{self._named()}: {error}") from error
        except Exception as error:
            said = explain_error(error, self._file())
            raise InputError(f"{self._named()}: `compute` stopped with {said}. Fix it there.") from error
        if isinstance(value, Real | np.bool_) or _is_real_scalar(value):
            return float(value)
        raise InputError(
            f"{self._named()}: `compute` must return one number (NaN where it is undefined), but returned "
            f"{_describe(value)}. Correct what it returns."
        )

    def _named(self) -> str:
        return f"the metric {self.key!r} ({short(self._file())})"

    def _file(self) -> Path:
        """Return the file that holds `compute`; this one where it is no function of Python."""
        function: Any = inspect.unwrap(self.compute)
        code = getattr(getattr(function, "func", function), "__code__", None)  # `func` of a functools.partial
        return Path(code.co_filename if code else __file__)


def _is_real_scalar(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.shape == () and value.dtype.kind in "biuf"


def _describe(value: Any) -> str:
    """Say what stands where a number should."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} of the shape {value.shape}"
    return f"{type(value).__name__} {repr(value)[:60]}"


def values(metrics: Iterable[Metric], given: Any) -> dict[str, float]:
    """Return what each metric makes of what it is of: key -> value; errors as `Metric.measure`."""
    return {metric.key: metric.measure(given) for metric in metrics}


def ratio(part: float, whole: float) -> float:
    """Return part / whole, NaN where the whole is 0."""
    return part / whole if whole else float("nan")
