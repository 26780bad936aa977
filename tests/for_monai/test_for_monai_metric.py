"""SoftbenchMetric aggregates what `score_case` gives, called as MONAI calls its metrics."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from monai.data import MetaTensor, decollate_batch, list_data_collate
from monai.handlers import from_engine
from monai.metrics import DiceMetric
from monai.networks.utils import one_hot
from softbench import metrics
from softbench.errors import InputError
from softbench.for_monai import SoftbenchMetric

SPACING = {2: (0.8, 1.2), 3: (2.0, 0.8, 1.2)}
STRUCTURES = {"class_1": [1], "class_2": [2]}
KEYS = ("dsc", "hd95", "nsd_2mm", "ece", "brier", "nll")


def cases(dims: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Probabilities (2, 3, ...) and class ids (2, 1, ...); class 2 is in neither mask of the second case."""
    generator = torch.Generator().manual_seed(0)
    grid = (7, 10, 9)[-dims:]
    labels = torch.zeros(2, 1, *grid)
    labels[(slice(None), 0, *(slice(1, 6) for _ in grid))] = 1
    labels[(0, 0, *(slice(2, 4) for _ in grid))] = 2
    scores = 6 * one_hot(labels, 3) + 2 * torch.randn((2, 3, *grid), generator=generator)
    scores[1, 2] = -9
    return torch.softmax(scores, dim=1), labels


def rows(dims: int, roi: str = "all", **settings: Any) -> list[pd.DataFrame]:
    """The rows of `score_case` for each case, those of a region where they are of one."""
    probabilities, labels = cases(dims)
    found = [
        metrics.score_case(p.numpy(), y.numpy().astype(np.uint8), SPACING[dims], STRUCTURES, **settings)
        for p, y in zip(probabilities, labels, strict=True)
    ]
    return [one[one["roi"].eq(roi) | ~one["metric"].isin(["ece", "brier", "nll"])] for one in found]


def want(table: pd.DataFrame, key: str, structure: str) -> float:
    return float(table.query("metric == @key and structure == @structure")["value"].iloc[0])


def meta(batch: torch.Tensor) -> list[MetaTensor]:
    """Items as `decollate_batch` gives them."""
    affine = torch.diag(torch.tensor([*SPACING[batch.ndim - 2], 1.0, 1.0][:4], dtype=torch.float64))
    return [MetaTensor(item, affine=affine) for item in batch]


@pytest.mark.parametrize("roi", ["all", "band"])
@pytest.mark.parametrize("dims", [2, 3])
def test_aggregate_is_the_mean_of_what_score_case_gives(dims: int, roi: str) -> None:
    probabilities, labels = cases(dims)
    metric = SoftbenchMetric(KEYS, roi=roi, get_not_nans=True)
    values = metric(y_pred=meta(probabilities), y=meta(labels))
    tables = rows(dims, roi)
    expected = [[want(table, *column) for column in metric.columns] for table in tables]
    np.testing.assert_array_equal(values.numpy(), expected)
    assert len(metric.columns) == 3 * 2 + 3

    means, counts = metric.aggregate("mean_batch")
    torch.testing.assert_close(means, torch.tensor(expected).nanmean(dim=0), check_dtype=False)
    assert [float(n) for n in counts] == [1 if column.structure == "class_2" else 2 for column in metric.columns]
    means, counts = metric.aggregate()  # over structures first, then cases
    of_dsc = [np.nanmean([want(table, "dsc", name) for name in STRUCTURES]) for table in tables]
    assert float(means[0]) == pytest.approx(np.mean(of_dsc), abs=1e-6)
    assert float(means[3]) == pytest.approx(np.mean([want(table, "ece", "all") for table in tables]), abs=1e-6)
    assert counts.tolist() == [2] * len(KEYS)
    metric.reset()
    with pytest.raises(ValueError, match="nothing was collected"):
        metric.aggregate()


def test_batches_lists_logits_and_one_hot_labels_give_the_same() -> None:
    probabilities, labels = cases(3)
    given: dict[str, Any] = {"spacing_mm": SPACING[3], "reduction": "mean_batch"}
    results = []
    for y_pred, y, softmax in (
        (probabilities, labels, False),
        (list(probabilities), list(one_hot(labels, 3)), False),
        (probabilities.log() + 1, labels, True),
        (torch.stack(meta(probabilities)), labels, False),
    ):
        metric = SoftbenchMetric(KEYS, softmax=softmax, **given)
        metric(y_pred=y_pred, y=y)
        results.append(metric.aggregate())
    for other in results[1:]:
        torch.testing.assert_close(other, results[0], atol=1e-6, rtol=1e-5)


