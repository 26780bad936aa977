"""A file that was whole once and is no more is told with its name and the way out: no number is made of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from softbench import InputError, datasets, networks, store
from softbench.datasets.prepare import prepare
from softbench.jobs import storage
from softbench.soft_labels import maps
from softbench.training import inference, parts

CPU = torch.device("cpu")
KEPT = "then give the same command again: what is whole is kept"


def flip(path: Path, byte: int) -> None:
    """Flip one bit."""
    content = bytearray(path.read_bytes())
    content[byte] ^= 1
    path.write_bytes(content)


def cut(path: Path, byte: int) -> None:
    path.write_bytes(path.read_bytes()[:byte])


def folder_in_its_place(path: Path, byte: int) -> None:
    path.unlink()
    path.mkdir()


HARM = pytest.mark.parametrize("harm", [flip, cut, folder_in_its_place])
Harm = Callable[[Path, int], None]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    prepare.run(
        "phantom_retina", None, folder, versions={}, settings={"size": "tiny", "cases": 2}, log=lambda line: None
    )
    return folder


@HARM
@pytest.mark.parametrize("array", ["images", "labels", "truth"])
def test_case_of_a_dataset(array: str, harm: Harm, prepared: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(prepared, tmp_path / "data")
    harm(folder / "cases" / "phantom_retina_001" / f"{array}.npy", 1000)
    dataset = datasets.open(folder)
    dataset.load("phantom_retina_000")
    named = rf"{folder}/cases/phantom_retina_001"
    said = rf"^{named}\S* is .*Delete it: `rm -r {named} {folder / 'manifest.json'}`, {KEPT}"
    with pytest.raises(InputError, match=said):
        dataset.load("phantom_retina_001")


@HARM
def test_soft_label(harm: Harm, tmp_path: Path) -> None:
    store.write(tmp_path, "case", np.random.default_rng(0).dirichlet([1, 1], (8, 8)).transpose(2, 0, 1))
    harm(tmp_path / "cases" / "case.npz", 120)
    (tmp_path / "manifest.json").touch()
    with pytest.raises(InputError, match=rf"case\.npz is .*Delete it: `rm .*{tmp_path / 'manifest.json'}`, {KEPT}"):
        store.read(tmp_path, "case")


@HARM
def test_map(harm: Harm, tmp_path: Path) -> None:
    path = tmp_path / "cases" / "case.npz"
    path.parent.mkdir()
    np.savez_compressed(path, a=np.random.default_rng(0).integers(0, 255, 500))
    harm(path, 120)
    with pytest.raises(InputError, match=r"case\.npz.* "):
        maps.read(tmp_path, "case")


def save_model(path: Path) -> None:
    model = networks.build("compact_unet", 1, 2, 2, widths=[4, 8])
    inference.save_model(path, model, {"name": "compact_unet", "widths": [4, 8]}, 1, 2, 2)


@HARM
def test_weights(harm: Harm, tmp_path: Path) -> None:
    path = tmp_path / "method" / "seed-0" / "model.pt"
    path.parent.mkdir(parents=True)
    save_model(path)
    harm(path, 2000)
    with pytest.raises(InputError, match=r"seed-0/model\.pt.*"):
        inference.load_model(path, CPU)


def test_flipped_bit_of_weights_is_told_though_torch_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "method" / "seed-0" / "model.pt"
    path.parent.mkdir(parents=True)
    save_model(path)
    batch = tmp_path / "method" / "batch-0.json"
    batch.touch()
    flip(path, path.stat().st_size // 2)
    torch.load(path, weights_only=True)
    said = rf"is damaged \(the checksum of .* is wrong\)\. Delete it: `rm {path} {batch}`, {KEPT}"
    with pytest.raises(InputError, match=said):
        inference.load_model(path, CPU)


@HARM
def test_checkpoint_is_not_used(harm: Harm, tmp_path: Path) -> None:
    parts.save_checkpoint(tmp_path, "key", {"step": 20, "weights": torch.arange(5000)})
    harm(tmp_path / parts.CHECKPOINT, 9000)
    state, said = parts.load_checkpoint(tmp_path, "key", CPU)
    assert state is None
    assert "cannot be read" in said


@HARM
def test_scores(harm: Harm, tmp_path: Path) -> None:
    path = tmp_path / "scores.parquet"
    table = pd.DataFrame({"value": np.random.default_rng(0).normal(size=500)})
    table.to_parquet(path, write_page_checksum=True)
    pd.testing.assert_frame_equal(storage.read_parquet(path, tmp_path / "batch-0.json"), table)
    harm(path, 500)
    with pytest.raises(InputError, match=r"scores\.parquet"):
        storage.read_parquet(path, tmp_path / "batch-0.json")


def test_missing_file_is_called_missing(tmp_path: Path) -> None:
    listed = tmp_path / "batch-0.json"
    listed.touch()
    with pytest.raises(InputError, match=rf"a\.json is missing\. Delete what lists it: `rm {listed}`, {KEPT}"):
        storage.read_json(tmp_path / "a.json", listed)
