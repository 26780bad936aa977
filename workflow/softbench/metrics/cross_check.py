"""The same measures by other libraries, to stand beside ours in a table.

Keys are `<our key>@<library>`. Only counterparts that mean the same are called; what a library raises is NaN, and its
message is kept in `problems`. On empty masks libraries part from ours: medpy raises where there is no surface; MONAI's
HD95 is NaN where one mask is empty (ours is inf), and its overlaps are NaN where the reference is (ours 0).
Each library is imported on its first use. MONAI imports all of itself (seconds), whichever module is asked for.
"""

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from softbench.arrays import bounding_box
from softbench.checks import require_one_of, require_positive, require_same_shape, require_spacing
from softbench.errors import InputError
from softbench.metrics import inputs
from softbench.metrics.calibration import bin_edges
from softbench.metrics.catalogue import by_library, with_tolerance
from softbench.metrics.inputs import require_mask

VERSION = 1
LIBRARIES = ("medpy", "monai", "netcal")
Measures = dict[str, Callable[[], Any]]  # our key -> the call still to be made


class CrossCheck(NamedTuple):
    """What the libraries gave, and the first line of what they raised where they gave nothing."""

    values: dict[str, float]
    problems: dict[str, str]


def binary(
    prediction: np.ndarray,
    reference: np.ndarray,
    spacing_mm: Sequence[float],
    tolerances_mm: Sequence[float] = (2.0,),
    libraries: Sequence[str] = LIBRARIES,
) -> CrossCheck:
    """Measure how well a mask fits its reference, as `metrics.binary`, by other libraries.

    Args:
        prediction, reference: (D, H, W) or (H, W) bool, of one shape.
        spacing_mm: one number for each axis, in the order of the array's axes.
        tolerances_mm: one `nsd_<t>mm` and `nsd_voxel_<t>mm` each.
        libraries: some of `LIBRARIES`; netcal has nothing to say about masks.
    Returns: values `dsc iou precision sensitivity specificity hd95_pooled asd assd` of medpy, `dsc iou hd95 asd assd
        nsd_<t>mm nsd_voxel_<t>mm` of MONAI (float32), each raw. What a library raises is NaN in `values` and its first
        line in `problems`.
    Raises: InputError: if input is unfit, or a library is unknown or not installed.
    """
    prediction, reference = require_mask("prediction", prediction), require_mask("reference", reference)
    require_same_shape("prediction", prediction.shape, "reference", reference.shape)
    spacing = require_spacing(spacing_mm, prediction.ndim)
    for tolerance in tolerances_mm:
        require_positive("tolerances_mm", tolerance)
    makers: dict[str, Callable[[], Measures]] = {
        "medpy": lambda: medpy_masks(prediction, reference, spacing),
        "monai": lambda: monai_masks(prediction, reference, spacing, tolerances_mm),
        "netcal": dict,
    }
    return _run(makers, libraries)


def calibration(
    probabilities: np.ndarray,
    reference: np.ndarray,
    inside: np.ndarray | None = None,
    bins: int = 10,
    libraries: Sequence[str] = LIBRARIES,
) -> CrossCheck:
    """Measure calibration, as `metrics.calibration`, by other libraries.

    Args:
        probabilities: (C, D, H, W) or (C, H, W) float, summing to 1 over C.
        reference: (D, H, W) or (H, W) class ids.
        inside: bool, the voxels that count, such as `regions.mask` gives; all where it is left out.
        bins: number of bins of equal width.
        libraries: some of `LIBRARIES`; medpy has nothing to say about probabilities.
    Returns: values `ece ace_netcal mce` of netcal and `cwece` of MONAI. netcal's bins are [low, high), ours are
        (low, high], so values differ where probabilities lie on an edge. MONAI sums in float32: over millions of
        voxels its value has been seen 17 % off, so large volumes check nothing. What a library raises is NaN in
        `values` and its first line in `problems`.
    Raises: InputError: if input is unfit, or a library is unknown or not installed.
    """
    probabilities, reference, usable = inputs.check_case(probabilities, reference, inside)
    bin_edges(bins)  # checks the number
    p, y = probabilities.reshape(len(probabilities), -1), reference.reshape(-1)
    if usable is not None:
        p, y = probabilities[:, usable], reference[usable]
    makers: dict[str, Callable[[], Measures]] = {
        "medpy": dict,
        "monai": lambda: monai_probabilities(p, y, bins),
        "netcal": lambda: netcal_probabilities(p, y, bins),
    }
    return _run(makers, libraries)


