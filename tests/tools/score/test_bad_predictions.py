"""Every bad input stops with one message that names the case, what was found, and what to do."""

import re

import nibabel as nib
import numpy as np
import pytest
from softbench import images

from .conftest import AFFINE, SHAPE, labels_of, probabilities_of


@pytest.fixture
def refused(fill, call, tmp_path):
    """Call the command on the folders `p` and `r` (and what else is told); return the message of its refusal."""

    def run(*words: object) -> str:
        folders = ["--predictions", tmp_path / "p", "--references", tmp_path / "r"]
        result = call(*folders, *words)
        assert result.code == 1, result.err
        assert result.out == ""
        assert result.err.count("ERROR: ") == 1
        return re.sub(r"\s+", " ", result.err[result.err.index("ERROR: ") :].replace(f"{tmp_path}/", ""))

    fill("r")
    return run


def write(folder, case, array, affine=None):
    """Write a file in its own axes (x, y, z[, C])."""
    folder.mkdir(exist_ok=True)
    nib.save(nib.Nifti1Image(array, AFFINE[:, [2, 1, 0, 3]] if affine is None else affine), folder / f"{case}.nii.gz")


def test_all_names_that_do_not_match_are_listed_at_once(fill, call, refused, tmp_path):
    fill("p", "hard")
    (tmp_path / "p" / "a.nii.gz").rename(tmp_path / "p" / "other.nii.gz")
    (tmp_path / "q").mkdir()
    fill("twice", "hard")
    fill("twice", "hard", suffix=".nii")
    (tmp_path / "deep" / "fold_0").mkdir(parents=True)
    result = call(
        "--predictions", *(tmp_path / name for name in ("p", "q", "twice", "absent", "deep")), "--references",
        tmp_path / "r",
    )  # fmt: skip
    message = result.err.replace(f"{tmp_path}/", "")
    assert "predictions p, seed 0 (p), case a: no prediction. Predict it" in message
    assert "predictions p, seed 0 (p), case other: no reference. Add it" in message
    assert "(q): it holds no .nii.gz, .nii or .npz file. It is empty" in message
    assert "(twice), 2 cases (a and b), the first: it is there 2 times: a.nii, a.nii.gz. Keep one." in message
    assert "(absent): there is no such folder" in message
    assert "(deep): it holds no .nii.gz, .nii or .npz file. It has 1 folder; name the one with" in message
    assert "e.g. deep/fold_0" in message
    assert "headers" not in message  # nothing was opened


def test_channel_ending_is_named_and_not_cut_off(fill, refused, tmp_path):
    fill("p", "hard")
    (tmp_path / "p" / "a.nii.gz").rename(tmp_path / "p" / "a_0000.nii.gz")
    assert "1 of them would match without the ending _0000: rename them, e.g. a_0000 to a: for f in" in refused()


def test_reference_that_another_rater_lacks_is_named(fill, call, refused, tmp_path):
    fill("p", "hard")
    (fill("r2") / "b.nii.gz").unlink()
    result = call("--predictions", tmp_path / "p", "--references", tmp_path / "r", tmp_path / "r2")
    assert "r2, case b: no reference, which another rater has" in result.err


def test_empty_folder_of_references_is_named(fill, call, refused, tmp_path):
    (tmp_path / "empty").mkdir()
    result = call("--predictions", fill("p", "hard"), "--references", tmp_path / "empty")
    assert "empty: it holds no .nii.gz or .nii file" in result.err


def shifted(by, row=0):
    affine = AFFINE[:, [2, 1, 0, 3]].astype(float)
    affine[row, 3] += by
    return affine


def test_shifted_grid_is_named_with_both_affines(fill, refused, tmp_path):
    folder = fill("p", "hard")
    write(folder, "b", labels_of(1).T, shifted(0.5))
    message = refused()
    assert "predictions p, seed 0 (p), case b: p/b.nii.gz does not lie on the grid of r/b.nii.gz" in message
    assert "the origin differs by 0.5 mm" in message
    assert "shape (14, 12, 9) and affine [1.5 0 0 -19.5; 0 1 0 -30; 0 0 2 40] against" in message
    assert "only the header is wrong, write the file with the reference's affine" in message
    assert "case a" not in message


def test_header_noise_below_the_tolerance_is_no_other_grid(fill, call, tmp_path):
    folder = fill("p", "hard")
    write(folder, "b", labels_of(1).T, shifted(0.009))
    assert call("--predictions", folder, "--references", fill("r")).code == 0


def test_other_spacing_and_direction_are_named(fill, refused, tmp_path):
    folder = fill("p", "hard")
    wide, turned = shifted(0), shifted(0)
    wide[0, 0] += 2e-3
    angle = 0.02  # 2 sin(angle / 2) = 0.02 mm in a step of 1 mm
    turned[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]] @ turned[:2, :2]
    write(folder, "a", labels_of(0).T, wide)
    write(folder, "b", labels_of(1).T, turned)
    message = refused()
    assert "the spacing differs by 0.002 mm" in message
    assert "the direction differs by 0.02 mm in a step of 1 mm" in message


