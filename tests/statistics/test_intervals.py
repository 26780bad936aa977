"""When an interval is marked as not valid."""

import pytest
from softbench.statistics import reason_against


def test_two_test_cases_give_no_valid_interval():
    assert reason_against(cases=2) == "no valid CI: 2 cases, at least 30 are needed"  # MRBrainS18


@pytest.mark.parametrize(("settings", "valid"), [
    ({"seeds": 1}, False), ({"seeds": 2}, True), ({"seeds": 4, "least_seeds": 5}, False), ({"cases": 29}, False),
    ({"cases": 30}, True), ({"seeds": 5, "cases": 30, "finite": False}, False), ({}, True),
])  # fmt: skip
def test_interval_is_valid_from_the_stated_numbers_on(settings, valid):
    assert (reason_against(**settings) is None) == valid


def test_patients_are_called_patients():
    assert reason_against(cases=1, unit="patient") == "no valid CI: 1 patient, at least 30 are needed"
