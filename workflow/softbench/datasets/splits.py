"""Splits into training, validation and test cases; stored in the repository as CSV files (case, patient, part)."""

import io
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from softbench import known_cases
from softbench import leaks as first_line
from softbench.errors import InputError
from softbench.jobs import pieces

VERSION = 1
PARTS = ("train", "val", "test")
SELECTS = ("train+val", "val+test")  # in a file: also selects, as where authors have no validation part
COLUMNS = ("case", "patient", "part")
ALIKE = (
    "Put all of its cases into one; or, if they are different patients and you want both, say so in the dataset "
    "(`known_cases: {case: keep}`, for all but one)"
)


def read(path: Path | str) -> pd.DataFrame:
    """Read a split.

    Returns: columns case, patient, part (train | val | test), all str, in the order of the file; a case that the file
        gives to `train+val` or `val+test` has a row in each.
    Raises: InputError: if columns or parts are unknown, a case is there twice, a part is empty, or a patient is in two
        parts (a network could then be tested on a patient that it was trained on), unless the file's first line says
        `# leaks: slices`, or what else is split without regard to patients.
    """
    split = _table(Path(path))
    known = (*PARTS, *SELECTS)
    unknown = sorted(set(split["part"]) - set(known))
    if unknown:
        raise InputError(
            f"{path} names the part(s) {unknown}; known are {', '.join(known)}. Correct its column `part`."
        )
    twice = sorted(set(split.loc[split["case"].duplicated(), "case"]))
    if twice:
        raise InputError(f"{path} holds the case(s) {', '.join(twice)} more than once. Keep one line of each.")
    split = split.assign(part=split["part"].str.split("+")).explode("part", ignore_index=True)
    if not leaks(path):
        _require_one_part(_main_use(split), "patient", f"{path}: patient")
    empty = [part for part in PARTS if not (split["part"] == part).any()]
    if empty:
        raise InputError(f"{path} has no case in {', '.join(empty)}. Give each of {', '.join(PARTS)} at least one.")
    return split


def leaks(path: Path | str) -> str:
    """Return what a split's first line says is split without regard to patients (`slices`); empty where nothing is."""
    with open(path, encoding="utf-8") as file:
        return first_line.of_line(file.readline())


def _table(path: Path) -> pd.DataFrame:
    wanted = f"a CSV file with the columns {', '.join(COLUMNS)}"
    try:
        split = pd.read_csv(path, dtype=str, keep_default_na=False, skiprows=1 if leaks(path) else 0)
    except (OSError, ValueError) as error:
        raise InputError(f"the split {path} cannot be read ({str(error).strip()}). Write {wanted}.") from error
    if tuple(split.columns) != COLUMNS:
        raise InputError(
            f"{path} must be {wanted}, but its columns are {', '.join(split.columns)}. Fix its first line, and "
            "separate columns by commas alone."
        )
    odd = split[(split == "").any(axis=1) | (split != split.apply(lambda words: words.str.strip())).any(axis=1)]
    if len(odd):
        raise InputError(
            f"{path} has {len(odd)} line(s) with an empty cell or spaces around one, {','.join(odd.iloc[0])!r} first. "
            "Fill the cell, or take the spaces away."
        )
    return split


def check(split: pd.DataFrame, dataset_cases: pd.DataFrame, kept: Collection[str] = ()) -> None:
    """Check a split against the cases of its dataset.

    Args:
        split: from `read`.
        dataset_cases: `Dataset.cases`, with columns case, patient, image_sha256.
        kept: cases that may have the image of another one, as config or the list of known cases says.
    Raises: InputError: if the dataset lacks a case, knows another patient for it, or holds the same image under two
        names that are in different parts.
    """
    missing = [case for case in split["case"] if case not in set(dataset_cases["case"])]
    if missing:
        raise InputError(
            f"the dataset lacks {len(missing)} case(s) of the split: {', '.join(missing[:10])}"
            f"{', ...' if len(missing) > 10 else ''}. Complete the source, or take a split of this dataset."
        )
    both = split.merge(dataset_cases[["case", "patient", "image_sha256"]], on="case", suffixes=("", "_dataset"))
    wrong = both[both["patient"] != both["patient_dataset"]]
    if len(wrong):
        row = wrong.iloc[0]
        raise InputError(
            f"{row['case']} is of patient {row['patient']!r} in the split, but of {row['patient_dataset']!r} in the "
            f"dataset ({len(wrong)} such case(s)). Fix the split's column `patient`."
        )
    alike = _main_use(both[~both["case"].isin(kept)])
    _require_one_part(alike, "image_sha256", "the same image (sha256)", ALIKE)


