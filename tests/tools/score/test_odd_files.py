"""Files as people have them: each is scored, or refused with what to type."""

import re
import subprocess

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from softbench import images, metrics
from softbench.tools.score import orientation
from softbench.tools.score.volumes import Loaded

from .conftest import AFFINE, SPACING, assert_same_scores, labels_of, probabilities_of

XYZ = AFFINE[:, [2, 1, 0, 3]]


def write(folder, make):
    """Write a file in its own axes for each of the cases a and b."""
    folder.mkdir(exist_ok=True)
    for number, case in enumerate("ab"):
        nib.save(nib.Nifti1Image(make(number), XYZ), folder / f"{case}.nii.gz")


def classes_last(number):
    return np.moveaxis(probabilities_of(labels_of(number), number), 0, -1).transpose(2, 1, 0, 3)


def hard(number):
    return probabilities_of(labels_of(number), number).argmax(axis=0).astype(np.uint8)


@pytest.fixture
def message(fill, call, tmp_path):
    """Call on the folders p and r; return the error's text."""

    def run(*words):
        result = call("--predictions", tmp_path / "p", "--references", tmp_path / "r", *words)
        assert result.code == 1, result.out
        assert "Traceback" not in result.err
        return re.sub(r"\s+", " ", result.err[result.err.index("ERROR: ") :].replace(f"{tmp_path}/", ""))

    fill("r")
    return run


@pytest.fixture
def unlabelled(fill, tmp_path):
    """Give the reference a of the folder r the id 255 in a sixth of its voxels."""
    labels = labels_of(0)
    labels[:, :2] = 255
    images.write(fill("r") / "a.nii.gz", labels, AFFINE)
    return labels


@pytest.mark.parametrize("kind", ["probabilities", "hard"])
@pytest.mark.parametrize("words", [(), ("--structures", "core=2")])
def test_255_beside_labels_is_named_with_its_share_and_the_option(message, fill, tmp_path, kind, words):
    fill("p", kind)
    labels = labels_of(0)
    labels[:, :2] = 255
    images.write(tmp_path / "r" / "a.nii.gz", labels, AFFINE)
    said = message(*words)
    assert "a.nii.gz" in said
    assert "255" in said
    assert "17 %" in said
    assert "leave these voxels out of every score: --ignore-label 255" in said


def test_ignored_voxels_count_in_no_metric_and_the_table_counts_them(fill, call, scores, unlabelled, tmp_path):
    words = ["--references", tmp_path / "r", "--ignore-label", "255"]
    result = call("--predictions", f"p={fill('p', 'probabilities')}", f"q={fill('q', 'hard')}", *words)
    assert result.code == 0, result.err
    valid, structures = unlabelled != 255, {"label 1": [1], "label 2": [2]}
    direct = metrics.score_case(probabilities_of(labels_of(0), 0), unlabelled[None], SPACING, structures, valid=valid)
    assert_same_scores(scores(method="p", case="a"), direct)
    cut = [np.where(valid, array, 0) for array in (hard(0), unlabelled)]  # both end where nothing is labelled
    expected = metrics.binary(cut[0] == 1, cut[1] == 1, SPACING)
    for method in "pq":
        of_label = scores(method=method, case="a", structure="label 1", roi="all").set_index("metric")["value"]
        for metric in ("dsc", "hd95", "assd", "vs", "sensitivity"):
            assert of_label[metric] == expected[metric], metric
    assert "252 voxels, 8.3 % of all, in 1 of 2 cases" in result.out  # 9 x 2 x 14 of 2 x 1512
    assert "each has a surface along the cut" in result.out


def test_prediction_must_answer_where_the_reference_has_a_label(message, fill, tmp_path):
    fill("p", "hard")
    labels = hard(1)
    labels[:, :2] = 255
    images.write(tmp_path / "p" / "b.nii.gz", labels, AFFINE)
    said = message("--ignore-label", "255")
    assert "p/b.nii.gz holds 255 in 17 % (252 of 1512) of its voxels" in said
    assert "write the class that it stands for, 0 for background" in said


def test_masks_of_pictures_are_told(message, call, tmp_path):
    write(tmp_path / "p", lambda number: (hard(number).T > 0) * np.uint8(255))
    write(tmp_path / "r", lambda number: (labels_of(number).T > 0).astype(np.uint8))
    assert "It looks like a picture of a mask, 255 for foreground: write its labels as 0 and 1" in message()
    write(tmp_path / "r", lambda number: (labels_of(number).T > 0) * np.uint8(255))
    assert call("--predictions", tmp_path / "p", "--references", tmp_path / "r").code == 0
    write(tmp_path / "p", lambda number: (hard(number).T > 0).astype(np.uint8))
    said = message()
    assert "they hold the label 1, and the references the label 255: none is in common" in said


