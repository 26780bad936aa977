"""`softbench nnunet prepare`, then nnU-Net's own commands, in processes of their own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from softbench import cli


def printed(*command: str | Path) -> str:
    """Run a command of this environment, which must succeed."""
    program = Path(sys.executable).with_name(str(command[0]))
    done = subprocess.run([program, *map(str, command[1:])], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def require_networks() -> None:
    """Skip where nnU-Net's search for trainers fails: it imports timm, which needs a torchvision that fits torch."""
    done = subprocess.run([sys.executable, "-c", "import timm.layers"], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"nnU-Net cannot search for trainers here: {done.stderr.splitlines()[-1]}")


def test_prepare_says_how_to_train(data_set, capsys: pytest.CaptureFixture) -> None:
    found = data_set()
    assert cli.main(["nnunet", "prepare", "900", "--recipe", "svls", "--set", "sigma=2", "--seed", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    trainers = found.folder.parent / "softbench_trainers"
    name = "nnUNetTrainerSoft_svls_sigma2_seed1"
    assert lines == [
        f"targets: {found.folder / 'softbench' / 'nnUNetPlans_3d' / 'svls_sigma2'}",
        f"trainer: {trainers / name}.py",
        f"export nnUNet_extTrainer={trainers}",
        f"nnUNetv2_train Dataset900_Ball 3d_fullres 0 -tr {name} -p nnUNetPlans",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--recipe", "moh"], "reads label maps of several raters"),
        (["--recipe", "svls", "--configuration", "3d_cascade_fullres"], "second stage of a cascade"),
        (["--recipe", "svls", "--loss", "wce"], "weighs classes by their frequency"),
        (["--recipe", "svls", "--name", "my targets"], "may have letters, digits and single _, as 'my_targets'"),
        (["--recipe", "svls", "--epochs", "0"], "--epochs must be at least 1"),
    ],
)
def test_wrong_calls_say_what_is_wrong(data_set, capsys: pytest.CaptureFixture, words: list[str], said: str) -> None:
    found = data_set()
    assert cli.main(["nnunet", "prepare", "900", *words]) == 1
    assert said in capsys.readouterr().err
    assert not (found.folder / "softbench").exists()


def test_missing_nnunet_is_told_with_what_installs_it() -> None:
    code = "import sys; sys.modules['nnunetv2'] = None; from softbench import for_nnunet; for_nnunet.nnUNetTrainerSoft"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.endswith("needs nnunetv2, which is not installed: pip install 'softlabelbench[nnunet]'\n")


@pytest.mark.torture
@pytest.mark.parametrize("configuration", ["3d_fullres", "2d"])
def test_train_continue_and_predict(data_set, configuration: str, monkeypatch: pytest.MonkeyPatch) -> None:
    require_networks()
    found = data_set()
    root = found.folder.parents[1]
    cli.main([
        "nnunet", "prepare", "900", "--recipe", "svls", "--configuration", configuration, "--epochs", "2",
        "--iterations", "2",
    ])  # fmt: skip
    monkeypatch.setenv("nnUNet_extTrainer", str(found.folder.parent / "softbench_trainers"))
    monkeypatch.setenv("nnUNet_def_n_proc", "1")
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    trainer = "nnUNetTrainerSoft_svls_2epochs_2iterations"
    train = ("nnUNetv2_train", "900", configuration, "0", "-tr", trainer, "-device", "cpu", "--npz")
    printed(*train)
    model = root / "results" / found.folder.name / f"{trainer}__nnUNetPlans__{configuration}"
    assert json.loads((model / "fold_0" / "soft_label.json").read_text())["recipe"] == "svls"
    os.remove(model / "fold_0" / "checkpoint_final.pth")
    shutil.rmtree(model / "fold_0" / "validation")
    assert "Epoch 1" in printed(*train, "--c")
    printed(
        "nnUNetv2_predict", "-i", root / "raw" / found.folder.name / "imagesTr", "-o", root / "out", "-d", "900",
        "-c", configuration, "-f", "0", "-tr", trainer, "-device", "cpu", "--save_probabilities",
    )  # fmt: skip
    probabilities: Any = np.load(root / "out" / "ball_0.npz")["probabilities"]
    assert probabilities.shape == (3, 18, 20, 22)


@pytest.mark.torture
def test_benchmark_compares_both_trainers(data_set) -> None:
    data_set()
    cli.main(["nnunet", "prepare", "900", "--recipe", "svls"])
    script = Path(__file__).parents[2] / "benchmarks" / "nnunet.py"
    lines = printed("python", script, "900", "--rounds", "1", "--steps", "1").splitlines()
    assert [line.partition(":")[0] for line in lines[-2:]] == ["cpu_s", "peak_mib"]