def of_dataset(split: pd.DataFrame, manifest: Mapping[str, Any], dataset_cases: pd.DataFrame) -> pd.DataFrame:
    """Return the part of a split that a dataset has, checked: known cases that it leaves out are left out here.

    So one committed split serves a dataset with its known cases and without. The patient of a known case that is
    grouped with another is that of the dataset.

    Args:
        split: from `read`.
        manifest: of the dataset.
        dataset_cases: `Dataset.cases`.
    Raises: InputError: as `check`; if a part has no case left, or a group of cases is in two parts.
    """
    known = {case["case"]: case["action"] for case in manifest.get("known_cases", [])}
    left = without_excluded(split, manifest)
    grouped = {case for case, action in known.items() if action.startswith(known_cases.GROUP)}
    patients = {row.case: row.patient for row in dataset_cases.itertuples() if row.case in grouped}
    left = left.assign(patient=[patients.get(row.case, row.patient) for row in left.itertuples()])
    lost = sorted(set(split["part"]) - set(left["part"]))
    if lost:
        raise InputError(
            f"the split has no case in {', '.join(lost)} without the known cases that the dataset leaves out. Keep "
            "them (`known_cases: {case: keep}` of the dataset), or take another split."
        )
    check(left, dataset_cases, {case for case, action in known.items() if action == known_cases.KEEP})
    _require_one_group(left, grouped)
    return left


def without_excluded(split: pd.DataFrame, manifest: Mapping[str, Any]) -> pd.DataFrame:
    """Return a split without the known cases that a dataset leaves out."""
    known = {case["case"]: case["action"] for case in manifest.get("known_cases", [])}
    return split[~split["case"].isin(known_cases.excluded(known))].reset_index(drop=True)


def _require_one_group(split: pd.DataFrame, grouped: set[str]) -> None:
    """Raise if known cases of one patient are in different parts."""
    theirs = set(split.loc[split["case"].isin(grouped), "patient"])
    _require_one_part(_main_use(split[split["patient"].isin(theirs)]), "patient", "the patient of known cases")


def _main_use(split: pd.DataFrame) -> pd.DataFrame:
    """Return a row a case: one that trains or tests and also selects counts as training or testing."""
    return split[~(split["case"].duplicated(keep=False) & (split["part"] == "val"))]


def _require_one_part(
    table: pd.DataFrame, column: str, what: str, advice: str = "Put all of its cases into one"
) -> None:
    """Raise if rows that agree in a column are in different parts; the message names them all."""
    parts = table.groupby(column)["part"].nunique()
    torn = [
        f"{value}: " + ", ".join(f"{row.case} in {row.part}" for row in table[table[column] == value].itertuples())
        for value in parts.index[parts > 1]
    ]
    if torn:
        raise InputError(f"{what} is in more than one part. {advice}:\n  " + "\n  ".join(torn))


def permuted(
    patients: Mapping[str, str], *, train: int, val: int, test: int, keep: int | None = None, seed: int = 0
) -> pd.DataFrame:
    """Make a split by one fixed permutation: the rule behind the committed files.

    The cases, sorted by id, are put in the order `numpy.random.RandomState(seed).permutation(n)` (a legacy generator
    whose numbers numpy keeps for ever); the first `train` are the training part, the next `val` validate, the last
    `test` test. `keep` keeps only the first so many training cases; validation and test do not change.

    Args:
        patients: patient of each case; each patient must have one case only, or the parts would share patients.
        train, val, test: how many; together all cases.
        keep: training cases that stay; None keeps all.
        seed: of the permutation.
    Raises: InputError: if the numbers do not add up, or a patient has two cases.
    """
    if train + val + test != len(patients) or len(set(patients.values())) != len(patients):
        raise InputError(
            f"{train} + {val} + {test} must be all {len(patients)} cases, each of its own patient "
            f"(there are {len(set(patients.values()))} patients)."
        )
    order = np.random.RandomState(seed).permutation(len(patients))
    cases = [sorted(patients)[index] for index in order]
    parts = np.repeat(PARTS, (train, val, test))
    split = pd.DataFrame({"case": cases, "patient": [patients[case] for case in cases], "part": parts})
    kept = split.index < (train if keep is None else keep)
    return split[kept | (split.index >= train)].reset_index(drop=True)


def selecting_in_training(split: pd.DataFrame) -> pd.DataFrame:
    """Return a split whose validation cases also train, as the papers that print no validation part had it.

    Training has its printed size then, selection looks at the cases that it looks at in `split`, and the test cases
    are the same, so that results on both splits can be compared.
    """
    return split.assign(part=split["part"].replace({"val": "train+val"}))


