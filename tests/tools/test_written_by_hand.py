"""A store that a rule wrote without any check stops before training, with its file."""

import json
from pathlib import Path

import numpy as np
import pytest
from softbench import InputError, datasets, store
from softbench.soft_labels import open_store

CASE = "phantom_brain_000"
MANIFEST = {
    "recipe": "mine",
    "kind": "stored",
    "settings": {},
    "classes": 4,
    "normalised": True,
    "key": "1",
    "cases": {CASE: ""},
}


def write(folder: Path, codes: np.ndarray, **manifest: object) -> None:
    store.path_of(folder, CASE).parent.mkdir(parents=True)
    np.savez_compressed(store.path_of(folder, CASE), probabilities=codes)
    (folder / "manifest.json").write_text(json.dumps(MANIFEST | manifest))


@pytest.fixture
def codes(data: dict[str, Path]) -> np.ndarray:
    labels = datasets.open(data["3-D"]).load(CASE).labels[0]
    return ((np.arange(4)[:, None, None, None] == labels) * 65535).astype(np.uint16)


def test_plain_integers_are_read(codes: np.ndarray, data, tmp_path: Path) -> None:
    write(tmp_path, codes)
    case = datasets.open(data["3-D"]).load(CASE)
    np.testing.assert_array_equal(open_store(tmp_path).targets(case)[0][0], codes)


def test_wrong_sums_and_classes_name_the_file(codes: np.ndarray, data, tmp_path: Path) -> None:
    case = datasets.open(data["3-D"]).load(CASE)
    write(tmp_path / "sums", codes // 2)
    write(tmp_path / "classes", codes[1:])
    with pytest.raises(
        InputError, match=rf"sums/cases/{CASE}\.npz: the classes of \d+ of \d+ voxels do not sum to 65535"
    ):
        open_store(tmp_path / "sums").targets(case)
    with pytest.raises(InputError, match=rf"classes/cases/{CASE}\.npz holds 3 classes, but its manifest\.json says 4"):
        open_store(tmp_path / "classes").targets(case)


def test_manifest_that_lacks_something_says_what(codes: np.ndarray, tmp_path: Path) -> None:
    write(tmp_path, codes)
    (tmp_path / "manifest.json").write_text(json.dumps({"recipe": "mine", "cases": {}}))
    with pytest.raises(InputError, match=r"manifest\.json lacks kind, settings, classes, normalised, key"):
        open_store(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(InputError, match=r"manifest\.json is damaged"):
        open_store(tmp_path)