def test_flipped_array_is_another_grid(fill, refused, tmp_path):
    folder = fill("p", "hard")
    flipped = shifted(0)
    flipped[0] *= -1  # the voxels of RAS under a header that says they run from right to left
    write(folder, "a", labels_of(0).T, flipped)
    message = refused()
    assert "the origin differs by" in message
    assert "and its axes run to LAS, not RAS: one of the headers may have an axis the wrong way round" in message


def test_other_shapes_are_named_for_nifti_and_npz(fill, refused, tmp_path):
    folder = fill("p", "probabilities", suffix=".npz")
    np.savez(folder / "a.npz", probabilities=probabilities_of(labels_of(0), 0)[:, 1:])
    write(folder, "b", labels_of(1).T[1:])
    message = refused()
    assert "a.npz does not lie on the grid of r/a.nii.gz: the shapes are (14, 12, 8) against (14, 12, 9)" in message
    assert "b.nii.gz does not lie on the grid of r/b.nii.gz: shape (13, 12, 9) and affine" in message
    assert "Export the prediction in the grid of its image" in message


def test_rater_on_another_grid_is_named(fill, call, refused, tmp_path):
    write(fill("r2"), "b", labels_of(1).T, shifted(1))
    result = call("--predictions", fill("p", "hard"), "--references", tmp_path / "r", tmp_path / "r2")
    assert "references, case b" in result.err
    assert "the origin differs by 1 mm" in result.err


def test_rater_with_another_spacing_or_direction_is_named(fill, call, refused, tmp_path):
    """Shapes and origins are alike."""
    wide, turned = shifted(0), shifted(0)
    wide[2, 2] += 2e-3
    turned[:2, :2] = [[np.cos(0.02), -np.sin(0.02)], [np.sin(0.02), np.cos(0.02)]] @ turned[:2, :2]
    second = fill("r2")
    write(second, "a", labels_of(0).T, wide)
    write(second, "b", labels_of(1).T, turned)
    result = call("--predictions", fill("p", "hard"), "--references", tmp_path / "r", second)
    assert result.code == 1
    said = " ".join(result.err.split())
    assert "r2/a.nii.gz does not lie on the grid of" in said
    assert "the spacing differs by 0.002 mm" in said
    assert "the direction differs by 0.02 mm in a step of 1 mm" in said


def test_spacing_of_zero_is_named(fill, refused, tmp_path):
    folder = fill("p", "hard")
    flat = shifted(0)
    flat[2, 2] = 0
    path = folder / "a.nii"
    (folder / "a.nii.gz").unlink()
    file = nib.Nifti1Image(labels_of(0).T, np.eye(4))
    content = bytearray(file.to_bytes())
    file.header.set_sform(flat, code=1)  # nibabel itself would not write it
    file.header["vox_offset"] = 352
    content[:348] = file.header.binaryblock
    path.write_bytes(bytes(content))
    assert "case a: p/a.nii has voxels of 1.5 x 1 x 0 mm along x, y, z" in refused()


def test_damaged_files_are_named_all_together(fill, refused, tmp_path):
    folder = fill("p", "probabilities")
    (folder / "a.nii.gz").write_bytes(b"<html>please log in</html>")
    (folder / "b.nii.gz").unlink()
    (folder / "b.npz").write_bytes(b"PK\x03\x04 cut")
    message = refused()
    assert "case a: p/a.nii.gz cannot be read" in message
    assert "case b: p/b.npz cannot be read" in message


def test_voxels_cut_short_are_named(fill, refused, tmp_path):
    path = fill("p", "probabilities") / "b.nii.gz"
    path.write_bytes(path.read_bytes()[:2000])
    assert "case b: p/b.nii.gz (2000 bytes) cannot be read" in refused()


def test_wrong_checksum_at_the_end_of_a_compressed_file_is_named(fill, refused, tmp_path):
    path = fill("p", "probabilities") / "b.nii.gz"
    content = bytearray(path.read_bytes())
    content[-8] ^= 0xFF  # the first byte of the CRC, which nibabel does not read
    path.write_bytes(content)
    assert f"case b: p/b.nii.gz ({len(content)} bytes) cannot be read as NIfTI: CRC check failed" in refused()


def test_npz_without_probabilities_is_named(fill, refused, tmp_path):
    np.savez(fill("p", "probabilities", suffix=".npz") / "b.npz", logits=np.zeros((3, *SHAPE)))
    assert "b.npz must hold an array called probabilities or softmax, (classes, z, y, x), but holds logits" in refused()


def test_label_maps_and_probabilities_in_one_folder_are_refused(fill, refused, tmp_path):
    folder = fill("p", "probabilities")
    images.write(folder / "b.nii.gz", labels_of(1), AFFINE)
    assert "b.nii.gz holds a label map, but 1 of 2 files of p hold probabilities of 3 classes" in refused()


def test_labels_outside_the_classes_are_named(fill, refused):
    folder = fill("p", "hard")
    labels = labels_of(0)
    labels[0, 0, :2] = 9
    images.write(folder / "a.nii.gz", labels, AFFINE)
    assert "case a: p/a.nii.gz holds 9 in 0.13 % (2 of 1512) of its voxels, but the classes are 0 to 2." in refused()
    assert "If it is a class that no reference has: --classes 10" in refused()


