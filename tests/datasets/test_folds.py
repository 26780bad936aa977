"""Folds of the training part: whole patients, each in one fold, and a split without one of them."""

import pandas as pd
import pytest
from softbench import InputError
from softbench.datasets import folds

ROWS = [(f"c{n}", f"p{n // 2}", "train") for n in range(10)] + [("v", "pv", "val"), ("t", "pt", "test")]
SPLIT = pd.DataFrame(ROWS, columns=["case", "patient", "part"])


def test_each_training_patient_is_in_one_fold_and_folds_are_alike_in_size() -> None:
    found = folds.assign(SPLIT, 2)
    assert set(found) == {f"c{n}" for n in range(10)}
    by_patient = SPLIT.assign(fold=SPLIT["case"].map(found)).dropna().groupby("patient")["fold"]
    assert (by_patient.nunique() == 1).all()
    assert sorted(by_patient.first().value_counts()) == [2, 3]
    assert folds.assign(SPLIT.sample(frac=1, random_state=1), 2) == found


def test_split_without_a_fold_lacks_its_training_cases_alone() -> None:
    own = folds.assign(SPLIT, 2)
    for fold in (0, 1):
        left = folds.without(SPLIT, fold, 2)
        assert set(left["case"]) == {case for case in SPLIT["case"] if own.get(case) != fold}


def test_case_that_also_validates_stays_in_validation() -> None:
    both = pd.concat([SPLIT, pd.DataFrame([("c0", "p0", "val")], columns=SPLIT.columns)], ignore_index=True)
    left = folds.without(both, folds.assign(both, 2)["c0"], 2)
    assert list(left.loc[left["case"] == "c0", "part"]) == ["val"]


def test_fewer_patients_than_folds_are_refused() -> None:
    with pytest.raises(InputError, match=r"5 patient\(s\), too few for 6 folds"):
        folds.assign(SPLIT, 6)