def _run(makers: dict[str, Callable[[], Measures]], libraries: Sequence[str]) -> CrossCheck:
    """Call what each library has."""
    result = CrossCheck({}, {})
    for library in libraries:
        require_one_of("libraries", library, LIBRARIES)
        with _quiet():
            for key, measure in _imported(library, makers[library]).items():
                name = by_library(key, library)
                try:
                    result.values[name] = float(measure())
                except Exception as error:  # a library's refusal is a result here, of whatever type
                    result.values[name] = float("nan")
                    result.problems[name] = _first_line(error)
    return result


def _imported(library: str, make: Callable[[], Measures]) -> Measures:
    try:
        return make()
    except ImportError as error:
        raise InputError(
            f"`libraries` names {library!r}, which cannot be imported ({error}). Install it, or leave it out."
        ) from error


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what a library warns and prints out of the log: what it could not do stands in `problems`."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def medpy_masks(prediction: np.ndarray, reference: np.ndarray, spacing_mm: tuple[float, ...]) -> Measures:
    """Return medpy's overlaps and distances of two bool masks."""
    from medpy.metric import binary as medpy

    overlaps = {
        "dsc": medpy.dc,
        "iou": medpy.jc,
        "precision": medpy.precision,
        "sensitivity": medpy.sensitivity,
        "specificity": medpy.specificity,
    }
    distances = {"hd95_pooled": medpy.hd95, "asd": medpy.asd, "assd": medpy.assd}
    box = bounding_box(prediction | reference)  # what is outside changes no distance, and takes medpy most of its time
    cut = (prediction[box], reference[box]) if prediction.any() and reference.any() else (prediction, reference)
    return {
        **{key: partial(measure, prediction, reference) for key, measure in overlaps.items()},
        **{key: partial(measure, *cut, spacing_mm) for key, measure in distances.items()},
    }


def monai_masks(
    prediction: np.ndarray, reference: np.ndarray, spacing_mm: tuple[float, ...], tolerances_mm: Sequence[float]
) -> Measures:
    """Return MONAI's overlaps, distances and surface Dice of two bool masks."""
    import torch
    from monai.metrics.hausdorff_distance import compute_hausdorff_distance
    from monai.metrics.meandice import compute_dice
    from monai.metrics.meaniou import compute_iou
    from monai.metrics.surface_dice import compute_surface_dice
    from monai.metrics.surface_distance import compute_average_surface_distance

    # One channel, and it is the structure itself, not background.
    masks: dict[str, Any] = {
        "y_pred": torch.from_numpy(prediction.astype(np.float32))[None, None],
        "y": torch.from_numpy(reference.astype(np.float32))[None, None],
        "include_background": True,
    }
    spaced = {**masks, "spacing": spacing_mm}
    measures: Measures = {
        "dsc": partial(compute_dice, **masks),
        "iou": partial(compute_iou, **masks),
        "hd95": partial(compute_hausdorff_distance, percentile=95, **spaced),
        "asd": partial(compute_average_surface_distance, **spaced),
        "assd": partial(compute_average_surface_distance, symmetric=True, **spaced),
    }
    for tolerance in tolerances_mm:
        surface_dice = partial(compute_surface_dice, class_thresholds=[float(tolerance)], **spaced)
        measures[with_tolerance("nsd", tolerance)] = partial(surface_dice, use_subvoxels=True)
        measures[with_tolerance("nsd_voxel", tolerance)] = partial(surface_dice, use_subvoxels=False)
    return measures


def monai_probabilities(p: np.ndarray, y: np.ndarray, bins: int) -> Measures:
    """Return MONAI's class-wise calibration error of voxels, (C, N) probabilities and (N,) classes."""
    import torch
    from monai.metrics.calibration import CalibrationErrorMetric

    def cwece() -> float:
        truth = torch.nn.functional.one_hot(torch.from_numpy(y.astype(np.int64)), len(p)).T
        metric = CalibrationErrorMetric(num_bins=bins, metric_reduction="none")
        # Each class, and our mean over them: MONAI's own mean makes 0 of NaN.
        of_classes: Any = metric(torch.from_numpy(p.astype(np.float32))[None], truth[None])
        return float(of_classes.mean())

    return {"cwece": cwece}


def netcal_probabilities(p: np.ndarray, y: np.ndarray, bins: int) -> Measures:
    """Return netcal's top-label calibration errors of voxels, (C, N) probabilities and (N,) classes."""
    from netcal.metrics import ACE, ECE, MCE

    # Given all classes, netcal fails where a region holds two labels or fewer. Its 1-D form is safe, and equal.
    confidence, correct = p.max(axis=0).astype(np.float64), (p.argmax(axis=0) == y).astype(int)
    measures = {"ece": ECE, "ace_netcal": ACE, "mce": MCE}
    return {key: partial(measure(bins).measure, confidence, correct) for key, measure in measures.items()}
