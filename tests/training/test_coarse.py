"""Methods on a coarser grid are trained, selected and scaled on one hard label: a perfect prediction has a DSC of 1."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from softbench import resolution, store
from softbench.arrays import one_hot
from softbench.datasets import phantoms
from softbench.datasets.case import Case
from softbench.datasets.prepare import prepare
from softbench.soft_labels.produce import produce
from softbench.soft_labels.reader import compute
from softbench.training import scores, scoring, weights
from softbench.training.batch import Batch, Run
from softbench.training.coarse import Resolution
from softbench.training.loop import validate
from softbench.training.temperature_scaling import LOWEST, temperature
from torch import nn

CLASSES = 6
FACTORS = [2, 4, 8]
ARMS = {"epd": ("mean", "soft_label"), "one_hot": ("bilinear", "nearest")}
SPLIT = pd.DataFrame(
    [(f"phantom_body_{n:03d}", f"phantom_body_{n:03d}", part) for n, part in enumerate(["train", "val", "test"])],
    columns=["case", "patient", "part"],
)


class Told(nn.Module):
    """A network whose logits are its images."""

    multiple = 1

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))  # says on which device

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images


def predicting(case: Case, probabilities: np.ndarray) -> Case:
    """The case with an image that makes `Told` predict these probabilities."""
    return replace(case, images=np.log(probabilities + 1e-9).astype(np.float32))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    settings = {"size": "small", "cases": 3}
    prepare.run("phantom_body", None, folder / "data", versions={}, settings=settings, log=lambda line: None)
    produce("one_hot", folder / "data", folder / "one_hot", settings={}, version={}, log=lambda line: None)
    for factor in FACTORS:
        where = folder / f"epd_{factor}"
        produce("epd", folder / "data", where, settings={"factor": factor}, version={}, log=lambda line: None)
    return folder


def open_batch(data: Path, arm: str, factor: int) -> Batch:
    images, labels = ARMS[arm]
    run = Run.of(
        {
            "names": {"experiment": "tiny", "dataset": "made", "split": "main", "network": "told", "method": arm},
            "network": {"name": "compact_unet", "widths": [4, 8]},
            "loss": "ce",
            "protocol": {"steps": 1, "batch": 1, "patch_size": [128, 128], "learning_rate": 0.01},
            "scoring": {"tolerances_mm": [2.0]},
            "versions": {"training": {}, "scoring": {}},
            "resolution": {"factor": factor, "images": images, "labels": labels},
        }
    )
    soft = data / (f"epd_{factor}" if arm == "epd" else "one_hot")
    return Batch(run, data / "data", soft, SPLIT, torch.device("cpu"), lambda line: None)


def perfect(batch: Batch, case_id: str) -> Case:
    """A validation case with a prediction that is the method's own target."""
    return predicting(batch.case(case_id), store.decode(batch.target(case_id)[0][0]))


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("arm", ARMS)
def test_perfect_prediction_of_the_own_target_has_a_validation_dsc_of_1(data: Path, arm: str, factor: int) -> None:
    batch = open_batch(data, arm, factor)
    cases = [perfect(batch, case) for case in SPLIT["case"]]
    assert validate(Told(), cases)["val_dsc"] == 1.0


@pytest.mark.parametrize("factor", FACTORS)
def test_the_other_arms_label_would_handicap_it(data: Path, factor: int) -> None:
    """What the rule is for: on nearest-voxel labels the same perfect EPD prediction looks far worse."""
    batch = open_batch(data, "epd", factor)
    cases = []
    for case in SPLIT["case"]:
        labels = resolution.nearest(batch.dataset.load(case).labels[0], factor)
        cases.append(replace(perfect(batch, case), labels=labels[None]))
    assert validate(Told(), cases)["val_dsc"] < {2: 0.95, 4: 0.85, 8: 0.7}[factor]


