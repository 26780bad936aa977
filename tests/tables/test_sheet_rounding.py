"""What digits a reader sees."""

import math

import pytest
from softbench.tables.sheet import digits, interval, number

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"


@pytest.mark.parametrize(
    ("metric", "unit", "expected"),
    [
        ("dsc", "1", 3),
        ("nsd_2mm", "1", 3),
        ("hd95", "mm", 2),
        ("ece", "1", 4),
        ("ace_netcal", "1", 4),
        ("nll", "nat", 4),
    ],
)
def test_digits_follow_the_metric_then_the_unit(metric, unit, expected):
    assert digits(metric, unit) == expected


@pytest.mark.parametrize(
    ("value", "signed", "text"),
    [
        (0.12345, False, "0.123"),
        (-0.5, False, f"{MINUS}0.500"),
        (0.5, True, "+0.500"),
        (-0.0004, True, "0.000"),  # rounds to zero: no sign
        (math.nan, True, DASH),
        (math.inf, False, "∞"),
        (-math.inf, True, f"{MINUS}∞"),
    ],
)
def test_number_has_a_true_minus_and_no_signed_zero(value, signed, text):
    assert number(value, 3, signed=signed) == text


def test_interval_is_written_with_its_bounds_or_as_a_dash():
    assert interval(-0.1, 0.25, 2) == f"[{MINUS}0.10, 0.25]"
    assert interval(math.nan, math.nan, 2) == DASH
