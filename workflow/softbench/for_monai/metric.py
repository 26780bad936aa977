"""The metrics of `softbench.metrics` as a cumulative metric of MONAI."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from monai.metrics.metric import CumulativeIterationMetric
from monai.metrics.utils import do_metric_reduction

from softbench import metrics
from softbench.arrays import most_probable
from softbench.checks import require_one_of, require_same_shape
from softbench.errors import InputError
from softbench.for_monai.grids import affine_of, as_array, class_ids, spacing_of
from softbench.metrics.catalogue import is_of_label_map
from softbench.metrics.metric import ALSO, ROIS, Metric

VERSION = None  # calls the metrics
POLICIES = ("diagonal", "raw")
WHOLE = "all"  # the structure of what is measured over all classes together, and the region of all voxels
REGIONAL = ("bins", "blocks", "voxels")  # what metrics with regions are of
IN_MM = ("surfaces", "masks", "lesions", "rater_masks", "left_out_rater", "grid")  # what needs the distance of voxels
OF_A_KEY = ("mean", "sum", "mean_channel", "sum_channel")  # reductions that leave no structures
DIAGONALS = {"mm": "image_diagonal", "voxels": "image_diagonal_voxels"}


class Column(NamedTuple):
    """What a column of the buffer holds: a metric of a structure; "all": of all classes together."""

    key: str
    structure: str


class SoftbenchMetric(CumulativeIterationMetric):
    """Score predictions with the metrics of this package, case by case, and reduce over structures and cases.

    A metric of masks (`dsc`, `hd95`, `nsd_2mm` …) has one value a structure; one that `score_case` measures over all
    classes together (`ece`, `brier`, `nll` …) has that value. Values are those of `metrics.score_case`. Undefined ones
    (NaN: both masks empty, a region without voxels) enter no mean; what has no defined value is NaN, not 0.

    Args:
        keys: a metric of `metrics.CATALOGUE`, or several; one pass over a case measures all. A tolerance stands in the
            key: "nsd_2mm".
        structures: class ids of each structure's name, e.g. {"WT": [1, 2, 3]}. None: each class but the background.
        classes: number of classes C; needed where predictions and labels are both class ids.
        roi: where calibration is measured: "all", "foreground" or "band".
        softmax: whether predictions are logits.
        raters: whether the channels of a label are several raters' maps; values are then means over raters.
        spacing_mm: one number an axis. None: that of the label's or else the prediction's affine; without any, metrics
            that do not need it are measured all the same.
        band_mm, bins: as `metrics.score_case`.
        policy: "diagonal": a distance to an empty mask is the diagonal of that image, as in this package's tables;
            "raw": infinite, and so is the mean.
        reduction: of `aggregate`, any of MONAI's: "mean" over structures, then cases; "mean_batch" over cases; "none" …
        get_not_nans: whether `aggregate` returns the counts of defined values as well.
    Raises: InputError: if a key is unknown, or is none of a single case's prediction.

    >>> import torch
    >>> from softbench.for_monai import SoftbenchMetric
    >>> labels = torch.zeros(2, 1, 8, 8)  # (B, 1, H, W)
    >>> labels[:, :, 2:6, 2:6] = 1
    >>> first = torch.where(labels == 1, 0.7, 0.1)  # probability of class 1: always right, never sure
    >>> metric = SoftbenchMetric(["dsc", "ece"])
    >>> _ = metric(y_pred=torch.cat([1 - first, first], dim=1), y=labels)
    >>> print([round(float(value), 3) for value in metric.aggregate()])
    [1.0, 0.15]
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        *,
        structures: Mapping[str, Sequence[int]] | None = None,
        classes: int | None = None,
        roi: str = WHOLE,
        softmax: bool = False,
        raters: bool = False,
        spacing_mm: Sequence[float] | None = None,
        band_mm: float = 3.0,
        bins: int = 10,
        policy: str = "diagonal",
        reduction: str = "mean",
        get_not_nans: bool = False,
    ) -> None:
        """Take what is measured, and how; see the class."""
        super().__init__()
        require_one_of("roi", roi, ROIS)
        require_one_of("policy", policy, POLICIES)
        self.single = isinstance(keys, str)
        self.keys = (keys,) if isinstance(keys, str) else tuple(keys)
        self.metrics = {key: _of_a_case(key, roi, raters) for key in self.keys}
        self.structures, self.classes, self.roi, self.softmax, self.raters = structures, classes, roi, softmax, raters
        self.spacing_mm, self.policy, self.reduction, self.get_not_nans = spacing_mm, policy, reduction, get_not_nans
        self.bins: dict[str, Any] = {"band_mm": band_mm, "bins": bins}
        asked = {metric.asked_by for metric in self.metrics.values()}
        tolerances = [float(key.rpartition("_")[2][:-2]) for key, metric in self.metrics.items() if metric.tolerance]
        self.settings: dict[str, Any] = {name: True for name in ("in_plane", "voxels") if name in asked}
        self.settings["also"] = [name for name in ALSO if name in asked]
        self.settings |= {"tolerances_mm": sorted(set(tolerances))} if tolerances else {}
        self.columns: list[Column] = []

    def _compute_list(self, y_pred: Any, y: Any = None, **kwargs: Any) -> Any:
        if y is None or len(y_pred) != len(y):
            raise InputError(f"{len(y_pred)} prediction(s) came with {0 if y is None else len(y)} label(s).")
        return super()._compute_list(y_pred, y, **kwargs)

    def _compute_tensor(self, y_pred: torch.Tensor, y: torch.Tensor | None = None, **kwargs: Any) -> torch.Tensor:
        """Return the values of a batch, (B, columns) float64; `columns` says which is which.

        Args:
            y_pred: (B, C, ...) probabilities, one-hot, or logits with `softmax`; or (B, 1, ...) class ids.
            y: (B, 1, ...) class ids, (B, C, ...) one-hot, or with `raters` (B, R, ...) class ids.
            kwargs: `spacing`, as MONAI's SurfaceDistanceMetric takes it: one number an axis.
        """
        if y is None or len(y_pred) != len(y):
            raise InputError(f"{len(y_pred)} prediction(s) came with {0 if y is None else len(y)} label(s).")
        given = kwargs.pop("spacing", self.spacing_mm)
        if kwargs:
            raise TypeError(
                f"a SoftbenchMetric takes `spacing` besides predictions and labels, but not {list(kwargs)}."
            )
        values = []
        for index in range(len(y)):
            affines = [affine_of(tensor, index) for tensor in (y, y_pred)]
            affine = next((one for one in affines if one is not None), None)
            spacing = self._spacing(given, affine, y.ndim - 2)
            values.append(self._values(self._rows(as_array(y_pred[index]), as_array(y[index]), spacing)))
        return torch.tensor(values, dtype=torch.float64)

    def aggregate(self, reduction: str | None = None) -> Any:
        """Return what was collected since the last reset, reduced.

        Args: reduction: instead of that of the metric.
        Returns: for one key what MONAI's metrics return: a scalar for "mean", (structures,) for "mean_batch". For
            several, (keys,) for "mean", and for others the columns of all side by side, in the order of `columns`.
            With `get_not_nans` a pair: the values, and how many are defined (cases for "mean").
        Raises: ValueError: if nothing was collected.
        """
        buffer = self.get_buffer()  # type: ignore[no-untyped-call]
        if not isinstance(buffer, torch.Tensor):
            raise ValueError("nothing was collected: call the metric with predictions and labels first.")
        how = str(getattr(reduction or self.reduction, "value", reduction or self.reduction))
        pairs = [self._reduced(buffer[:, self._of(key)], how) for key in self.keys]
        join = torch.stack if how in OF_A_KEY else torch.cat
        values, counts = (parts[0] if self.single else join(parts, dim=-1) for parts in zip(*pairs, strict=True))
        return (values, counts) if self.get_not_nans else values

    def _of(self, key: str) -> list[int]:
        return [number for number, column in enumerate(self.columns) if column.key == key]

    @staticmethod
    def _reduced(values: torch.Tensor, how: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Reduce as MONAI does, but for what has no defined value: NaN in place of its 0."""
        reduced, counts = do_metric_reduction(values.clone(), how)
        if how in ("mean", "sum"):
            reduced, counts = reduced.reshape(()), counts.reshape(())
        return (reduced, counts) if how == "none" else (torch.where(counts > 0, reduced, torch.nan), counts)

    def _spacing(self, given: Any, affine: Any, dims: int) -> tuple[float, ...]:
        if given is not None:
            return (float(given),) * dims if isinstance(given, int | float) else tuple(float(step) for step in given)
        if affine is not None:
            return spacing_of(affine, dims)
        needy = [key for key, metric in self.metrics.items() if metric.of in IN_MM]
        if needy or self.roi == "band":
            raise InputError(
                f"{needy[0] if needy else 'the band'} needs the distance of voxels, which neither the labels nor the "
                "predictions carry. Give `spacing_mm`, or MetaTensors."
            )
        return (1.0,) * dims

    def _rows(self, prediction: np.ndarray, label: np.ndarray, spacing: tuple[float, ...]) -> pd.DataFrame:
        """Return the rows of `score_case` of a case; of `score_label_map` where no probability is asked for."""
        require_same_shape("y_pred", prediction.shape[1:], "y", label.shape[1:])
        known = [self.classes, *(len(array) for array in (prediction, label) if len(array) > 1 and not self.raters)]
        classes = len(prediction) if len(prediction) > 1 else next((n for n in known if n is not None), None)
        if classes is None:
            raise InputError("predictions and labels are both class ids: give `classes`, background included.")
        references = self._references(label, classes)
        structures = self.structures or {f"class_{number}": [number] for number in range(1, classes)}
        if all(is_of_label_map(key) or metric.of in ("grid", "voxel_grid") for key, metric in self.metrics.items()):
            labels = class_ids("y_pred", prediction)[0] if len(prediction) == 1 else _labels(prediction)
            return metrics.score_label_map(labels, references, spacing, structures, classes=classes, **self.settings)
        if len(prediction) == 1:
            needy = next(key for key in self.keys if not is_of_label_map(key))
            raise InputError(f"{needy} needs probabilities, (C, ...), but `y_pred` holds class ids, (1, ...).")
        values = prediction.astype(np.promote_types(prediction.dtype, np.float32))
        if self.softmax:
            values = torch.softmax(torch.from_numpy(values), dim=0).numpy()
        return metrics.score_case(values, references, spacing, structures, **self.bins, **self.settings)

    def _references(self, label: np.ndarray, classes: int) -> np.ndarray:
        """Return a label as class ids, one map a rater."""
        if self.raters or len(label) == 1:
            return class_ids("y", label)
        hard: np.ndarray = label.argmax(axis=0)[None]
        if len(label) != classes or not (((label == 0) | (label == 1)).all() and (label.sum(axis=0) == 1).all()):
            said = " and not one-hot" if len(label) == classes else ""
            raise InputError(
                f"`y` must be class ids (1, ...) or one-hot ({classes}, ...), but is {label.shape}{said}. Score "
                "against the label map, not the soft label; for several raters' maps give `raters=True`."
            )
        return hard

    def _values(self, rows: pd.DataFrame) -> list[float]:
        """Return the values of a case in the order of the columns, which the first case sets."""
        if self.policy == "diagonal":
            rows = _with_diagonals(rows)
        found: dict[Column, float] = {}
        for key, metric in self.metrics.items():
            roi = self.roi if metric.of in REGIONAL else WHOLE
            own = rows[(rows["metric"] == key) & (rows["roi"] == roi)]
            whole = own[own["structure"] == WHOLE]
            chosen = own if whole.empty else whole
            means = chosen.groupby("structure", sort=False)["value"].mean()  # over raters; pandas leaves NaN out
            found |= {Column(key, str(name)): float(value) for name, value in means.items()}
        columns = list(found)
        if self.columns and self._buffers and columns != self.columns:
            raise InputError(f"this case has other structures than those before: {columns}, not {self.columns}.")
        self.columns = columns
        return list(found.values())


def _of_a_case(key: str, roi: str, raters: bool) -> Metric:
    """Return a metric that the prediction of one case has.

    Raises: InputError: if the key is unknown, or the metric needs more than that.
    """
    metric = metrics.describe(key)
    if metric.of == "truth" or key == "threshold" or any(mark in key for mark in ("@", "_at_", "_all_cases")):
        raise InputError(f"{key!r} is no metric of a prediction and its labels alone; `metrics.CATALOGUE` lists those.")
    if metric.tolerance and not key.endswith("mm"):
        raise InputError(f"{key!r} needs a tolerance in mm in its key: {key}_2mm.")
    if metric.of in REGIONAL and roi not in metric.regions:
        raise InputError(f"{key!r} is measured in {', '.join(metric.regions)}, not in {roi!r}. Leave it out, or `roi`.")
    if metric.asked_by == "raters" and not raters:
        raise InputError(f"{key!r} compares with several raters: give `raters=True` and their maps as channels of `y`.")
    return metric


def _labels(prediction: np.ndarray) -> np.ndarray:
    """Return the most probable class; of logits it is the same.

    Raises: InputError: if a value is NaN: the network has diverged.
    """
    if np.isnan(prediction).any():
        raise InputError("`y_pred` holds NaN: the network that made it has diverged, or its input held NaN.")
    return most_probable(prediction)


def _with_diagonals(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in which a distance to nothing is the diagonal of the image."""
    values = rows["value"].to_numpy(copy=True)
    for unit, key in DIAGONALS.items():
        diagonal = rows.loc[rows["metric"] == key, "value"]
        if len(diagonal):
            values[np.isinf(values) & (rows["unit"] == unit).to_numpy()] = diagonal.iloc[0]
    return rows.assign(value=values)
