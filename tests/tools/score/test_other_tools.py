"""`--from`: folders as nnU-Net, MONAI, TotalSegmentator and BraTS leave them give the scores of files put in order."""

import json
import pickle
import shutil

import nibabel as nib
import numpy as np
import pytest
from softbench import images

from .conftest import AFFINE, assert_same_scores, labels_of, probabilities_of, write_npz

FLAT = np.array([[0, 1.5, -20], [1, 0, -30], [0, 0, 1]])  # (h, w): 1, 1.5 mm
NAMED = {"labels": {"background": 0, "organ": 1, "tumour": 2}, "file_ending": ".nii.gz"}


def write(path, array, axcodes="LPS"):
    path.parent.mkdir(parents=True, exist_ok=True)
    images.write(path, array, FLAT if array.ndim == 2 else AFFINE, axcodes)


def hard(seed):
    return probabilities_of(labels_of(seed), seed).argmax(axis=0).astype(np.uint8)


@pytest.fixture
def references(tmp_path):
    for number, case in enumerate("ab"):
        write(tmp_path / "labels" / f"{case}.nii.gz", labels_of(number))
    return tmp_path / "labels"


@pytest.fixture
def plain(call, scores, references, tmp_path):
    """The scores of the same label maps, or probabilities, as plain files."""

    def make(kind, *options):
        for number, case in enumerate("ab"):
            array = hard(number) if kind == "hard" else probabilities_of(labels_of(number), number)
            write(tmp_path / "ours" / f"{case}.nii.gz", array)
        result = call("--predictions", tmp_path / "ours", "--references", references, *options)
        assert result.code == 0, result.err
        found = scores()
        shutil.rmtree(tmp_path / "out")
        shutil.rmtree(tmp_path / "ours")
        return found

    return make


def predict_nnunet(folder, case, number, *, npz=True):
    """What `nnUNetv2_predict --save_probabilities` writes of a case."""
    write(folder / f"{case}.nii.gz", hard(number))
    if npz:
        write_npz(folder / f"{case}.npz", probabilities_of(labels_of(number), number), "LPS")
        (folder / f"{case}.pkl").write_bytes(pickle.dumps({"spacing": [2.0, 1.0, 1.5]}))


def test_predictions_of_nnunet_with_names_of_its_json(plain, call, scores, references, tmp_path):
    expected = plain("probabilities", "--structures", "organ=1", "tumour=2")
    for number, case in enumerate("ab"):
        predict_nnunet(tmp_path / "ours", case, number)
    for name, content in (("dataset", NAMED), ("plans", {}), ("predict_from_raw_data_args", {})):
        (tmp_path / "ours" / f"{name}.json").write_text(json.dumps(content))
    result = call("--from", "nnunet", "--predictions", tmp_path / "ours", "--references", references)
    assert result.code == 0, result.err
    assert_same_scores(scores(), expected)


def test_folds_of_nnunet_are_read_from_the_folder_of_the_model(plain, call, scores, references, tmp_path):
    expected = plain("hard", "--structures", "whole=1,2", "tumour=2", "--ignore-label", "3")
    model = tmp_path / "ours"
    for number, case in enumerate("ab"):
        predict_nnunet(model / f"fold_{number}" / "validation", case, number, npz=False)
        (model / f"fold_{number}" / "validation" / "summary.json").write_text("{}")
    regions = {"labels": {"background": 0, "whole": [1, 2], "tumour": [2], "ignore": 3}}
    (model / "dataset.json").write_text(json.dumps(regions))
    result = call("--from", "nnunet", "--predictions", model, "--references", references)
    assert result.code == 0, result.err
    assert_same_scores(scores(), expected)
    write_npz(model / "fold_0" / "validation" / "a.npz", probabilities_of(labels_of(0), 0), "LPS")
    result = call("--from", "nnunet", "--predictions", model, "--references", references)
    assert "1 npz file of a region-based model" in result.err
    one = call("--from", "nnunet", "--predictions", model / "fold_1", "--references", references)
    assert one.code == 1
    assert "(a)" in one.err or "a: " in one.err
    assert "no prediction" in one.err


@pytest.mark.parametrize("place", ["fold_1", "fold_1/validation", "."])
def test_fold_of_nnunet_is_scored_against_the_cases_that_it_validates(place, call, scores, references, tmp_path):
    validation = tmp_path / "ours" / "fold_1" / "validation"
    predict_nnunet(validation, "b", 1)
    (tmp_path / "ours" / "dataset.json").write_text(json.dumps(NAMED))
    rows = [{"reference_file": f"/elsewhere/{case}.nii.gz", "metrics": {}} for case in "b"]
    (validation / "summary.json").write_text(json.dumps({"metric_per_case": rows}))
    arguments = ("--from", "nnunet", "--predictions", tmp_path / "ours" / place, "--references", references)
    result = call(*arguments)
    assert result.code == 0, result.err
    assert "1 reference of cases that these folds do not validate: a\n" in result.err
    assert set(scores()["case"]) == {"b", "pooled"}
    rows += [{"reference_file": "/elsewhere/a.nii.gz", "metrics": {}}]  # validated, and its prediction is gone
    (validation / "summary.json").write_text(json.dumps({"metric_per_case": rows}))
    assert "no prediction" in call(*arguments).err