def test_missing_background_is_told_before_the_number_of_classes(message, tmp_path):
    write(tmp_path / "p", lambda number: classes_last(number)[..., 1:])
    said = message()
    assert "labels up to 2, which take 3 classes with background, but predictions p, seed 0 (p) have 2 channels" in said
    assert "the background has no channel" in said
    assert "np.concatenate([1 - p.sum(-1, keepdims=True), p], -1)" in said


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        (
            lambda p: p.transpose(0, 3, 2, 1),
            "It looks class-first, (classes, x, y, z). Write its classes last: np.moveaxis",
        ),
        (lambda p: p, "It looks class-first, (classes, z, y, x). Write its classes last: array.T."),
        (lambda p: p.argmax(axis=0).astype(np.uint8), "Its axes look reversed, z or y first"),
        (lambda p: p.argmax(axis=0).astype(np.uint8).swapaxes(1, 2), "Its axes look swapped"),
    ],
)
def test_order_of_axes_is_told(message, tmp_path, turn, words):
    write(tmp_path / "p", lambda number: turn(probabilities_of(labels_of(number), number)))
    assert words in message()


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        (lambda p: np.moveaxis(p, 0, -1), "It looks class-last, (z, y, x, classes). Write its classes first"),
        (lambda p: p.T, "It looks class-last, (x, y, z, classes). Write it as (classes, z, y, x): array.T."),
        (lambda p: p.transpose(0, 3, 2, 1), "Its axes look like (classes, x, y, z)."),
    ],
)
def test_order_of_axes_in_an_npz_is_told(message, tmp_path, turn, words):
    (tmp_path / "p").mkdir()
    for number, case in enumerate("ab"):
        np.savez(tmp_path / "p" / f"{case}.npz", probabilities=turn(probabilities_of(labels_of(number), number)))
    assert words in message()


def test_classes_of_pictures_are_told(message, tmp_path):
    write(tmp_path / "r", lambda number: labels_of(number)[4].T)
    write(tmp_path / "p", lambda number: classes_last(number)[:, :, 4])
    assert "It looks like the classes of a picture. Write it as (x, y, 1, classes): array[:, :, None]." in message()
    write(tmp_path / "p", lambda number: np.moveaxis(classes_last(number)[:, :, 4], -1, 0))
    assert (
        "It looks class-first, (classes, x, y). Write its classes last: np.moveaxis(array, 0, -1)[:, :, None]."
        in message()
    )


@pytest.mark.parametrize("kind", [np.float32, np.uint8])
def test_probability_of_the_foreground_alone_is_scored_where_it_is_said(message, call, scores, tmp_path, kind):
    factor, words = (255, ["--renormalise"]) if kind is np.uint8 else (1, [])
    write(tmp_path / "r", lambda number: (labels_of(number).T > 0).astype(np.uint8))
    inside = lambda number: 1 - probabilities_of(labels_of(number), number)[0]  # noqa: E731
    write(
        tmp_path / "p", lambda number: np.rint(inside(number) * 255).T.astype(kind) if factor > 1 else inside(number).T
    )
    assert "--foreground-probability" in message()
    words = ["--foreground-probability", *words]
    result = call("--predictions", tmp_path / "p", "--references", tmp_path / "r", *words)
    assert result.code == 0, result.err
    given = np.rint(inside(0) * factor) / factor if factor > 1 else inside(0)
    pair = np.stack([1 - given, given]).astype(np.float32)
    direct = metrics.score_case(pair, (labels_of(0) > 0).astype(np.uint8)[None], SPACING, {"label 1": [1]})
    merged = scores(case="a").merge(direct, on=["rater", "structure", "metric", "roi"], suffixes=("", "_direct"))
    assert len(merged) == len(direct)
    np.testing.assert_allclose(merged["value"], merged["value_direct"], atol=1e-6)


def test_single_class_of_an_npz_is_told(message, tmp_path):
    (tmp_path / "p").mkdir()
    for number, case in enumerate("ab"):
        np.savez(tmp_path / "p" / f"{case}.npz", probabilities=probabilities_of(labels_of(number), number)[1:2])
    assert "holds one class. If that is the foreground of a binary task, say so: --foreground-probability" in message()