def test_reference_outside_the_classes_is_named(fill, refused, tmp_path):
    fill("p", "probabilities")
    labels = labels_of(0)
    labels[0, 0, 0] = 255
    images.write(tmp_path / "r" / "a.nii.gz", labels, AFFINE)
    message = refused("--structures", "core=2")
    assert "references, case a: r/a.nii.gz holds 255 in 0.066 % (1 of 1512) of its voxels" in message
    assert "leave these voxels out of every score: --ignore-label 255." in message


def test_one_channel_of_probabilities_is_no_label_map(fill, refused):
    folder = fill("p", "hard")
    images.write(folder / "a.nii.gz", probabilities_of(labels_of(0), 0)[1], AFFINE)
    message = refused()
    assert "a.nii.gz must hold whole numbers (label ids)" in message
    assert "add --foreground-probability; else write (x, y, z, classes), background first" in message


def test_damaged_file_is_no_foreground_probability(fill, refused):
    folder = fill("p", "hard")
    (folder / "a.nii.gz").write_bytes((folder / "a.nii.gz").read_bytes()[:-40])
    assert "--foreground-probability" not in refused()


def test_negative_label_needs_no_more_classes(fill, refused):
    folder = fill("p", "hard")
    images.write(folder / "a.nii.gz", labels_of(0).astype(np.int16) - 1, AFFINE)
    message = refused()
    assert "No class is negative: write the class that it stands for, 0 for background." in message
    assert "--classes" not in message


def test_integers_0_and_1_are_no_certain_unit_of_a_foreground_probability(fill, refused):
    masks = fill("r")
    for path in masks.iterdir():
        mask = images.read(path)
        images.write(path, (mask.array > 0).astype(np.uint8), AFFINE)
    folder = fill("p", "hard")
    images.write(folder / "a.nii.gz", (labels_of(0) > 0).astype(np.uint8), AFFINE)  # 255 is 1 in the folder's others
    message = refused("--foreground-probability", "--renormalise")
    assert "a.nii.gz holds the integers 0 and 1, so it is unclear whether its 1 means a probability of 1" in message


def test_npz_in_another_orientation_than_its_label_map_is_noticed(fill, refused, tmp_path):
    fill("p", "hard", axcodes="RAS")
    fill("p", "probabilities", suffix=".npz", axcodes="LPI")
    message = refused()
    assert "2 cases (a and b), the first: p/a.npz and the label map beside it, a.nii.gz, agree on" in message
    assert "in the orientation of that file" in message


def test_unknown_structure_ids_are_named(fill, refused):
    fill("p", "probabilities")
    message = refused("--structures", "core=2", "lesion=3,4")
    assert "--structures must list class ids from 0 to 2, but holds lesion=3,4" in message


def test_other_numbers_of_classes_are_refused(fill, refused):
    fill("p", "probabilities")
    assert "as many channels: p (seed 0) 3, and --classes says 4" in refused("--classes", "4")


def test_references_without_any_label_are_refused(fill, refused, tmp_path):
    fill("p", "hard")
    for case in "ab":
        images.write(tmp_path / "r" / f"{case}.nii.gz", np.zeros(SHAPE, np.uint8), AFFINE)
    assert "the references hold no label above 0" in refused()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--control", "nobody"], "--control must be one of p, but is 'nobody'"),
        (["--control", "p"], "--control p needs another method"),
        (["--composite", "average=label 1,liver"], "names liver; the structures are label 1, label 2"),
        (["--composite", "label 1=label 2"], "has the name of a structure"),
        (["--composite", "average"], "'average' cannot be read; write it as average=WT,TC,ET"),
        (["--structures", "core=two"], "label ids are whole numbers"),
        (["--structures", "core=1", "core=2"], "names core twice"),
        (["--structures", "all=1"], "cannot be called 'all'"),
        (["--tolerances", "0"], "`--tolerances` must be a positive number"),
        (["--bins", "0"], "--bins must be at least 1"),
        (["--cores", "0"], "--cores must be at least 1"),
    ],
)
def test_arguments_that_mean_nothing_are_named(fill, refused, words, message):
    fill("p", "hard")
    assert message in refused(*words)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["m={0}", "m={0}"], "names m (seed 0) more than once"),
        (["{0}", "{0}"], "names p (seed 0) more than once"),
        (["m:first={0}"], "with a whole number as SEED"),
        ([".m={0}"], "not beginning with a dot"),
    ],
)
def test_names_of_predictions_that_mean_nothing_are_named(fill, call, tmp_path, names, message):
    words = [name.format(fill("p", "hard")) for name in names]
    result = call("--predictions", *words, "--references", fill("r"))
    assert result.code == 1
    assert message in result.err


def test_folder_with_an_equals_sign_is_a_folder(fill, call, scores):
    result = call("--predictions", fill("lr=0.1", "hard"), "--references", fill("r"))
    assert result.code == 0, result.err
    assert set(scores()["method"]) == {"lr=0.1"}
