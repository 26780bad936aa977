"""A loss found by being there: the one of docs/extend.md, as it stands there."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from softbench import InputError, losses
from softbench.losses import catalogue


def text_of_the_page(root: Path) -> str:
    page = (root / "docs" / "extend.md").read_text(encoding="utf-8")
    (text,) = re.findall(
        r"^```python\n# workflow/softbench/losses/weighted_dice\.py\n(.*?)^```", page, re.MULTILINE | re.DOTALL
    )
    return text


@pytest.fixture
def weighted_dice(root: Path, tmp_path: Path) -> ModuleType:
    """The module of the page."""
    path = tmp_path / "weighted_dice.py"
    path.write_text(text_of_the_page(root))
    spec = importlib.util.spec_from_file_location("weighted_dice", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_loss_of_the_page_is_found_with_its_settings(weighted_dice: ModuleType) -> None:
    allowed = {"missed": {"type": "number", "maximum": 1, "description": "weight of missed voxels"}}
    found = catalogue.find(Path(weighted_dice.__file__).parent)
    assert found == {"weighted_dice": catalogue.Loss("WeightedDice", {"missed": 0.7}, allowed=allowed)}


def test_its_value_is_that_of_counted_voxels(weighted_dice: ModuleType) -> None:
    """One voxel hit, one missed, none made up, of class 1; of class 0 one hit and one made up: 1 - 1 / (1 + 1 / 2)."""
    hard = torch.tensor([[[0, 1, 1]]])
    soft = torch.nn.functional.one_hot(hard, 2).movedim(-1, 1).float()
    logits = torch.tensor([[[[50.0, 50.0, -50.0]], [[-50.0, -50.0, 50.0]]]])
    target = losses.Target(soft, hard, torch.ones_like(hard, dtype=torch.bool))
    assert weighted_dice.WeightedDice(missed=0.5)(logits, target).item() == pytest.approx(1 / 3)
    assert weighted_dice.WeightedDice(missed=1.0)(logits, target).item() == pytest.approx(
        1 / 4
    )  # 0 for class 0, 1/2 for class 1


@pytest.mark.parametrize("line", ['LOSS = "WeightedDice"', 'LOSS = {"settings": {}}', 'LOSS = {"class": WeightedDice}'])
def test_line_that_cannot_be_read_is_shown_how(tmp_path: Path, line: str) -> None:
    (tmp_path / "odd.py").write_text(f'"""Odd."""\n\n{line}\n')
    with pytest.raises(InputError, match=r'odd\.py: LOSS must be written like \{"class": "Mine"'):
        catalogue.find(tmp_path)


def test_file_that_is_no_python_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text('"""Odd."""\nclass Odd((:\nLOSS = {"class": "Odd"}\n')
    with pytest.raises(InputError, match=r"odd\.py, line 2 is no Python: .* Fix it\."):
        catalogue.find(tmp_path)


def test_range_that_a_loss_declares_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '"""Own."""\n\nLOSS = {"class": "Own", "settings": {"share": 0.5}}\n\n\nclass Own:\n    """Own."""\n\n\n'
    (tmp_path / "own.py").write_text(
        text + 'ALLOWED = {"share": {"type": "number", "exclusiveMinimum": 0, "maximum": 1}}\n'
    )
    monkeypatch.setattr(catalogue, "ROOM", tmp_path)
    assert catalogue.read("own(share=0.7)")[0].settings == {"share": 0.7}
    for value, said in (("2", "above 1: 2"), ("0", "not above 0: 0")):
        with pytest.raises(InputError, match=f"has a share that is {said}"):
            catalogue.read(f"own(share={value})")


def test_shipped_losses_are_found_as_an_own_one_is() -> None:
    """Each is one file that says so; nothing lists them."""
    files = sorted(p.stem for p in catalogue.ROOM.glob("*.py") if "\nLOSS = {" in p.read_text(encoding="utf-8"))
    assert catalogue.names() == files
    assert {"ce", "dice", "kl"} <= set(files)


def test_new_loss_is_one_file(root: Path, tmp_path: Path) -> None:
    """A copy of the package with the file of the page knows, checks, builds and versions the loss."""
    package = tmp_path / "softbench"
    shutil.copytree(root / "workflow" / "softbench", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "losses" / "weighted_dice.py").write_text(text_of_the_page(root))
    code = (
        "from softbench import losses; from softbench.plan.config.check import _loss_fault; "
        "assert 'weighted_dice' in losses.names(); "
        "assert _loss_fault('ce + weighted_dice(missed=0.6)') is None; "
        "assert 'losses/weighted_dice.py' in losses.catalogue.modules('ce + weighted_dice'); "
        "assert losses.build('weighted_dice(missed=0.6)').terms[0].loss.missed == 0.6"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(tmp_path)})
