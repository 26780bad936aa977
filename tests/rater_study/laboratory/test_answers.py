"""From how many raters on: from the signs of differences, written by hand."""

import pytest
from softbench import InputError
from softbench.rater_study.laboratory.answers import answer
from softbench.rater_study.widths import Difference

BELOW, OPEN, ABOVE = (Difference(0.0, low, high, 40) for low, high in ((-2.0, -1.0), (-1.0, 1.0), (1.0, 2.0)))
SAME = Difference(0.0, 0.0, 0.0, 40)


@pytest.mark.parametrize(
    ("signs", "said", "sentence"),
    [
        ("+--", "2", "2"),
        ("+o-", "3", "3; at 2 noise decides"),
        ("+oo-", "4", "4; at 2 to 3 noise decides"),
        ("---", "1", "1"),
        ("o--", "2", "2; at 1 noise decides"),
        ("=--", "2", "2"),  # mOH of one is one-hot of one
        ("+-o-", "4", "4; at 2 to 3 noise decides"),  # it must stay below
        ("+++", "none up to 3", "none up to 3"),
        ("++o", "cannot tell", "cannot tell; up to 2 it is worse"),
        ("ooo", "cannot tell", "cannot tell"),
        ("===", "cannot tell", "cannot tell: the same numbers"),
        ("-", "1", "1"),
        ("+-+", "cannot tell", "cannot tell; up to 1 it is worse"),
    ],
)
def test_answer_follows_the_intervals(signs: str, said: str, sentence: str) -> None:
    found = answer([{"-": BELOW, "o": OPEN, "+": ABOVE, "=": SAME}[sign] for sign in signs])
    assert (found.said, found.sentence) == (said, sentence)


def test_few_cases_have_no_answer() -> None:
    found = answer([Difference(-1.0, patients=4, reason="no valid CI: 4 patients")])
    assert (found.said, found.sentence) == ("cannot tell", "cannot tell (no valid CI: 4 patients)")


def test_no_difference_stops() -> None:
    with pytest.raises(InputError, match="`differences` is empty"):
        answer([])
