"""A loss found by being there: the one of docs/extend.md, as it stands there."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
import torch
from softbench import InputError, losses
from softbench.losses import catalogue


@pytest.fixture
def tversky(root: Path, tmp_path: Path) -> ModuleType:
    """The module of the page."""
    page = (root / "docs" / "extend.md").read_text(encoding="utf-8")
    (text,) = re.findall(
        r"^```python\n# workflow/softbench/losses/tversky\.py\n(.*?)^```", page, re.MULTILINE | re.DOTALL
    )
    path = tmp_path / "tversky.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location("tversky", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_loss_of_the_page_is_found_with_its_settings(tversky: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "__file__", str(Path(tversky.__file__).with_name("catalogue.py")))
    allowed = {"missed": {"type": "number", "maximum": 1, "description": "weight of missed voxels"}}
    assert catalogue.own() == {"tversky": catalogue.Loss("tversky", "Tversky", {"missed": float}, allowed=allowed)}


def test_its_value_is_that_of_counted_voxels(tversky: ModuleType) -> None:
    """One voxel hit, one missed, none made up, of class 1; of class 0 one hit and one made up: 1 - 1 / (1 + 1 / 2)."""
    hard = torch.tensor([[[0, 1, 1]]])
    soft = torch.nn.functional.one_hot(hard, 2).movedim(-1, 1).float()
    logits = torch.tensor([[[[50.0, 50.0, -50.0]], [[-50.0, -50.0, 50.0]]]])
    target = losses.Target(soft, hard, torch.ones_like(hard, dtype=torch.bool))
    assert tversky.Tversky(missed=0.5)(logits, target).item() == pytest.approx(1 / 3)
    assert tversky.Tversky(missed=1.0)(logits, target).item() == pytest.approx(1 / 4)  # 0 for class 0, 1/2 for class 1


@pytest.mark.parametrize("line", ['LOSS = "Tversky"', 'LOSS = {"settings": {}}', 'LOSS = {"class": Tversky}'])
def test_line_that_cannot_be_read_is_shown_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    (tmp_path / "odd.py").write_text(f'"""Odd."""\n\n{line}\n')
    monkeypatch.setattr(catalogue, "__file__", str(tmp_path / "catalogue.py"))
    with pytest.raises(InputError, match=r'odd\.py: LOSS must be written like \{"class": "Tversky"'):
        catalogue.own()


def test_range_that_a_loss_declares_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '"""Own."""\n\nLOSS = {"class": "Own", "settings": {"share": 0.5}}\n'
    (tmp_path / "own.py").write_text(
        text + 'ALLOWED = {"share": {"type": "number", "exclusiveMinimum": 0, "maximum": 1}}\n'
    )
    monkeypatch.setattr(catalogue, "__file__", str(tmp_path / "catalogue.py"))
    monkeypatch.setattr(catalogue, "LOSSES", catalogue.own())
    assert catalogue.read("own(share=0.7)")[0].settings == {"share": 0.7}
    for value, said in (("2", "above 1: 2"), ("0", "not above 0: 0")):
        with pytest.raises(InputError, match=f"has a share that is {said}"):
            catalogue.read(f"own(share={value})")