def test_bytes_are_scored_like_the_probabilities_that_they_round(call, scores, fill, tmp_path):
    write(tmp_path / "p", lambda number: np.rint(classes_last(number) * 255).astype(np.uint8))
    result = call("--predictions", tmp_path / "p", "--references", fill("r"), "--renormalise")
    assert result.code == 0, result.err
    assert "p: the probabilities of 2 of 2 cases were divided by their sums (--renormalise)" in result.out
    direct = metrics.score_case(
        probabilities_of(labels_of(0), 0), labels_of(0)[None], SPACING, {"label 1": [1], "label 2": [2]}
    )
    ece = direct[(direct["structure"] == "all") & (direct["metric"] == "ece") & (direct["roi"] == "all")][
        "value"
    ].item()
    found = scores(case="a", structure="all", metric="ece", roi="all")["value"].item()
    assert found == pytest.approx(ece, abs=0.004)


@pytest.mark.parametrize("name", ["{}_pred", "{}_0000", "pred_{}", "{}.seg"])
def test_names_with_endings_have_a_command_that_works(message, call, tmp_path, name):
    folder = tmp_path / "p"
    write(folder, lambda number: hard(number).T)
    for case in "ab":
        (folder / f"{case}.nii.gz").rename(folder / f"{name.format(case)}.nii.gz")
    said = message()
    assert "2 of them would match without the" in said
    run_loop(said, tmp_path)
    assert call("--predictions", folder, "--references", tmp_path / "r").code == 0


def test_command_leaves_a_right_name_with_the_same_ending_alone(message, call, tmp_path):
    write(tmp_path / "p", lambda number: hard(number).T)
    (tmp_path / "p" / "a.nii.gz").rename(tmp_path / "p" / "a_0000.nii.gz")
    for folder in "pr":
        (tmp_path / folder / "b.nii.gz").rename(tmp_path / folder / "b_0000.nii.gz")
    said = message()
    assert "1 of them would match without the ending _0000" in said
    run_loop(said, tmp_path)
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == ["a.nii.gz", "b_0000.nii.gz"]
    assert call("--predictions", tmp_path / "p", "--references", tmp_path / "r").code == 0


def test_images_among_references_are_said(call, fill, tmp_path):
    fill("r")
    for case in "ab":
        (tmp_path / "r" / f"{case}_0000.nii.gz").write_bytes((tmp_path / "r" / f"{case}.nii.gz").read_bytes())
    done = call("--predictions", fill("p", "hard"), "--references", tmp_path / "r")
    assert done.code == 0
    assert "2 images beside label maps of the references, which no prediction has: a_0000 and b_0000" in done.err


def test_names_of_references_with_an_ending_have_a_command_that_works(message, call, tmp_path):
    write(tmp_path / "p", lambda number: hard(number).T)
    for case in "ab":
        (tmp_path / "r" / f"{case}.nii.gz").rename(tmp_path / "r" / f"{case}_gt.nii.gz")
    said = message()
    assert "2 of them would match with the ending _gt, which the references have" in said
    run_loop(said, tmp_path)
    assert call("--predictions", tmp_path / "p", "--references", tmp_path / "r").code == 0


def run_loop(said, folder):
    """Run the shell's loop that a message names."""
    command = re.search(r"(mkdir .*; )?for .*?; done", said)
    assert command, said
    subprocess.run(["bash", "-c", command.group()], cwd=folder, check=True)


def test_folder_for_each_case_has_a_command_that_works(message, call, tmp_path):
    write(tmp_path / "p", lambda number: hard(number).T)
    for case in "ab":
        (tmp_path / "p" / case).mkdir()
        (tmp_path / "p" / f"{case}.nii.gz").rename(tmp_path / "p" / case / "prediction.nii.gz")
    said = message()
    assert "Each of its 2 folders has one prediction.nii.gz" in said
    run_loop(said, tmp_path)
    assert call("--predictions", tmp_path / "p_flat", "--references", tmp_path / "r").code == 0


def test_pictures_have_a_command_that_works(message, call, tmp_path):
    (tmp_path / "p").mkdir()
    write(tmp_path / "r", lambda number: labels_of(number)[4].T)
    for file in (tmp_path / "r").iterdir():  # a picture has no affine
        array = np.asanyarray(nib.load(file).dataobj)
        nib.save(nib.Nifti1Image(array, np.eye(4)), file)
    for number, case in enumerate("ab"):
        Image.fromarray(labels_of(number)[4]).save(tmp_path / "p" / f"{case}.png")
    said = message()
    assert "It has 2 .png files" in said
    command = re.search(r"python -c '.*' p/\*\.png", said)
    assert command, said
    subprocess.run(["bash", "-c", command.group()], cwd=tmp_path, check=True)
    assert call("--predictions", tmp_path / "p", "--references", tmp_path / "r").code == 0


