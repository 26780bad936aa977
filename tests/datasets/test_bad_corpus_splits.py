"""Bad splits: each is refused with the file, what was found and what to write instead."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from softbench import InputError
from softbench.datasets import splits

GOOD = "case,patient,part\na,p,train\nb,q,val\nc,r,test\n"
COLUMNS = r"must be a CSV file with the columns case, patient, part, but its columns are .*Fix its first line"
CELL = r"has 1 line\(s\) with an empty cell or spaces around one, '{}' first\. Fill the cell, or take the spaces away\."
PART = r"names the part\(s\) \['{}'\]; known are train, val, test, train\+val, val\+test\. Correct its column `part`\."
UNREADABLE = r"^the split .*main\.csv cannot be read \(.*\)\. Write a CSV file with the columns case, patient, part\."
ONE_PART = r"is in more than one part\. Put all of its cases into one.*:\n  "

BAD: dict[str, tuple[str | bytes, str]] = {
    "case in two parts": (GOOD + "a,p,test\n", r"holds the case\(s\) a more than once\. Keep one line of each\."),
    "case twice in a part": (GOOD + "a,p,train\n", r"holds the case\(s\) a more than once\. Keep one line of each\."),
    "patient in two parts": (GOOD + "d,r,train\n", r"(?s)patient " + ONE_PART + "r: c in test, d in train"),
    "unknown part": (GOOD + "d,s,tset\n", PART.format("tset")),
    "part in capitals": (GOOD.replace("train", "Train"), PART.format("Train")),
    "part with a space": (GOOD + "d,s,train \n", CELL.format("d,s,train ")),
    "case with a space": (GOOD + "d ,s,train\n", CELL.format("d ,s,train")),
    "no case": (GOOD + ",s,train\n", CELL.format(",s,train")),
    "no patient": (GOOD + "d,,train\n", CELL.format("d,,train")),
    "no part": (GOOD + "d,s,\n", CELL.format("d,s,")),
    "line cut short": (GOOD + "d", CELL.format("d,,")),
    "line too long": (GOOD + "d,s,train,1\n", UNREADABLE),
    "part that nobody is in": (
        GOOD.replace("b,q,val\n", ""),
        r"has no case in val\. Give each of train, val, test at least one\.",
    ),
    "header alone": ("case,patient,part\n", r"has no case in train, val, test\. Give each"),
    "no header": ("a,p,train\nb,q,val\nc,r,test\n", COLUMNS),
    "other columns": ("case,part\na,train\n", COLUMNS),
    "semicolons": (GOOD.replace(",", ";"), COLUMNS + ", and separate columns by commas alone"),
    "spaces after commas": (GOOD.replace(",", ", "), COLUMNS),
    "HTML page": ("<!DOCTYPE html><title>Log in</title>", COLUMNS),
    "LFS pointer": ("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", COLUMNS),
    "UTF-16": (GOOD.encode("utf-16"), UNREADABLE),
    "no bytes": ("", UNREADABLE),
}


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("name", BAD)
def test_bad_split_is_refused_with_what_to_write(name: str, tmp_path: Path) -> None:
    content, message = BAD[name]
    with pytest.raises(InputError, match=message) as caught:
        splits.read(write(tmp_path / "main.csv", content))
    assert "main.csv" in str(caught.value)


def absent(path: Path) -> None:
    pass


@pytest.mark.parametrize("make", [absent, Path.mkdir, lambda path: path.symlink_to("nowhere")])
def test_split_that_is_no_file_is_named(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / "main.csv")
    with pytest.raises(InputError, match=UNREADABLE):
        splits.read(tmp_path / "main.csv")


@pytest.mark.parametrize("content", [GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD, GOOD.rstrip(), GOOD + "\n\n"])
def test_split_as_other_programs_write_it_is_read(content: str, tmp_path: Path) -> None:
    assert splits.to_csv(splits.read(write(tmp_path / "main.csv", content))) == GOOD


DATASET = {"case": ["a", "b", "c"], "patient": ["p", "q", "r"], "image_sha256": ["1", "2", "3"]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"case": ["a", "b", "x"]},
            r"lacks 1 case\(s\) of the split: c\. Complete the source, or take a split of this",
        ),
        ({"case": ["x", "y", "z"]}, r"lacks 3 case\(s\) of the split: a, b, c\. Complete the source"),
        (
            {"patient": ["p", "q", "s"]},
            r"c is of patient 'r' in the split, but of 's' in the dataset .*Fix the split's column `patient`\.",
        ),
        ({"image_sha256": ["1", "2", "1"]}, r"(?s)the same image \(sha256\) " + ONE_PART + "1: a in train, c in test"),
    ],
    ids=["missing case", "split of another dataset", "other patient", "same image in two parts"],
)
def test_split_that_does_not_fit_its_dataset_is_refused(
    changes: dict[str, list[str]], message: str, tmp_path: Path
) -> None:
    split = splits.read(write(tmp_path / "main.csv", GOOD))
    with pytest.raises(InputError, match=message):
        splits.check(split, pd.DataFrame(DATASET | changes))


def test_rule_for_too_few_patients_or_wrong_shares_is_refused(tmp_path: Path) -> None:
    cases, rule = pd.DataFrame(DATASET), {"train": 0.6, "val": 0.2, "test": 0.2}
    with pytest.raises(InputError, match=r"2 patient\(s\) are too few for 3 parts\. Add cases, or commit a split"):
        splits.derive(rule, cases[:2], tmp_path / "main.csv", "workflow/splits/x/main.csv")
    with pytest.raises(InputError, match=r"add up to 1, or whole numbers, but .* adds up to 1\.1\. Fix the source's"):
        splits.derive(rule | {"test": 0.3}, cases, tmp_path / "main.csv", "workflow/splits/x/main.csv")
    assert not (tmp_path / "main.csv").exists()


def test_derived_split_of_other_cases_than_at_first_is_refused_with_both_ways_out(tmp_path: Path) -> None:
    names = [f"case_{n}" for n in range(10)]
    cases = pd.DataFrame({"case": names, "patient": names})
    rule, path, committed = {"train": 0.6, "val": 0.2, "test": 0.2}, tmp_path / "main.csv", "workflow/splits/x/main.csv"
    splits.derive(rule, cases, path, committed)
    first = path.read_text()
    with pytest.raises(
        InputError, match=r"cases of the dataset changed.*copy .*main\.first to workflow/.*delete .*first"
    ):
        splits.derive(rule, cases[:9], path, committed)
    assert path.read_text() == first