def test_list_of_one_label_is_no_region(call, references, tmp_path):
    for number, case in enumerate("ab"):
        predict_nnunet(tmp_path / "ours", case, number)
    named = {"labels": {"background": 0, "organ": [1], "tumour": [2]}}
    (tmp_path / "ours" / "dataset.json").write_text(json.dumps(named))
    result = call("--from", "nnunet", "--predictions", tmp_path / "ours", "--references", references)
    assert result.code == 0, result.err
    assert "region-based" not in result.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            {"labels": {"background": 0, "organ": 1, "tumour": 2, "vessel": 3}},
            "probabilities of 3 classes, but dataset",
        ),
        ({"labels": {"background": 0}}, "must name its labels as"),
        ({"labels": {"background": 0, "organ": "one"}}, "must name its labels as"),
        ("{", "cannot be read"),
    ],
)
def test_json_of_nnunet_that_does_not_fit_is_refused(content, said, call, references, tmp_path):
    for number, case in enumerate("ab"):
        predict_nnunet(tmp_path / "ours", case, number)
    text = content if isinstance(content, str) else json.dumps(content)
    (tmp_path / "ours" / "dataset.json").write_text(text)
    result = call("--from", "nnunet", "--predictions", tmp_path / "ours", "--references", references)
    assert result.code == 1
    assert said in result.err


def test_label_that_the_json_does_not_name_is_refused(call, references, tmp_path):
    for number, case in enumerate("ab"):
        predict_nnunet(tmp_path / "ours", case, number, npz=False)
    (tmp_path / "ours" / "dataset.json").write_text(json.dumps({"labels": {"0": "background", "1": "organ"}}))
    result = call("--from", "nnunet", "--predictions", tmp_path / "ours", "--references", references)
    assert result.code == 1
    assert "holds 2 in" in result.err
    assert "the classes are 0 to 1" in result.err


@pytest.mark.parametrize("form", ["{case}/{case}_seg.nii.gz", "{case}_trans.nii.gz", "eval/{case}/{case}_mine.nii.gz"])
def test_files_of_monai(form, plain, call, scores, references, tmp_path):
    bundle = form.startswith("eval")
    expected = plain(*(["probabilities", "--structures", "organ=1", "tumour=2"] if bundle else ["hard"]))
    for number, case in enumerate("ab"):
        array = probabilities_of(labels_of(number), number) if bundle else hard(number)
        write(tmp_path / "ours" / form.format(case=case), array)
    if bundle:
        named = {"channel_def": {"0": "background", "1": "organ", "2": "tumour"}}
        (tmp_path / "ours" / "configs").mkdir()
        metadata = {"network_data_format": {"outputs": {"pred": named}}}
        (tmp_path / "ours" / "configs" / "metadata.json").write_text(json.dumps(metadata))
    result = call("--from", "monai", "--predictions", tmp_path / "ours", "--references", references)
    assert result.code == 0, result.err
    assert_same_scores(scores(), expected)


def test_pictures_of_monai(call, scores, tmp_path):
    for number, case in enumerate("ab"):
        truth = labels_of(number, (24, 26))
        write(tmp_path / "labels" / f"{case}.nii.gz", truth, "RAS")
        write(tmp_path / "ours" / case / f"{case}_seg.nii.gz", np.roll(truth, 1, axis=0), "RAS")
    result = call("--from", "monai", "--predictions", tmp_path / "ours", "--references", tmp_path / "labels")
    assert result.code == 0, result.err
    truth = labels_of(0, (24, 26)) == 1
    share = np.count_nonzero(truth & np.roll(truth, 1, axis=0)) / np.count_nonzero(truth)
    assert scores(metric="dsc", structure="label 1", case="a")["value"].tolist() == pytest.approx([share])


def masks(folder, case, labels, inner="", names=("liver", "spleen")):
    for label, name in enumerate(names, start=1):
        write(folder / case / inner / f"{name}.nii.gz", (labels == label).astype(np.uint8))


def test_masks_of_totalsegmentator_against_masks_of_its_data(plain, call, scores, tmp_path):
    expected = plain("hard", "--structures", "liver=1", "spleen=2")
    for number, case in enumerate("ab"):
        masks(tmp_path / "ours", case, hard(number))
        masks(tmp_path / "data", case, labels_of(number), "segmentations", ("liver", "spleen", "aorta"))
        write(tmp_path / "data" / case / "ct.nii.gz", labels_of(number).astype(np.int16))
    words = ["--from", "totalsegmentator", "--predictions", tmp_path / "ours", "--references", tmp_path / "data"]
    result = call(*words)
    assert result.code == 0, result.err
    assert_same_scores(scores(), expected)
    assert "masks of 1 other structure are not scored" in result.err
    assert "2 of 2 cases were there from an earlier call" in call(*words).err


