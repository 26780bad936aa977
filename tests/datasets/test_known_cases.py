"""Known cases of published data: the committed lists, what preparing does with them, and where it is said."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from softbench import InputError, datasets, known_cases
from softbench.datasets import splits
from softbench.datasets.prepare import doubts, prepare
from softbench.datasets.prepare.second_scan import find_second_scan
from softbench.known_cases import KnownCase

SPLITS = Path(__file__).parents[2] / "workflow" / "splits"
LISTS = sorted(path.stem for path in known_cases.FOLDER.glob("*.csv"))
IDS = [f"hippocampus_{number:03d}" for number in range(1, 7)]
WRONG = KnownCase(IDS[0], "its labels are wrong", "somebody", "exclude")
PAIR = KnownCase(IDS[1], f"the same patient as {IDS[2]}", "somebody", f"group with {IDS[2]}")


def listed(monkeypatch: pytest.MonkeyPatch, folder: Path, *cases: KnownCase) -> None:
    """Give the source `hippocampus` a list."""
    lines = [",".join(known_cases.COLUMNS), *map(known_cases.line, cases)]
    folder.mkdir()
    (folder / "hippocampus.csv").write_text("\n".join(lines) + "\n")
    monkeypatch.setattr(known_cases.read, "__defaults__", (folder,))
    monkeypatch.setattr(known_cases.chosen, "__defaults__", (folder,))


def run(raw: Path, output: Path, log: Callable[[str], None] = print, **settings: Any) -> datasets.Dataset:
    prepare.run("hippocampus", raw, output, versions={}, settings=settings, log=log)
    return datasets.open(output)


@pytest.mark.parametrize("source", LISTS)
def test_committed_lists_can_be_read(source: str) -> None:
    assert source in datasets.names()
    known = known_cases.read(source)
    assert all(case.what and case.source for case in known.values())
    assert {case.group for case in known.values() if case.group}.isdisjoint(known)


def test_abdomenct1k_has_one_scan_twice_and_twenty_made_up_spacings() -> None:
    known = known_cases.read("abdomenct1k")
    made_up = {name for name, case in known.items() if "1 x 1 x 1" in case.what}
    numbers = [78, *range(273, 279), *range(280, 287), 462, *range(574, 579)]
    assert made_up == {f"Case_{number:05d}" for number in numbers}
    assert len(made_up) == 20
    assert known_cases.excluded(known_cases.actions("abdomenct1k")) == made_up
    assert known["Case_00928"].group == "Case_00297"


def test_split_of_kits_has_its_printed_size_without_a_word_in_config() -> None:
    known = known_cases.read("kits2019")
    assert sorted(int(case.removeprefix("case_")) for case in known) == [15, 23, 25, 37, 61, 68, 117, 125, 133]
    assert {c for c, case in known.items() if case.check} == {f"case_{n:05d}" for n in (15, 25, 61, 117)}
    assert not known_cases.excluded(known_cases.actions("kits2019"))
    assert Counter(splits.read(SPLITS / "kits2019_svls" / "main.csv")["part"]) == {"train": 151, "val": 17, "test": 42}


def test_excluded_case_is_left_out_counted_and_said(
    msd: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed(monkeypatch, tmp_path / "lists", WRONG, KnownCase("elsewhere", "is not in the folder", "nobody", "keep"))
    lines: list[str] = []
    dataset = run(msd(), tmp_path / "out", lines.append)
    assert list(dataset.cases["case"]) == IDS[1:3]
    assert [case["case"] for case in dataset.manifest["known_cases"]] == [IDS[0]]
    dropped = pd.read_csv(tmp_path / "out" / "dropped.csv")
    assert dropped.to_dict("records") == [{"case": IDS[0], "reason": "its labels are wrong (somebody)"}]
    said = f"1 known case of this data, left out (workflow/known_cases): {IDS[0]}: its labels are wrong."
    assert doubts.sentences(dataset.manifest) == [said]
    assert f"hippocampus: {said}" in lines


def test_config_goes_before_the_list(msd: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed(monkeypatch, tmp_path / "lists", WRONG)
    dataset = run(msd(), tmp_path / "out", known_cases={IDS[0]: "keep", IDS[2]: "exclude"})
    assert list(dataset.cases["case"]) == IDS[:2]
    assert doubts.sentences(dataset.manifest) == [
        f"1 known case of this data, kept (config): {IDS[0]}: its labels are wrong.",
        f"1 known case of this data, left out (config): {IDS[2]}: {known_cases.IN_CONFIG}.",
    ]
    dropped = pd.read_csv(tmp_path / "out" / "dropped.csv")
    assert dropped.to_dict("records") == [{"case": IDS[2], "reason": "named in config"}]
    with pytest.raises(InputError, match="`known_cases` names nobody, which hippocampus does not have"):
        run(tmp_path / "Task04_Hippocampus", tmp_path / "out", known_cases={"nobody": "exclude"})
    with pytest.raises(InputError, match="'drop', but must be `keep`, `exclude` or `group with <case>`"):
        run(tmp_path / "Task04_Hippocampus", tmp_path / "out", known_cases={IDS[0]: "drop"})


def test_list_and_config_are_told_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    listed(monkeypatch, tmp_path / "lists", WRONG, PAIR)
    known = known_cases.chosen("hippocampus", {IDS[0]: "exclude", IDS[1]: "exclude"})
    assert [case.decided_by for case in known.values()] == ["", "config"]
    facts = doubts.sentences({"known_cases": [{**vars(case)} for case in known.values()]})
    assert [re.findall(r"left out \(([^)]*)\)", fact) for fact in facts] == [["workflow/known_cases"], ["config"]]


def test_grouped_cases_are_one_patient_in_a_split_that_is_derived(
    msd: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed(monkeypatch, tmp_path / "lists", PAIR)
    dataset = run(msd(cases=6), tmp_path / "out")
    patients = dict(zip(dataset.cases["case"], dataset.cases["patient"], strict=True))
    assert patients[IDS[1]] == patients[IDS[2]] == IDS[2]
    for seed in range(8):
        rule = {"train": 0.5, "val": 0.25, "test": 0.25, "seed": seed}
        splits.derive(rule, dataset.cases, tmp_path / f"{seed}.csv", "there")
        parts = splits.read(tmp_path / f"{seed}.csv").set_index("case")["part"]
        assert parts[IDS[1]] == parts[IDS[2]]


def split(*parts: str) -> pd.DataFrame:
    return pd.DataFrame({"case": IDS[: len(parts)], "patient": IDS[: len(parts)], "part": parts})


def test_committed_split_serves_a_dataset_without_a_case_of_it(
    msd: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed(monkeypatch, tmp_path / "lists", WRONG, PAIR)
    dataset = run(msd(cases=4), tmp_path / "out")
    left = splits.of_dataset(split("train", "train", "train", "val"), dataset.manifest, dataset.cases)
    assert list(left["case"]) == IDS[1:4]
    assert list(left["patient"]) == [IDS[2], IDS[2], IDS[3]]
    with pytest.raises(InputError, match=rf"(?s)patient of known cases.*{IDS[1]} in train, {IDS[2]} in test"):
        splits.of_dataset(split("train", "train", "test", "val"), dataset.manifest, dataset.cases)
    with pytest.raises(InputError, match="no case in test without the known cases"):
        splits.of_dataset(split("test", "train", "train", "val"), dataset.manifest, dataset.cases)


def test_same_image_of_two_patients_stops_with_the_line_to_add(
    msd: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = msd(cases=3) / "imagesTr"
    (folder / f"{IDS[2]}.nii.gz").write_bytes((folder / f"{IDS[0]}.nii.gz").read_bytes())
    with pytest.raises(InputError, match=rf"1 pair\(s\) of cases .* same image.*\n  {IDS[0]} and {IDS[2]}\n") as stop:
        run(folder.parent, tmp_path / "out")
    added = re.search(rf"^{IDS[2]},.*$", str(stop.value), re.MULTILINE)
    assert added is not None
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "hippocampus.csv").write_text(f"{','.join(known_cases.COLUMNS)}\n{added[0]}\n")
    known = known_cases.read("hippocampus", tmp_path / "lists")
    dataset = run(folder.parent, tmp_path / "out", known_cases={case: c.action for case, c in known.items()})
    assert list(dataset.cases["patient"]) == [IDS[0], IDS[1], IDS[0]]
    for either in (IDS[0], IDS[2]):
        kept = run(folder.parent, tmp_path / "out", known_cases={either: "keep"})
        assert list(kept.cases["patient"]) == IDS[:3]


def test_kept_case_may_have_the_image_of_another_part(msd: Callable[..., Path], tmp_path: Path) -> None:
    folder = msd(cases=4) / "imagesTr"
    for twin in (IDS[2], IDS[3]):
        (folder / f"{twin}.nii.gz").write_bytes((folder / f"{IDS[0]}.nii.gz").read_bytes())
    parts = split("train", "val", "train", "test")
    dataset = run(folder.parent, tmp_path / "out", known_cases={IDS[2]: "keep", IDS[3]: "keep"})
    assert list(splits.of_dataset(parts, dataset.manifest, dataset.cases)["case"]) == IDS[:4]
    one = dataset.manifest | {"known_cases": dataset.manifest["known_cases"][:1]}
    said = rf"(?s)same image .*`known_cases: {{case: keep}}`.*{IDS[0]} in train, {IDS[3]} in test$"
    with pytest.raises(InputError, match=said):
        splits.of_dataset(parts, one, dataset.cases)


def test_axes_that_are_askew_are_found_and_said(
    msd: Callable[..., Path], write: Callable[..., None], tmp_path: Path
) -> None:
    """x leans by 0.02 towards y: 1.1459 degrees, and the lengths of the diagonals are 1 % off."""
    folder, affine = msd(cases=2), np.eye(4)
    affine[1, 0], affine[0, 0] = 0.02, np.sqrt(1 - 0.02**2)
    rng = np.random.default_rng(5)
    write(folder / "imagesTr" / f"{IDS[1]}.nii.gz", rng.normal(100, 20, (5, 6, 7)).astype(np.float32), affine)
    labels = np.ones((5, 6, 7), np.uint8)
    labels[0] = 2
    write(folder / "labelsTr" / f"{IDS[1]}.nii.gz", labels, affine)
    dataset = run(folder, tmp_path / "out")
    assert dataset.manifest["skewed"] == {IDS[1]: {"degrees": 1.146, "percent": pytest.approx(1.005, abs=2e-3)}}
    (said,) = doubts.sentences(dataset.manifest)
    assert said.startswith(f"1 case ({IDS[1]}) with axes that are not at right angles (by up to 1.1 degrees)")
    assert "up to 1 % off" in said


def scan(slices: int, seed: int) -> np.ndarray:
    """Slices that change slowly from one to the next."""
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.normal(0, 0.1, (slices, 32, 32)), axis=0) + rng.normal(0, 1, (32, 32))


def test_second_scan_without_labels_is_found() -> None:
    image, labels = np.concatenate([scan(10, 0), scan(8, 1)]), np.zeros((18, 32, 32), np.uint8)
    labels[2:7, 5:9, 5:9] = 1
    assert find_second_scan(image, labels).startswith("slices 10 to 17, ")
    assert find_second_scan(image[::-1], labels[::-1]).startswith("slices 0 to 7, ")
    assert find_second_scan(image[:10], labels[:10]) == ""
    labels[12:14] = 1
    assert find_second_scan(image, labels) == ""
    image[-3:] = -1024
    assert find_second_scan(image, labels) == ""  # filled up, not there twice
    image[5] = image[4]
    assert find_second_scan(image, labels) == "slice 5 is the same as the one below it (1 such slices)"


def test_all_scans_without_labels_are_found() -> None:
    image, labels = np.concatenate([scan(n, n) for n in (10, 8, 6)]), np.zeros((24, 32, 32), np.uint8)
    labels[12:14, 5:9, 5:9] = 1
    assert find_second_scan(image, labels) == (
        "slices 0 to 9 and 18 to 23, counted from the feet from 0, look like 2 other scans, and carry no labels"
    )
    assert find_second_scan(image[:18], labels[:18]).startswith("slices 0 to 9, ")
    labels = np.roll(labels, -8, axis=0)
    assert find_second_scan(image, labels).startswith("slices 10 to 17 and 18 to 23, ")
    labels[11] = 1  # in two scans
    assert find_second_scan(image, labels) == ""
    faulty = image[:10].copy()
    faulty[7] = image[20]
    assert find_second_scan(faulty, labels[:10]) == ""  # a single slice is no scan


def test_found_fault_of_a_known_case_is_said(
    msd: Callable[..., Path], write: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = KnownCase(IDS[1], "was followed by another scan", "somebody", "keep", "second_scan")
    listed(monkeypatch, tmp_path / "lists", case)
    folder = msd(cases=2)
    image = np.random.default_rng(0).normal(0, 1, (5, 6, 7)).astype(np.float32)
    image[..., 4] = image[..., 3]  # slices of RAS
    write(folder / "imagesTr" / f"{IDS[1]}.nii.gz", image)
    (said,) = doubts.sentences(run(folder, tmp_path / "out").manifest)
    assert "was followed by another scan; in these files slice 4 is the same as the one below it" in said


def test_list_that_is_wrong_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "made.csv"
    head = ",".join(known_cases.COLUMNS)
    for text, message in (
        ("case,what\n", "must be a CSV file with the columns case, what, source, action, check"),
        (f"{head}\na,b,c,drop,\n", "a is 'drop', but must be `keep`"),
        (f"{head}\na,b,c,keep,\na,b,c,keep,\n", "names a case twice"),
        (f"{head}\na,b,c,keep,all\n", "`check` of a is 'all'"),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=re.escape(message)):
            known_cases.read("made", tmp_path)
    circle = [KnownCase("a", "", "", "group with b"), KnownCase("b", "", "", "group with a")]
    with pytest.raises(InputError, match="in a circle: a, b, a"):
        known_cases.patients({"a": "a", "b": "b"}, circle)


def test_case_is_grouped_with_one_that_is_there() -> None:
    known_cases.require_targets({"a": "group with b", "c": "keep"}, ["a", "b", "c"])
    with pytest.raises(InputError, match=r"a is 'group with bb', but there is no case 'bb'\. Did you mean 'b'\?"):
        known_cases.require_targets({"a": "group with bb"}, ["a", "b", "c"])
