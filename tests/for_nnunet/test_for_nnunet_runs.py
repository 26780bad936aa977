"""Runs that nnU-Net left, and their scores. Needs no nnU-Net: folders are made as it writes them."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from softbench import cli
from softbench.errors import InputError
from softbench.for_nnunet import runs

CASES = {"0": ["a", "b"], "1": ["c", "d"]}
NAME = "Dataset900_Ball"


def write(path: Path, labels: np.ndarray) -> None:
    """Write a label map, (z, y, x)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(labels.transpose(2, 1, 0).astype(np.uint8), np.eye(4)), path)


def reference(case: str) -> np.ndarray:
    labels = np.zeros((6, 7, 8), int)
    labels[2:4, 2:5, 2 : 4 + "abcd".index(case) % 2] = 1
    return labels


def trained(root: Path, trainer: str, *, seed: int | None = None, soft: bool = True, folds: str = "01") -> Path:
    """Write a trainer's folder with probabilities that are as sure as the seed says."""
    folder = root / "results" / NAME / f"{trainer}__nnUNetPlans__2d"
    for fold in folds:
        for case in CASES[fold]:
            labels = reference(case)
            write(folder / f"fold_{fold}" / "validation" / f"{case}.nii.gz", labels)
            sure = 0.9 - 0.02 * (seed or 0)
            probabilities = np.where(np.stack([labels == 0, labels == 1]), sure, 1 - sure).astype(np.float32)
            np.savez_compressed(folder / f"fold_{fold}" / "validation" / f"{case}.npz", probabilities=probabilities)
        rows = [{"reference_file": f"gt_segmentations/{case}.nii.gz"} for case in CASES[fold]]
        (folder / f"fold_{fold}" / "validation" / "summary.json").write_text(json.dumps({"metric_per_case": rows}))
        if soft:
            (folder / f"fold_{fold}" / "soft_label.json").write_text(json.dumps({"recipe": "svls", "seed": seed}))
    (folder / "dataset.json").write_text(json.dumps({"labels": {"background": 0, "ball": 1}}))
    return folder


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders of nnU-Net with the references of five cases, one of them in no fold."""
    for name in ("raw", "preprocessed", "results"):
        monkeypatch.setenv(f"nnUNet_{name}", str(tmp_path / name))
    folder = tmp_path / "preprocessed" / NAME
    for case in "abcde":
        write(folder / "gt_segmentations" / f"{case}.nii.gz", reference(case[0] if case != "e" else "a"))
    splits = [{"train": [], "val": cases} for cases in CASES.values()]
    (folder / "splits_final.json").write_text(json.dumps(splits))
    return tmp_path


def found(root: Path, **how: object) -> list[runs.Run]:
    return runs.find(root / "results" / NAME, "nnUNetPlans", "2d", **how)


def test_seed_and_fold_are_told_apart(root: Path) -> None:
    trained(root, "nnUNetTrainerSoft_svls_seed1", seed=1)
    trained(root, "nnUNetTrainerSoft_svls_seed2", seed=2, folds="0")
    trained(root, "nnUNetTrainer", soft=False)
    trained(root, "nnUNetTrainerSoft_ls", seed=None)
    assert sorted((run.method, run.seed, sorted(run.folds)) for run in found(root)) == [
        ("ls", 0, ["0", "1"]),
        ("nnUNetTrainer", 0, ["0", "1"]),
        ("svls", 1, ["0", "1"]),
        ("svls", 2, ["0"]),
    ]


def test_folds_are_those_that_all_runs_have(root: Path) -> None:
    trained(root, "nnUNetTrainerSoft_svls_seed1", seed=1)
    trained(root, "nnUNetTrainerSoft_svls_seed2", seed=2, folds="0")
    assert runs.shared_folds(found(root), None) == ["0"]
    with pytest.raises(InputError, match="not every run has predictions of fold 1: svls, seed 1 has 0 and 1; svls, s"):
        runs.shared_folds(found(root), ["0", "1"])


def test_missing_runs_and_cases_are_told(root: Path) -> None:
    with pytest.raises(InputError, match="has no trainer's folder"):
        found(root)
    folder = trained(root, "nnUNetTrainerSoft_svls", seed=None)
    with pytest.raises(InputError, match=r"no predictions of validation cases by other with .* it has them by nnUNetT"):
        found(root, trainers=["other"])
    for path in folder.glob("fold_1/validation/d.*"):
        path.unlink()
    assert cli.main(["nnunet", "import", NAME, "--configuration", "2d", "--output", str(root / "out")]) == 1
    with pytest.raises(InputError, match=r"fold_1 lacks predictions of d \(1 of 2 cases\)"):
        runs.require_whole(
            found(root), ["1"], json.loads((root / "preprocessed" / NAME / "splits_final.json").read_text())
        )


def test_imported_runs_have_a_table_that_says_what_a_run_is(root: Path, capsys: pytest.CaptureFixture) -> None:
    for seed in (1, 2, 3):
        trained(root, f"nnUNetTrainerSoft_svls_seed{seed}", seed=seed)
        trained(root, f"nnUNetTrainerSoft_one_hot_seed{seed}", seed=seed)
    words = ["nnunet", "import", "900", "--configuration", "2d", "--control", "one_hot", "--output", str(root / "out")]
    assert cli.main([*words, "--cores", "1"]) == 0
    said = capsys.readouterr().out
    assert "Folds (0 and 1) are parts of the cases" in said
    assert "A run is a training seed with all its folds (one_hot has 3 and svls has 3)" in said
    assert "| svls" in said
    scores = (root / "out" / "scores.csv").read_text().splitlines()
    names = scores[0].split(",")
    cases = {line.split(",")[names.index("case")] for line in scores[1:]}
    assert cases == {"a", "b", "c", "d", "pooled"}
    seeds = {line.split(",")[names.index("seed")] for line in scores[1:]}
    assert seeds == {"1", "2", "3"}


def test_one_seed_is_said_to_tell_nothing_of_seeds(root: Path, capsys: pytest.CaptureFixture) -> None:
    trained(root, "nnUNetTrainerSoft_svls", folds="0")
    words = ["nnunet", "import", "900", "--configuration", "2d", "--output", str(root / "out"), "--cores", "1"]
    assert cli.main(words) == 0
    said = capsys.readouterr().out
    assert "Fold 0 alone: its validation cases were predicted by the network that was trained without them." in said
    assert "One training seed a method" in said


def test_chosen_folds_of_a_model_are_scored(root: Path, capsys: pytest.CaptureFixture) -> None:
    folder = trained(root, "nnUNetTrainer", soft=False)
    references = root / "preprocessed" / NAME / "gt_segmentations"
    words = ["score", "--predictions", f"a={folder}", "--references", str(references), "--output", str(root / "out")]
    assert cli.main([*words, "--folds", "1"]) == 1
    assert "--folds is of folders of nnU-Net: add --from nnunet" in capsys.readouterr().err
    assert cli.main([*words, "--from", "nnunet", "--folds", "2"]) == 1
    assert "has no fold 2; it has 0 and 1" in capsys.readouterr().err
    assert cli.main([*words, "--from", "nnunet", "--folds", "1", "--cores", "1"]) == 0
    assert "Fold 1 alone" in capsys.readouterr().out
