"""Every average and difference that the papers print follows from their own cells."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from make import arithmetic
from make.arithmetic import rounded
from softbench.papers import published

CHECKS = arithmetic.checks()
# Those that recompute what the papers say; "absolute" and "overlap" hold by what the metrics mean.
SAID = {
    "difference": 11 * 10,  # of 12 rows below full resolution one lost its line, x 10 metrics
    "average": 10 + 1 + 15 + 10,  # GeoLS SD, HD95; DSC of GeoLS (four are lost); FLARE; KiTS Comp
    "spread": 10 + 1 + 15 + 10,
    "repeated": 4,
    "text": 3 + 1,
    "order": 3 * 2,
}


def test_all_that_can_be_checked_is():
    counts = Counter(check.kind for check in CHECKS)
    assert counts == {**SAID, "absolute": 14, "overlap": 14}
    assert sum(SAID.values()) == 196
    assert set(counts) == set(arithmetic.KINDS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.kind}-{check.table}-{check.what}")
def test_printed_number_follows_from_its_cells(check):
    assert check.holds, f"printed {check.printed}, but the cells give {check.follows}"


@pytest.mark.parametrize("kind", ["difference", "average", "repeated", "text"])
def test_wrong_digit_would_be_found(kind):
    """Twice the widths of both intervals away, nothing holds any more, whatever the rounding was."""
    for check in CHECKS:
        if check.kind == kind:
            far = 2 * (check.printed[1] - check.printed[0] + check.follows[1] - check.follows[0])
            for shift in (far, -far):
                assert not replace(check, printed=tuple(end + shift for end in check.printed)).holds


def test_interval_is_half_a_unit_of_the_last_digit_either_way():
    assert rounded("0.070") == (Decimal("0.0695"), Decimal("0.0705"))
    assert rounded("-6.17") == (Decimal("-6.175"), Decimal("-6.165"))
    assert rounded("1.2") == (Decimal("1.15"), Decimal("1.25"))


def test_average_of_two_thousandths_is_not_rounded_away():
    """KiTS SD of LS (0.1): (0.960 + 0.637) / 2 = 0.7985, printed 0.798; 0.800 could not be."""
    table = published.read("svls_1")
    place = {"dataset": "kits2019_svls", "metric": "SD", "method": "ls"}
    assert table.cell(structure="comp", **place).text() == "0.798"
    (check,) = [one for one in CHECKS if one.kind == "average" and one.what == "ls: kits2019_svls, comp, SD"]
    assert check.follows == (Decimal("0.798"), Decimal("0.799"))
    assert not replace(check, printed=rounded("0.800")).holds