def selecting_in_test(split: pd.DataFrame) -> pd.DataFrame:
    """Return a split without a validation part: its cases train, and the test cases also select (`val+test`).

    So a paper splits that calls the cases that it reports validation cases and has no others.
    """
    return split.assign(part=split["part"].replace({"val": "train", "test": "val+test"}))


def by_patient(patients: Mapping[str, str], shares: Mapping[str, float], *, seed: int = 0) -> pd.DataFrame:
    """Split whole patients by one fixed permutation: the rule for sources whose ids are known only after download.

    The patients, sorted by id, are put in the order `numpy.random.RandomState(seed).permutation(n)`; the first
    round(share * n) are in the first part, those up to round((share + next share) * n) in the next, and so on. Whole
    numbers are sizes instead: every part has just so many, and the first one takes or lacks what n has more or less.

    Args:
        patients: patient of each case.
        shares: part (train, val, test, train+val, val+test) -> share of the patients, adding up to 1; or their number.
        seed: of the permutation.
    Returns: all cases, those of a part together, sorted within it by id.
    Raises: InputError: if the shares do not add up to 1, a part is unknown or would have no patient.
    """
    names = sorted(set(patients.values()))
    bounds = _bounds(shares, len(names))
    if not all(low < high for low, high in pairwise([0, *bounds])):
        raise InputError(
            f"{len(names)} patient(s) are too few for {len(shares)} parts. Add cases, or commit a split of yours."
        )
    order = np.random.RandomState(seed).permutation(len(names))
    place = {names[index]: int(np.searchsorted(bounds, rank, side="right")) for rank, index in enumerate(order)}
    rows = sorted((place[patient], case, patient) for case, patient in patients.items())
    parts = list(shares)
    return pd.DataFrame([(case, patient, parts[part]) for part, case, patient in rows], columns=list(COLUMNS))


def _bounds(shares: Mapping[str, float], count: int) -> list[int]:
    """Return how many of `count` patients are in the parts up to each one, that one included."""
    total = sum(shares.values())
    are_sizes = all(isinstance(value, int) for value in shares.values())
    if not (are_sizes or abs(total - 1) <= 1e-9) or not set(shares) <= {*PARTS, *SELECTS}:
        raise InputError(
            f"a split must have shares of {', '.join((*PARTS, *SELECTS))} that add up to 1, or whole numbers, but "
            f"{dict(shares)} adds up to {total:g}. Fix the source's `SPLITS`."
        )
    if are_sizes:
        return [count - round(total) + size for size in np.cumsum(list(shares.values())).tolist()]
    return [round(share * count) for share in np.cumsum(list(shares.values()))]


def derive(rule: Mapping[str, Any], dataset_cases: pd.DataFrame, path: Path, commit_to: str) -> str:
    """Write the split that a rule gives, and return how to keep it permanently.

    Args:
        rule: shares or sizes, and seed, for `by_patient`; with `leaks: slices` cases are split (the word says what a
            case is), so that a patient may be in several parts, and the file's first line says so.
        dataset_cases: `Dataset.cases`.
        path: the file; beside it, `<name>.first` keeps what was written first.
        commit_to: where a committed split would lie.
    Raises: InputError: if the cases are others than when the split was first made, so that results made before and
        after could not be compared.
    """
    patients = dict(zip(dataset_cases["case"], dataset_cases["patient"], strict=True))
    shares = {name: value for name, value in rule.items() if name not in ("seed", "leaks")}
    units = {case: case for case in patients} if "leaks" in rule else patients
    split = by_patient(units, shares, seed=rule.get("seed", 0))
    said = f"{first_line.SAYS}{rule['leaks']}\n" if "leaks" in rule else ""
    text = said + to_csv(split.assign(patient=split["case"].map(patients)))
    first = path.with_suffix(".first")
    if first.exists() and first.read_text(encoding="utf-8") != text:
        raise InputError(
            f"the cases of the dataset changed, and with them the split that {path} held at first. To keep the first "
            f"split, copy {first} to {commit_to}; to accept the new one, delete {first}."
        )
    pieces.write_text(first, text)
    pieces.write_text(path, text)
    sizes = ", ".join(f"{size} {part}" for part, size in split["part"].value_counts(sort=False).items())
    made = f"split of {len(dataset_cases)} cases ({sizes}) made by rule {dict(rule)}"
    return f"{made}; to fix it, copy {path} to {commit_to}"


def to_csv(split: pd.DataFrame, columns: Sequence[str] = COLUMNS) -> str:
    """Return the text of a split's file: the header, then a line a case, lines ending in a newline alone."""
    text = io.StringIO()
    split.to_csv(text, columns=list(columns), index=False, lineterminator="\n")
    return text.getvalue()
