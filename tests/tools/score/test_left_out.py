"""With `--skip-bad` the rest is scored, on the same cases for all methods, and what was left out is said everywhere."""

import csv

import numpy as np
import pytest
from softbench import images

from .conftest import AFFINE, labels_of, probabilities_of


@pytest.fixture
def three(fill, tmp_path):
    """Folders p (probabilities), q (label maps) and r (references) with the cases a, b and c."""
    for name, kind in (("p", "probabilities"), ("q", "hard"), ("r", "labels")):
        fill(name, kind)
        truth = labels_of(2)
        array = truth if kind == "labels" else probabilities_of(truth, 2)
        images.write(
            tmp_path / name / "c.nii.gz", array.argmax(axis=0).astype(np.uint8) if kind == "hard" else array, AFFINE
        )
    return ["--predictions", tmp_path / "p", tmp_path / "q", "--references", tmp_path / "r"]


def left_out(tmp_path):
    with open(tmp_path / "out" / "left_out.csv", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_case_that_is_bad_in_one_folder_is_left_out_for_all(three, call, scores, tmp_path):
    images.write(tmp_path / "p" / "a.nii.gz", np.log(probabilities_of(labels_of(0), 0)), AFFINE)
    refused = call(*three)
    assert refused.code == 1
    assert "To score the rest, without 1 case (a): --skip-bad" in refused.err
    result = call(*three, "--skip-bad")
    assert result.code == 0, result.err
    assert scores().groupby("method")["case"].unique().map(sorted).to_dict() == {
        "p": ["b", "c", "pooled"], "q": ["b", "c"],
    }  # fmt: skip
    reason = "they are logarithms of probabilities"
    assert reason in result.err
    page = (tmp_path / "out" / "index.html").read_text()
    tables = [(tmp_path / "out" / "tables" / f"{name}.md").read_text() for name in ("scores", "structures")]
    for text in (result.out, page, *tables):
        assert "Left out for all methods (--skip-bad), of 3 cases: 1 case (a)." in text
        assert reason in text
    assert [(line["where"].split(" (")[0], line["case"]) for line in left_out(tmp_path)] == [
        ("predictions p, seed 0", "a")
    ]
    assert "left_out.csv" in result.out


def test_bad_reference_is_one_fault_whatever_predicts_it(three, call, scores, tmp_path):
    (tmp_path / "r" / "b.nii.gz").write_bytes(b"")
    result = call(*three, "--skip-bad")
    assert result.code == 0, result.err
    assert result.err.count("r/b.nii.gz cannot be read") == 1
    assert set(scores()["case"]) == {"a", "c", "pooled"}


def test_folder_without_a_good_case_takes_none_along(three, call, scores, tmp_path):
    for number, case in enumerate("abc"):
        images.write(tmp_path / "p" / f"{case}.nii.gz", np.log(probabilities_of(labels_of(number), number)), AFFINE)
    (tmp_path / "q" / "c.nii.gz").unlink()
    result = call(*three, "--skip-bad")
    assert result.code == 0, result.err
    assert scores().groupby("method")["case"].unique().map(sorted).to_dict() == {"q": ["a", "b"]}
    assert "Left out as a whole (--skip-bad): predictions p, seed 0" in result.out
    assert result.err.count("they are logarithms") == 1
    assert len(left_out(tmp_path)) == 3  # c of p was not read, for q has none


def test_nothing_left_is_an_error(fill, call, tmp_path):
    words = ["--predictions", fill("p", "probabilities"), "--references", fill("r")]
    for case in "ab":
        (tmp_path / "p" / f"{case}.nii.gz").write_bytes(b"")
    result = call(*words, "--skip-bad")
    assert result.code == 1
    assert "--skip-bad leaves nothing to score:\n- predictions p" in result.err
    assert "2 cases (a and b), the first: " in result.err


def test_names_that_do_not_match_are_left_out(three, call, scores, tmp_path):
    (tmp_path / "p" / "a.nii.gz").rename(tmp_path / "p" / "extra.nii.gz")
    result = call(*three, "--skip-bad")
    assert result.code == 0, result.err
    assert set(scores()["case"]) == {"b", "c", "pooled"}
    assert {line["case"] for line in left_out(tmp_path)} == {"a", "extra"}


def test_missing_folder_is_no_bad_case(three, call, tmp_path):
    three[2] = tmp_path / "absent"
    assert "there is no such folder" in call(*three, "--skip-bad").err


def test_list_of_an_earlier_call_does_not_outlive_it(three, call, tmp_path):
    good = (tmp_path / "p" / "a.nii.gz").read_bytes()
    (tmp_path / "p" / "a.nii.gz").write_bytes(b"")
    call(*three, "--skip-bad")
    (tmp_path / "p" / "a.nii.gz").write_bytes(good)
    assert "Left out" not in call(*three, "--skip-bad").out
    assert not (tmp_path / "out" / "left_out.csv").exists()