def test_masks_of_totalsegmentator_against_label_maps(plain, call, scores, references, tmp_path):
    expected = plain("hard", "--structures", "spleen=2", "liver=1", "both=1,2")
    for number, case in enumerate("ab"):
        masks(tmp_path / "ours", case, hard(number))
    words = ["--from", "totalsegmentator", "--predictions", tmp_path / "ours", "--references", references]
    unnamed = call(*words)
    assert unnamed.code == 1
    assert "nothing says which label is which structure" in unnamed.err
    assert call(*words, "--structures", "spleen=2", "liver=1", "both=1,2").code == 0
    assert_same_scores(scores(), expected)


def test_label_maps_of_totalsegmentator_name_their_labels(plain, call, scores, references, tmp_path):
    expected = plain("hard", "--structures", "liver=1", "spleen=2")
    table = "".join(
        f'<Label Key="{key}" Red="1"><![CDATA[{name}]]></Label>' for key, name in ((1, "liver"), (2, "spleen"))
    )
    for number, case in enumerate("ab"):
        path = tmp_path / "ours" / f"{case}.nii.gz"
        write(path, hard(number))
        file = nib.load(path)
        file.header.extensions.append(nib.nifti1.Nifti1Extension(0, f"<LabelTable>{table}</LabelTable>".encode()))
        nib.save(nib.Nifti1Image(np.asanyarray(file.dataobj), file.affine, file.header), path)
    result = call("--from", "totalsegmentator", "--predictions", tmp_path / "ours", "--references", references)
    assert result.code == 0, result.err
    assert_same_scores(scores(), expected)


def test_masks_that_make_no_label_map_are_named(call, references, tmp_path):
    masks(tmp_path / "ours", "a", hard(0))
    masks(tmp_path / "ours", "b", hard(1), names=("liver",))
    write(tmp_path / "labels" / "c.nii.gz", labels_of(2))
    masks(tmp_path / "ours", "c", hard(2))
    write(tmp_path / "ours" / "a" / "spleen.nii.gz", np.ones(hard(0).shape, np.uint8))
    words = ["--from", "totalsegmentator", "--predictions", tmp_path / "ours", "--references", references]
    result = call(*words, "--structures", "liver=1", "spleen=2")
    assert result.code == 1
    assert "the mask of spleen overlaps with that of liver" in result.err
    assert "no mask of spleen, which other cases have" in result.err
    write(tmp_path / "ours" / "a" / "spleen.nii.gz", np.zeros((4, 5, 6), np.uint8))
    assert "the mask of spleen has another grid" in call(*words, "--structures", "liver=1", "spleen=2").err
    assert "hold no mask of lver" in call(*words, "--structures", "lver=1").err


@pytest.mark.parametrize(
    ("names", "enhancing"),
    [(("BraTS-GLI-00000-000", "BraTS-GLI-00001-000"), 3), (("BraTS2021_00000", "BraTS2021_00001"), 4)],
)
def test_regions_of_brats(names, enhancing, call, scores, tmp_path):
    for number, case in enumerate(names):
        truth = np.where(labels_of(number) == 2, enhancing, labels_of(number)).astype(np.uint8)
        truth[0, 0, 0] = 2  # oedema
        write(tmp_path / "data" / case / f"{case}-seg.nii.gz", truth)
        write(tmp_path / "data" / case / f"{case}-t1n.nii.gz", truth)
        write(tmp_path / "ours" / f"{case}.nii.gz", np.where(truth == enhancing, 1, truth).astype(np.uint8))
    result = call("--from", "brats", "--predictions", tmp_path / "ours", "--references", tmp_path / "data")
    assert result.code == 0, result.err
    dice = scores(metric="dsc", case=names[0]).groupby("structure")["value"].first()
    assert set(dice.index) >= {"WT", "TC", "ET"}
    assert dice["WT"] == dice["TC"] == dice.max() > dice["ET"] == 0  # the core is whole, its enhancing part is missed


def test_what_is_not_there_and_what_has_other_labels_is_named(call, tmp_path):
    for folder, case in (
        ("data", "BraTS-PED-00001-000-seg"),
        ("data", "BraTS-PED-00002-000-seg"),
        ("ours", "BraTS-PED-00001-000"),
    ):
        write(tmp_path / folder / f"{case}.nii.gz", labels_of(0))
    words = ["--from", "brats", "--predictions", tmp_path / "ours", "--references", tmp_path / "data"]
    assert "cases of BraTS-PED have labels of their own" in call(*words).err
    told = call(*words, "--structures", "WT=1,2", "TC=2")
    assert told.code == 1
    assert "BraTS-PED-00002-000" in told.err
    assert "no prediction" in told.err