def test_spacing_of_a_call_and_of_a_collated_batch() -> None:
    probabilities, labels = cases(3)
    expected = [[want(table, "hd95", name) for name in STRUCTURES] for table in rows(3)]
    metric = SoftbenchMetric("hd95")
    np.testing.assert_array_equal(metric(y_pred=probabilities, y=labels, spacing=SPACING[3]).numpy(), expected)
    collated = list_data_collate([{"label": item} for item in meta(labels)])
    np.testing.assert_array_equal(metric(y_pred=probabilities, y=collated["label"]).numpy(), expected)
    collated["pred"] = probabilities
    engine_output = decollate_batch(collated)
    y_pred, y = from_engine(["pred", "label"])(engine_output)  # as MONAI's handlers hand over
    np.testing.assert_array_equal(metric(y_pred, y).numpy(), expected)


def test_dsc_of_class_ids_is_monai_s() -> None:
    probabilities, labels = cases(3)
    hard = probabilities.argmax(dim=1, keepdim=True)
    metric, theirs = SoftbenchMetric("dsc", classes=3), DiceMetric(include_background=False)
    metric(y_pred=hard, y=labels)
    theirs(y_pred=one_hot(hard, 3), y=one_hot(labels, 3))
    assert metric.aggregate().item() == pytest.approx(theirs.aggregate().item(), abs=1e-6)
    metric(y_pred=one_hot(hard, 3), y=labels)  # buffers grow
    assert metric.get_buffer().shape == (4, 2)


def test_distance_to_nothing_is_the_diagonal_or_infinite_and_undefined_is_nan() -> None:
    probabilities, labels = cases(2)
    labels[:] = 0  # nothing to find; class 1 was predicted, class 2 in the second case was not
    metric = SoftbenchMetric("hd95", spacing_mm=SPACING[2], reduction="mean_batch", get_not_nans=True)
    metric(y_pred=probabilities[1:], y=labels[1:])
    values, counts = metric.aggregate()
    assert float(values[0]) == pytest.approx(float(np.hypot(10 * 0.8, 9 * 1.2)), rel=1e-6)
    assert np.isnan(float(values[1]))
    assert counts.tolist() == [1, 0]
    raw = SoftbenchMetric("hd95", spacing_mm=SPACING[2], policy="raw", reduction="mean_batch")
    raw(y_pred=probabilities[1:], y=labels[1:])
    assert float(raw.aggregate()[0]) == float("inf")


def test_several_raters_and_own_structures() -> None:
    probabilities, labels = cases(2)
    maps = torch.cat([labels, labels.roll(1, -1)], dim=1)  # (B, R, ...)
    structures = {"whole": [1, 2], "core": [2]}
    metric = SoftbenchMetric(("dsc", "brier_rater_mean"), raters=True, structures=structures, spacing_mm=SPACING[2])
    values = metric(y_pred=probabilities, y=maps)
    table = metrics.score_case(
        probabilities[0].numpy(), maps[0].numpy().astype(np.uint8), SPACING[2], structures, also=["raters"]
    )
    dsc = table.query("metric == 'dsc'").groupby("structure")["value"].mean()
    assert float(values[0, 0]) == pytest.approx(dsc["whole"])
    brier = table.query("metric == 'brier_rater_mean' and structure == 'all' and roi == 'all'")["value"]
    column = [column.key for column in metric.columns].index("brier_rater_mean")
    assert float(values[0, column]) == pytest.approx(float(brier.iloc[0]))


def test_errors_say_what_to_do() -> None:
    probabilities, labels = cases(2)
    with pytest.raises(InputError, match="'dscc' is unknown"):
        SoftbenchMetric("dscc")
    with pytest.raises(InputError, match=r"hd95 needs the distance of voxels.*`spacing_mm`"):
        SoftbenchMetric("hd95")(probabilities, labels)
    with pytest.raises(InputError, match="the band needs the distance"):
        SoftbenchMetric("ece", roi="band")(probabilities, labels)
    with pytest.raises(InputError, match=r"ece needs probabilities, \(C, \.\.\.\)"):
        SoftbenchMetric("ece", classes=3)(labels, labels)
    with pytest.raises(InputError, match="give `classes`"):
        SoftbenchMetric("dsc")(labels, labels)
    with pytest.raises(InputError, match=r"not one-hot.*raters=True"):
        SoftbenchMetric("dsc")(probabilities, probabilities)
    with pytest.raises(InputError, match="`raters=True`"):
        SoftbenchMetric("ged")
    with pytest.raises(InputError, match="alone"):
        SoftbenchMetric("dsc_at_val")
    with pytest.raises(InputError, match="2 prediction"):
        SoftbenchMetric("dsc")(list(probabilities), list(labels[:1]))
    with pytest.raises(InputError, match="take their softmax first"):
        SoftbenchMetric("ece")(9 * probabilities, labels)
