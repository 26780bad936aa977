"""Cases validated and scored on a part at a random place, and weights kept by the lowest loss: as the code of SVLS."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from softbench import InputError, datasets, images
from softbench.datasets.prepare import prepare
from softbench.datasets.prepare.intensities import subtract
from softbench.figures import case_rows
from softbench.losses import Target, build
from softbench.soft_labels.produce import produce
from softbench.training import loop, sanity, scores, weights
from softbench.training.batch import Batch, Run, run_batch
from softbench.training.coarse import Resolution
from softbench.training.inference import logits
from softbench.training.protocol import LATER, Protocol

PART = [8, 16, 16]
CASES = [f"phantom_brain_{n:03d}" for n in range(3)]
SPLIT = pd.DataFrame(
    [(case, case, part) for case, part in zip([*CASES, CASES[2]], ["train", "train", "val", "test"], strict=True)],
    columns=["case", "patient", "part"],
)
MEANS = [0.1, 0.2, 0.3, 0.4]
RUN = Run.of(
    {
        "names": dict.fromkeys(["experiment", "dataset", "split", "network", "method"], "x"),
        "network": {"name": "compact_unet", "widths": [4, 8]},
        "loss": "ce",
        "protocol": {
            **{"steps": 6, "batch": 2, "patch_size": PART, "learning_rate": 0.05, "validate_every": 1},
            **{"select": "lowest_loss", "evaluation": "random_crop", "schedule": "constant"},
        },
        "scoring": {"tolerances_mm": [2.0], "temperature": True},
        "versions": {"training": {}, "scoring": {}},
    }
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    settings = {"size": "tiny", "cases": 3, "normalise": "minmax", "subtract": MEANS}
    prepare.run("phantom_brain", None, folder / "data", versions={}, settings=settings, log=lambda line: None)
    produce("svls", folder / "data", folder / "soft", settings={}, version={}, log=lambda line: None)
    return folder


def batch_of(data: Path, run: Run = RUN) -> Batch:
    return Batch(run, data / "data", data / "soft", SPLIT, torch.device("cpu"), lambda line: None)


def test_constants_are_taken_from_each_channel_after_the_scale(data: Path) -> None:
    case = datasets.open(data / "data").load(CASES[0])
    for channel, mean, prepared in zip(case.images, MEANS, case.intensities("prepared"), strict=True):
        assert channel.min() == pytest.approx(-mean)
        assert channel.max() == pytest.approx(1 - mean)
        scaled = (prepared - prepared.min()) / (prepared.max() - prepared.min())
        np.testing.assert_allclose(channel, scaled - mean, atol=1e-6)
    with pytest.raises(InputError, match="4 numbers, one a channel, but holds 1"):
        subtract(case.images, [0.1])


def test_part_of_a_case_lies_where_its_name_says_and_keeps_its_place(data: Path) -> None:
    dataset = datasets.open(data / "data")
    part = dataset.cropped(PART)
    boxes = [part.box(case) for case in CASES]
    assert boxes == [datasets.open(data / "data").cropped(PART).box(case) for case in CASES]
    assert len({str(box) for box in boxes}) == 3  # 17 x 17 x 17 places: three alike would be no chance
    whole, cut = dataset.load(CASES[0]), part.load(CASES[0])
    assert cut.images.shape == (4, *PART)
    np.testing.assert_array_equal(cut.images, whole.images[:, *boxes[0]])
    np.testing.assert_array_equal(cut.labels, whole.labels[:, *boxes[0]])
    np.testing.assert_array_equal(cut.intensities("prepared"), whole.intensities("prepared")[:, *boxes[0]])
    corner = [axis.start for axis in boxes[0]]
    np.testing.assert_allclose(cut.affine @ [0, 0, 0, 1], whole.affine @ [*corner, 1])


def test_part_longer_than_a_case_is_the_case(data: Path) -> None:
    dataset = datasets.open(data / "data")
    assert dataset.cropped([99, 99, 99]).load(CASES[0]).labels.shape == dataset.load(CASES[0]).labels.shape


def test_run_is_scored_on_the_part_and_its_label_map_lies_on_the_whole_grid(data: Path, tmp_path: Path) -> None:
    run_batch(batch_of(data), [0], tmp_path, tmp_path / "batch-0.json")
    scores = pd.read_parquet(tmp_path / "seed-0" / "scores.parquet")
    dataset = datasets.open(data / "data")
    spacing = dataset.load(CASES[2]).spacing_mm
    diagonal = scores.loc[scores["metric"] == "image_diagonal", "value"].iloc[0]
    assert diagonal == pytest.approx(np.linalg.norm(np.multiply(PART, spacing)))
    stored, _ = images.load(tmp_path / "seed-0" / "predictions" / f"{CASES[2]}.nii.gz")
    label_map, box = stored.T, dataset.cropped(PART).box(CASES[2])
    assert label_map.shape == dataset.load(CASES[2]).labels.shape[1:]
    assert label_map[box].sum() == label_map.sum()  # nothing outside of the part


def test_weights_are_those_of_the_lowest_loss_on_the_methods_own_labels(data: Path, tmp_path: Path) -> None:
    run_batch(batch_of(data), [0], tmp_path, tmp_path / "batch-0.json")
    history = pd.read_csv(tmp_path / "seed-0" / "history.csv")
    seed = json.loads((tmp_path / "batch-0.json").read_text())["seeds"]["0"]
    assert seed["validation"]["step"] == history.loc[history["val_loss"].idxmin(), "step"]
    batch = batch_of(data)
    case, (soft, _) = batch.evaluated_case(CASES[2]), batch.evaluated_targets()(CASES[2])
    model = weights.inference.load_model(tmp_path / "seed-0" / "model.pt", torch.device("cpu"))
    logarithms = torch.log_softmax(logits(model, case.images).double(), dim=0).numpy()
    assert history["val_loss"].min() == pytest.approx(-(soft[0] / 65535 * logarithms).sum(axis=0).mean(), rel=1e-4)


def test_undefined_loss_is_worse_than_any(tmp_path: Path) -> None:
    rows = [{"val_dsc": 0.9, "val_loss": float("nan")}, {"val_dsc": 0.1, "val_loss": 5.0}]
    assert max(rows, key=lambda row: loop.merit(row, "lowest_loss")) is rows[1]
    assert max(rows, key=lambda row: loop.merit(row, "best")) is rows[0]


def test_voxels_that_are_not_valid_count_in_no_loss_of_validation(data: Path) -> None:
    case = datasets.open(data / "data").load(CASES[0])
    valid = np.zeros(case.labels.shape[1:], bool)
    valid[:4] = True
    scores = torch.randn(4, *valid.shape, generator=torch.Generator().manual_seed(0))
    hard = case.labels
    soft = np.stack([(hard[0] == c) * np.uint16(65535) for c in range(4)])[None]

    def targets(_: str) -> tuple[np.ndarray, np.ndarray]:
        return soft, hard

    found = loop.target_loss(build("ce"), targets, torch.device("cpu"), replace(case, valid=valid), scores)
    part = Target(
        *(
            torch.from_numpy(a)
            for a in ((soft[:, :, :4] / 65535).astype(np.float32), hard[:, :4].astype("int64"), valid[None, :4])
        )
    )
    assert found == pytest.approx(float(build("ce")(scores[None, :, :4], part)))


@pytest.mark.parametrize("kind", ["oracle", "chance"])
def test_rows_that_are_not_trained_are_scored_on_the_part_of_trained_ones(
    kind: str, data: Path, tmp_path: Path
) -> None:
    run_batch(batch_of(data), [0], tmp_path, tmp_path / "batch-0.json")
    row = {"kind": kind, "names": RUN.names, "scoring": {"tolerances_mm": [2.0]}, "versions": {}, "seed": 0}
    dataset = datasets.open(data / "data")
    for place, part in (("part", {"part": PART}), ("whole", {})):
        output = tmp_path / place / "batch-0.json"
        sanity.run(**row, **part, dataset=dataset, split=SPLIT, output=output, log=lambda line: None)

    def diagonals(folder: Path) -> list[float]:
        found = pd.read_parquet(folder / "seed-0" / "scores.parquet")
        return list(found.loc[found["metric"] == "image_diagonal", "value"].unique())

    assert diagonals(tmp_path / "part") == diagonals(tmp_path)
    assert diagonals(tmp_path / "whole") != diagonals(tmp_path)
    kept, _ = images.load(tmp_path / "part" / "seed-0" / "predictions" / f"{CASES[2]}.nii.gz")
    outside = kept.T.copy()
    outside[dataset.cropped(PART).box(CASES[2])] = 0
    assert not outside.any()


def test_probabilities_of_figures_are_those_of_the_part_that_was_scored(data: Path, tmp_path: Path) -> None:
    run_batch(batch_of(data), [0], tmp_path, tmp_path / "batch-0.json")
    parts = SPLIT.drop_duplicates("case").assign(part=["train", "train", "val+test"])
    parts.to_csv(tmp_path / "split.csv", index=False)
    plain = {**asdict(RUN), "protocol": asdict(RUN.protocol), "scoring": asdict(RUN.scoring), "resolution": None}
    paths = {"data": data / "data" / "manifest.json", "soft_label": data / "soft" / "manifest.json"}
    runs = {"x": {"run": plain, "split": tmp_path / "split.csv", **paths}}
    found = scores.probabilities(runs, torch.device("cpu"), lambda line: None)("x", tmp_path / "seed-0", CASES[2])
    assert found.shape == (4, *PART)
    part = case_rows.scored_data({"data": data / "data", "part": PART})
    label_map = case_rows.label_maps(part)("x", tmp_path / "seed-0", CASES[2])
    np.testing.assert_array_equal(found.argmax(axis=0), label_map)


def test_coarser_grid_cannot_be_validated_on_a_part(data: Path) -> None:
    run = replace(RUN, resolution=Resolution(factor=[2, 2, 2], images="mean", labels="soft_label"))
    with pytest.raises(InputError, match="evaluation: random_crop"):
        batch_of(data, run).evaluated_case(CASES[2])


def test_protocol_of_before_has_the_key_of_before() -> None:
    before = Protocol(batch=2, patch_size=PART, learning_rate=0.1, steps=3)
    assert "evaluation" not in before.deciding()
    assert {**before.deciding(), **LATER} == asdict(before)
    assert replace(before, evaluation="random_crop").deciding()["evaluation"] == "random_crop"