def test_other_files_are_named(message, tmp_path):
    (tmp_path / "p").mkdir()
    np.save(tmp_path / "p" / "a.npy", hard(0))
    assert "Its files are 1 .npy. Write them as NIfTI" in message()
    (tmp_path / "p" / "a.mha").write_text("")
    assert "SimpleITK" in message()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Empty file"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "It is a Git LFS pointer"),
        (b"<!DOCTYPE html>", "It is a web page"),
    ],
)
def test_files_that_are_no_images_are_named(message, fill, tmp_path, content, words):
    (fill("p", "hard") / "a.nii.gz").write_bytes(content)
    said = message()
    assert "case a: p/a.nii.gz cannot be read" in said
    assert words in said


@pytest.mark.parametrize("place", ["r", "p", "p/scored", "q/../r"])
def test_results_do_not_go_among_the_files_that_are_scored(message, fill, tmp_path, place):
    fill("p", "hard")
    (tmp_path / "q").mkdir()
    before = sorted(tmp_path.rglob("*"))
    assert f"--output {place} is" in message("--output", tmp_path / place)
    assert sorted(tmp_path.rglob("*")) == before


def test_references_are_not_where_cases_are_written(message, fill, tmp_path):
    fill("p", "hard")
    (tmp_path / "r").rename(tmp_path / "cases")
    (tmp_path / "r").symlink_to("cases")
    assert "would write its results among the references" in message("--output", tmp_path)


def test_three_folders_of_label_maps_are_listed_with_commas(fill, call, tmp_path):
    names = [fill(name, "hard") for name in ("hnf", "isen", "sanet")]
    result = call("--predictions", *names, "--references", fill("r"))
    assert "hnf, isen and sanet are label maps" in result.out
    page = pd.read_csv(tmp_path / "out" / "scores.csv")
    assert set(page["method"]) == {"hnf", "isen", "sanet"}


@pytest.mark.parametrize(
    ("turn", "way"),
    [
        (lambda array: array[:, :, ::-1], "flipped along x"),
        (lambda array: array[::-1, ::-1, ::-1], "flipped along x, y and z"),
    ],
)
@pytest.mark.parametrize("kind", ["probabilities", "hard"])
def test_wrong_orientation_that_no_header_tells_is_noted(call, fill, tmp_path, kind, turn, way):
    for number, case in enumerate("ab"):
        truth = np.zeros((9, 12, 14), np.uint8)
        truth[1:4, 1:5, 1 + number : 5] = 1
        for folder, array in (("p", turn(truth)), ("r", truth)):
            (tmp_path / folder).mkdir(exist_ok=True)
            soft = np.stack([0.9 - 0.8 * array, 0.1 + 0.8 * array]).astype(np.float32)
            written = soft if (folder, kind) == ("p", "probabilities") else array
            images.write(tmp_path / folder / f"{case}.nii.gz", written, AFFINE)
    result = call("--predictions", tmp_path / "p", "--references", tmp_path / "r")
    assert result.code == 0, result.err
    for text in (result.out, result.err):
        assert f"in 2 of 2 cases the foreground fits its reference better when it is {way}" in text
        assert "(mean DSC 1.00 instead of 0.00)" in text


def test_background_behind_the_other_classes_is_noted(call, fill, tmp_path):
    fill("r")
    folder = fill("p", "probabilities")
    for path in folder.iterdir():
        channels = np.stack([channel.array for channel in images.read_channels(path)])
        images.write(path, np.roll(channels, -1, axis=0), AFFINE)
    result = call("--predictions", folder, "--references", tmp_path / "r")
    assert result.code == 0, result.err
    assert "fits its reference better when it is read with the background as its last class" in result.out
    assert "Write the background as the first class." in result.out


def test_structure_that_no_label_map_holds_is_noted(call, fill, tmp_path):
    fill("r"), fill("p", "hard")
    result = call(
        "--predictions", tmp_path / "p", "--references", tmp_path / "r", "--structures", "whole=1,2", "typo=20"
    )
    assert result.code == 0, result.err
    assert "structure 'typo': no reference and no prediction holds the label 20. Correct --structures?" in result.out
    assert "structure 'whole'" not in result.out


def test_prediction_that_is_merely_bad_is_not_called_turned(call, fill, tmp_path):
    fill("r")
    (tmp_path / "p").mkdir()
    for case in "ab":
        array = np.zeros((9, 12, 14), np.uint8)
        array[::3, ::3, ::3] = 1
        images.write(tmp_path / "p" / f"{case}.nii.gz", array, AFFINE)
    result = call("--predictions", tmp_path / "p", "--references", tmp_path / "r")
    assert result.code == 0, result.err
    assert "fits its reference better" not in result.out