@pytest.mark.parametrize("arm", ARMS)
def test_temperature_makes_a_network_that_is_always_right_as_certain_as_may_be(data: Path, arm: str) -> None:
    batch = open_batch(data, arm, 4)
    hard = {case: one_hot(batch.target(case)[1][0], CLASSES) for case in SPLIT["case"]}
    right = [replace(batch.case(case), images=logits) for case, logits in hard.items()]
    assert temperature(Told(), right) == pytest.approx(LOWEST)
    other = open_batch(data, "epd" if arm == "one_hot" else "one_hot", 4)
    on_the_rivals_labels = [replace(other.case(case), images=logits) for case, logits in hard.items()]
    assert temperature(Told(), on_the_rivals_labels) > 2 * LOWEST


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("arm", ARMS)
def test_training_and_validation_know_one_hard_label(data: Path, arm: str, factor: int) -> None:
    batch = open_batch(data, arm, factor)
    for case in SPLIT["case"]:
        np.testing.assert_array_equal(batch.target(case)[1], batch.case(case).labels)


@pytest.mark.parametrize("factor", FACTORS)
def test_hard_label_of_training_is_the_majority_with_ties_to_the_first(data: Path, factor: int) -> None:
    batch = open_batch(data, "epd", factor)
    for case_id in SPLIT["case"]:
        labels = batch.dataset.load(case_id).labels[0]
        grid = resolution.grid(labels.shape, factor)
        windows = labels.reshape(grid[0], factor, grid[1], factor).swapaxes(1, 2).reshape(*grid, -1)
        counts = np.stack([(windows == c).sum(axis=-1) for c in range(CLASSES)])
        assert ((counts == counts.max(axis=0)).sum(axis=0) > 1).any()  # there are ties
        np.testing.assert_array_equal(batch.target(case_id)[1][0], counts.argmax(axis=0))


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("arm", ARMS)
def test_scores_of_the_training_grid_compare_with_the_class_that_the_paper_assigns(
    data: Path, arm: str, factor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the highest probability, the first on a tie: from the stored target, as scoring reads it."""
    batch = open_batch(data, arm, factor)
    references = {}

    def seen(probabilities: np.ndarray, reference: np.ndarray, valid: np.ndarray | None) -> None:
        references[len(references) + 1] = reference

    monkeypatch.setattr(scoring.ThresholdCounts, "count", seen)
    target = store.decode(batch.target("phantom_body_001")[0][0])
    scoring._count((target, target, None), {str(c): [c] for c in range(1, CLASSES)})
    labels = batch.case("phantom_body_001").labels[0]
    assert len(references) == CLASSES - 1
    for c, reference in references.items():
        np.testing.assert_array_equal(reference, labels == c)


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("arm", ARMS)
def test_epds_network_trains_on_each_of_its_grids(data: Path, tmp_path: Path, arm: str, factor: int) -> None:
    """Five poolings need multiples of 32 pixels: a grid of 16 x 16 is widened, and what is added counts for nothing."""
    batch = open_batch(data, arm, factor)
    protocol = replace(
        batch.run.protocol, epochs=None, steps=30, batch=2, learning_rate=1e-3, validate_every=10, select="best"
    )
    network = {"name": "epd_net", "widths": [8, 8, 16, 16, 16, 16]}
    batch.run = replace(batch.run, protocol=protocol, network=network, loss="learned(l1 + soft_dice)")
    assert batch.protocol.patch_size == [max(32, 128 // factor)] * 2
    assert batch.seed(0, tmp_path)["status"] == "done"
    history = pd.read_csv(tmp_path / "history.csv")
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]
    assert history["val_dsc"].between(0, 1).all()


def half_labelled() -> Case:
    """A case whose voxels nobody labelled are one row in eight, a block of whole windows, and a scatter of others."""
    case = phantoms.make("phantom_body", 1, size="tiny")
    valid = np.random.default_rng(0).random(case.labels.shape[1:]) < 0.7
    valid[::8], valid[16:40, 16:40] = False, False
    return replace(case, labels=np.where(valid, case.labels, 5), valid=valid)  # what stands there does not matter


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
def test_voxels_that_nobody_labelled_count_for_nothing_in_a_window(factor: int) -> None:
    case = half_labelled()
    coarse = Resolution(factor).coarsen(case)
    np.testing.assert_array_equal(coarse.valid, resolution.covered(case.valid, factor))
    assert not coarse.valid.all()
    other = replace(case, labels=np.where(case.valid, case.labels, 0))
    again = Resolution(factor).coarsen(other)
    np.testing.assert_array_equal(again.labels[0][coarse.valid], coarse.labels[0][coarse.valid])


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
def test_perfect_prediction_has_a_validation_dsc_of_1_where_voxels_are_not_labelled(factor: int) -> None:
    case = half_labelled()
    target = store.decode(store.encode(compute("epd", case, CLASSES, {"factor": factor})))
    assert validate(Told(), [predicting(Resolution(factor).coarsen(case), target)])["val_dsc"] == 1.0


def test_window_of_epd_holds_the_shares_of_its_labelled_voxels() -> None:
    case = phantoms.make("phantom_body", 1, size="tiny")
    labels, valid = np.zeros((1, 4, 4), np.uint8), np.ones((4, 4), bool)
    labels[0, :2, :2] = [[1, 1], [2, 5]]
    valid[1, 1] = False  # the 5: two thirds of the window are 1, one third 2
    valid[2:, 2:] = False  # a window without a label is filled in from beside it
    soft = compute("epd", replace(case, labels=labels, valid=valid), CLASSES, {"factor": 2})
    np.testing.assert_allclose(soft[:, 0, 0], [0, 2 / 3, 1 / 3, 0, 0, 0], atol=1e-7)
    np.testing.assert_array_equal(soft[:, 1, 1], [1, 0, 0, 0, 0, 0])


def test_conventional_arm_keeps_its_nearest_voxel_and_whether_somebody_labelled_it() -> None:
    case = half_labelled()
    coarse = Resolution(4, "bilinear", "nearest").coarsen(case)
    np.testing.assert_array_equal(coarse.labels[0], case.labels[0][::4, ::4])
    np.testing.assert_array_equal(coarse.valid, case.valid[::4, ::4])


def test_each_rater_has_a_majority_of_his_own() -> None:
    raters = np.array([[[1, 1], [1, 0]], [[2, 0], [2, 2]]], np.uint8)
    np.testing.assert_array_equal(Resolution(2).hard(raters, None), [[[1]], [[2]]])


def test_methods_on_the_full_grid_keep_the_reference(data: Path) -> None:
    batch = open_batch(data, "epd", 2)
    whole = Batch(
        replace(batch.run, resolution=None), data / "data", data / "one_hot", SPLIT, torch.device("cpu"), print
    )
    case = whole.dataset.load("phantom_body_001")
    np.testing.assert_array_equal(whole.case(case.id).labels, case.labels)
    np.testing.assert_array_equal(whole.target(case.id)[1], case.labels[:1])


def test_selection_and_temperature_of_a_run_look_at_these_cases(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, handed = open_batch(data, "epd", 2), []
    batch.run = replace(batch.run, scoring=replace(batch.run.scoring, temperature=True))

    def stop(_, validation: list[Case], **settings: Any) -> None:
        handed.extend(validation)
        raise InterruptedError

    monkeypatch.setattr(weights, "train", stop)
    monkeypatch.setattr(scores, "fit_temperature", stop)
    monkeypatch.setattr(scores.inference, "load_model", lambda *_: Told())
    for job in (weights.fill, scores.fill):
        with pytest.raises(InterruptedError):
            job(batch, 0, tmp_path, tmp_path)
    assert [case.id for case in handed] == ["phantom_body_001"] * 2
    for case in handed:
        np.testing.assert_array_equal(case.labels[0], resolution.majority(batch.dataset.load(case.id).labels[0], 2))
