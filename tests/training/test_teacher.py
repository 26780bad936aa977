"""A teacher predicts each case by networks that did not see it; soft labels are made of its predictions."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from softbench import InputError, datasets, store
from softbench.datasets import folds
from softbench.datasets.prepare import prepare
from softbench.soft_labels.produce import produce
from softbench.soft_labels.reader import open_store
from softbench.training import inference, teacher
from softbench.training.batch import Batch
from softbench.training.inference import make_view
from softbench.training.run import Run

RUN = Run.of(
    {
        "names": {"experiment": "e", "dataset": "made", "split": "main", "network": "small", "method": "one_hot"},
        "network": {"name": "compact_unet", "widths": [4, 8]},
        "loss": "ce",
        "protocol": {"steps": 20, "batch": 2, "patch_size": [8, 16, 16], "learning_rate": 0.01},
        "scoring": {"tolerances_mm": [2.0]},
        "versions": {"training": {"training/loop.py": 1}, "scoring": {"metrics/overlap.py": 1}},
    }
)
PARTS = ["train", "train", "train", "train", "val", "test"]
NAMES = [f"phantom_brain_{n:03d}" for n in range(len(PARTS))]
SPLIT = pd.DataFrame({"case": NAMES, "patient": NAMES, "part": PARTS})
CPU = torch.device("cpu")


def quiet(line: str) -> None:
    pass


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set, and a teacher of two folds with one seed each."""
    folder = tmp_path_factory.mktemp("data")
    size = {"size": "tiny", "cases": len(PARTS)}
    prepare.run("phantom_brain", None, folder / "data", versions={}, settings=size, log=quiet)
    produce("one_hot", folder / "data", folder / "soft", settings={}, version={}, log=quiet)
    for fold in (0, 1):
        batch = Batch(RUN, folder / "data", folder / "soft", folds.without(SPLIT, fold, 2), CPU, quiet)
        teacher.train_fold(batch, [7], folder / f"fold-{fold}", folder / f"fold-{fold}.json")
    predict(folder, folder / "teacher")
    return folder


def predict(folder: Path, output: Path) -> dict:
    lists = [folder / "fold-0.json", folder / "fold-1.json"]
    teacher.predict(lists, folder / "data", SPLIT, RUN.protocol, output, version={}, device=CPU, log=quiet)
    return json.loads((output / "manifest.json").read_text())


def test_no_network_predicts_a_case_that_it_saw(taught: Path) -> None:
    dataset, own = datasets.open(taught / "data"), folds.assign(SPLIT, 2)
    models = [inference.load_model(taught / f"fold-{fold}" / "seed-7" / "model.pt", CPU) for fold in (0, 1)]
    assert sorted(own.values()) == [0, 0, 1, 1]
    for case in NAMES:
        used = [models[own[case]]] if case in own else models
        expected = inference.predict(used, dataset.load(case).images, view=make_view(RUN.protocol))
        found = store.decode(store.read_codes(taught / "teacher", case))
        np.testing.assert_allclose(found, expected, atol=1.6e-5)


def test_folds_learn_from_other_cases(taught: Path) -> None:
    hashes = [json.loads((taught / f"fold-{fold}.json").read_text())["seeds"]["7"] for fold in (0, 1)]
    assert hashes[0]["model"] != hashes[1]["model"]
    assert [of["training"]["cases"] for of in hashes] == [2, 2]


def test_second_call_predicts_nothing(taught: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = json.loads((taught / "teacher" / "manifest.json").read_text())
    monkeypatch.setattr(inference, "predict", None)
    assert predict(taught, taught / "teacher") == first


def test_distilled_labels_are_the_predictions_and_slsr_smooths_some_labels(taught: Path, tmp_path: Path) -> None:
    for recipe in ("distilled", "slsr"):
        given = {"settings": {}, "version": {}, "teacher_folder": taught / "teacher", "log": quiet}
        produce(recipe, taught / "data", tmp_path / recipe, **given)
    dataset = datasets.open(taught / "data")
    for name in NAMES:
        case = dataset.load(name)
        predicted = store.read_codes(taught / "teacher", name)
        np.testing.assert_array_equal(open_store(tmp_path / "distilled").codes(case), predicted)
        smoothed = open_store(tmp_path / "slsr").codes(case)
        np.testing.assert_array_equal(smoothed.argmax(axis=0), case.labels[0])
    peaks = [open_store(tmp_path / "slsr").codes(dataset.load(name)).max(axis=0) for name in NAMES]
    shares = [float((peak < store.ONE).mean()) for peak in peaks]
    assert 0 < np.mean(shares) < 0.5


def test_recipe_without_its_teacher_is_refused(taught: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs a teacher"):
        produce("distilled", taught / "data", tmp_path, settings={}, version={}, log=quiet)


def test_changed_weights_and_a_fold_without_networks_are_refused(taught: Path, tmp_path: Path) -> None:
    lists = [tmp_path / "fold-0.json", tmp_path / "fold-1.json"]
    listed = json.loads((taught / "fold-0.json").read_text())
    listed["seeds"]["7"]["model"] = "another"
    lists[0].write_text(json.dumps(listed))
    (tmp_path / "fold-0").symlink_to(taught / "fold-0")
    lists[1].write_text(json.dumps({"seeds": {"7": {"status": "failed", "reason": "the loss is nan"}}}))
    given = {"version": {}, "device": CPU, "log": quiet}
    with pytest.raises(InputError, match=r"fold-1 could be trained \(seed 7: the loss is nan\)"):
        teacher.predict(lists, taught / "data", SPLIT, RUN.protocol, tmp_path / "out", **given)
    lists[1].write_text((taught / "fold-1.json").read_text())
    (tmp_path / "fold-1").symlink_to(taught / "fold-1")
    with pytest.raises(InputError, match="other weights than the list of its fold"):
        teacher.predict(lists, taught / "data", SPLIT, RUN.protocol, tmp_path / "out", **given)