def test_structure_that_overlaps_its_flip_is_told_by_the_gain():
    truth = np.zeros((6, 8, 12), np.uint8)
    truth[2:4, 2:6, 2:8] = 1  # flipped along x it begins at 4: 4 of 6 columns remain
    flipped = orientation.find(Loaded(truth[:, :, ::-1], truth[None], SPACING, None))
    assert flipped == ("flipped along x", 1.0, pytest.approx(4 / 6))
    moved = np.roll(truth, 2, axis=1)  # half of it remains, and no flip brings back more
    assert orientation.find(Loaded(moved, truth[None], SPACING, None)) is None


def test_axes_of_one_length_are_also_taken_for_each_other():
    mask = np.zeros((2, 3, 3), bool)
    mask[0, 0, 2] = True
    names = [name for name, _ in orientation.turns(mask)]
    assert len(names) == len(set(names)) == 15
    assert "turned with x and y swapped and flipped along x" in names
    assert len(list(orientation.turns(mask[:, :2, :1]))) == 15  # z and y
    assert len(list(orientation.turns(np.zeros((2, 3, 4))))) == 7
    assert len(list(orientation.turns(mask[0]))) == 7


def test_turns_of_a_cube_undo_each_order_of_its_axes():
    truth = np.zeros((12, 12, 12), np.uint8)
    truth[1:3, 2:7, 3:11] = 1
    found = {}
    for order in ((2, 1, 0), (1, 0, 2), (1, 2, 0), (2, 0, 1)):
        way, after, _ = orientation.find(Loaded(truth.transpose(order), truth[None], SPACING, None))
        assert after == 1.0
        found[order] = way
    assert found[2, 1, 0] == "turned with x and z swapped"
    assert found[1, 0, 2] == "turned with y and z swapped"
    assert {found[1, 2, 0], found[2, 0, 1]} == {
        "turned with z, x and y taken for x, y and z", "turned with y, z and x taken for x, y and z"
    }  # fmt: skip
    assert len(list(orientation.turns(truth))) == 47


def test_class_that_a_network_never_predicts_is_no_fault(call, fill, scores, tmp_path):
    write(tmp_path / "p", lambda number: (hard(number).T > 0).astype(np.uint8))
    words = ["--predictions", tmp_path / "p", "--references", fill("r"), "--structures", "core=2"]
    assert call(*words).code == 0
    assert set(scores(structure="core", metric="dsc")["value"]) == {0.0}


@pytest.mark.parametrize(("most", "words"), [(90, "holds values up to 90"), (700, "holds values up to 700")])
def test_unit_of_a_foreground_that_is_unclear_is_asked_for(message, tmp_path, most, words):
    write(tmp_path / "r", lambda number: (labels_of(number).T > 0).astype(np.uint8))
    write(tmp_path / "p", lambda number: np.rint((labels_of(number).T > 0) * most).astype(np.int16))
    assert words in message("--foreground-probability", "--renormalise")


def test_negative_label_can_be_ignored(call, fill, message, tmp_path):
    labels = labels_of(0).astype(np.int16)
    labels[:, :2] = -1
    images.write(tmp_path / "r" / "a.nii.gz", labels, AFFINE)
    fill("p", "hard")
    assert "--ignore-label -1" in message()
    result = call("--predictions", tmp_path / "p", "--references", tmp_path / "r", "--ignore-label", "-1")
    assert result.code == 0, result.err
    assert "Voxels that a rater labelled -1 count for nothing" in result.out


@pytest.mark.parametrize(("chosen", "spacing"), [("sform", 0.8), ("qform", 0.6)])
def test_choice_of_an_affine_is_taken_by_references_and_predictions(call, tmp_path, chosen, spacing):
    for folder, shift in (("p", 1), ("r", 0)):
        mask = np.zeros((14, 12, 9), np.uint8)
        mask[4:8, 4:8, 3 + shift : 6 + shift] = 1
        file = nib.Nifti1Image(mask, None)
        file.set_sform(np.diag([1, 1, 0.8, 1]), 1)
        file.set_qform(np.diag([1, 1, 0.6, 1]), 1)
        (tmp_path / folder).mkdir()
        nib.save(file, tmp_path / folder / "a.nii.gz")
    result = call("--predictions", tmp_path / "p", "--references", tmp_path / "r", "--affine", chosen)
    assert result.code == 0, result.err
    scores = pd.read_csv(tmp_path / "out" / "scores.csv")
    assert scores.loc[scores["metric"] == "hd95", "value"].tolist() == pytest.approx([spacing])
