"""`softbench soften`: a label map becomes a soft label over it; what cannot be used is said in one line."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from softbench import cli
from softbench.soft_labels import ls

AFFINE = np.diag([-0.5, 1.0, 2.0, 1.0])


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    labels = np.zeros((5, 6, 7), np.uint8)
    labels[1:3, 2:5, 3:6] = 1
    arrays = {"labels": labels, "image": labels.astype(np.float32), "small": labels[1:], "half": labels / 2}
    for name, array in arrays.items():
        nib.save(nib.Nifti1Image(array, AFFINE), tmp_path / f"{name}.nii.gz")
    nib.save(nib.Nifti1Image(labels, np.eye(4)), tmp_path / "elsewhere.nii.gz")
    return {path.name.removesuffix(".nii.gz"): path for path in tmp_path.glob("*.nii.gz")} | {
        "soft": tmp_path / "soft.nii"
    }


def soften(
    files: dict[str, Path], *arguments: object, recipe: str = "ls", labels: str = "labels", classes: int = 2
) -> int:
    given = ["--recipe", recipe, "--labels", files[labels], "--classes", classes, "--output", files["soft"], *arguments]
    return cli.main(["soften", *map(str, given)])


def test_file_lies_over_its_labels_and_holds_the_recipe(files, capsys) -> None:
    assert soften(files, "--set", "alpha=0.2") == 0
    found, labels = nib.load(files["soft"]), nib.load(files["labels"])
    assert found.shape == (5, 6, 7, 2)
    at = np.argwhere(labels.get_fdata() == 1)[0]
    place = labels.affine @ [*at, 1]
    here = np.rint(np.linalg.inv(found.affine) @ place).astype(int)[:3]
    np.testing.assert_allclose(found.get_fdata()[tuple(here)], [0.1, 0.9], atol=1e-6)
    array = np.asarray(nib.as_closest_canonical(labels).dataobj).T[None]
    expected = ls.soften(array, None, (2.0, 1.0, 0.5), classes=2, alpha=0.2)
    np.testing.assert_allclose(nib.as_closest_canonical(found).get_fdata().T, expected, atol=1e-6)
    said = dict(line.split() for line in capsys.readouterr().out.splitlines())
    assert float(said["entropy"]) == pytest.approx(-(0.1 * np.log(0.1) + 0.9 * np.log(0.9)), abs=1e-4)
    assert float(said["argmax_flips"]) == 0


def test_file_of_labels_without_orientation_has_none_either(files, tmp_path: Path) -> None:
    labels = nib.load(files["labels"])
    header = labels.header.copy()
    header.set_sform(None, code=0)
    header.set_qform(None, code=0)
    nib.save(nib.Nifti1Image(np.asanyarray(labels.dataobj), None, header), tmp_path / "nowhere.nii.gz")
    assert soften(files | {"nowhere": tmp_path / "nowhere.nii.gz"}, "--set", "alpha=0.2", labels="nowhere") == 0
    found = nib.load(files["soft"])
    assert (int(found.header["sform_code"]), int(found.header["qform_code"])) == (0, 0)
    assert found.header.get_zooms()[:3] == (0.5, 1.0, 2.0)
    np.testing.assert_allclose(found.get_fdata()[..., 1], 0.1 + 0.8 * labels.get_fdata(), atol=1e-6)


def test_recipe_reads_image_and_spacing(files) -> None:
    assert soften(files, "--image", files["image"], recipe="geols") == 0


@pytest.mark.parametrize(
    ("change", "arguments", "said"),
    [
        ({"recipe": "lss"}, [], "no recipe 'lss'; known recipes: blur"),
        ({"recipe": "geols"}, [], "geols reads the image as well as the labels: give it by --image"),
        ({"recipe": "epd"}, [], "epd gives a coarser grid"),
        ({}, ["--set", "alhpa=1"], "--set names alhpa, which ls does not know; known: alpha=0.1"),
        ({}, ["--set", "alpha=2"], "`alpha` must lie in [0, 1], but is 2"),
        ({}, ["--set", "alpha"], "--set takes name=value, but was given alpha"),
        ({"classes": 1}, [], "must be a whole number of at least 2"),
        ({"labels": "half"}, [], "must hold whole numbers"),
        ({}, ["--labels", "missing.nii"], "missing.nii is missing"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(files, change, arguments, said: str, capsys) -> None:
    assert soften(files, *arguments, **change) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not files["soft"].exists()


def test_id_beyond_the_classes_names_its_file(files, capsys) -> None:
    labels = nib.load(files["labels"])
    for step, said in (
        (2, "the ids 0 to 2, but --classes 2 allows 0 to 1. Give --classes 3"),
        (-1, "holds the id -1, "),
    ):
        other = files["soft"].with_name("second.nii")
        nib.save(nib.Nifti1Image(np.asarray(labels.dataobj).astype(np.int16) * step, AFFINE), other)
        assert soften(files, "--labels", files["labels"], other) == 1
        error = capsys.readouterr().err
        assert "second.nii holds" in error
        assert said in error


@pytest.mark.parametrize(("image", "said"), [("small", "must lie on one grid"), ("elsewhere", "but lie elsewhere")])
def test_image_on_another_grid_is_refused(files, image: str, said: str, capsys) -> None:
    assert soften(files, "--image", files[image], recipe="geols") == 1
    assert said in capsys.readouterr().err
