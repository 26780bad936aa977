"""From how many raters on is the mean one-hot label better than a label of one: an answer, or that there is none."""

from collections.abc import Sequence
from dataclasses import dataclass

from softbench.errors import InputError
from softbench.rater_study.widths import Difference

VERSION = 1


@dataclass(frozen=True)
class Answer:
    """How many raters it takes.

    enough: the smallest number from which on every difference is below zero beyond noise; None where there is none.
    too_few: the largest number up to which every difference is above zero beyond noise, or nothing because both labels
    are the same; 0 where there is none. most: the number of raters that were tried. alike: whether both labels are the
    same for every number. reason: why there is no interval, else None.
    """

    enough: int | None
    too_few: int
    most: int
    alike: bool = False
    reason: str | None = None

    @property
    def said(self) -> str:
        """The number, "none up to 8", or "cannot tell"."""
        if self.enough is not None:
            return str(self.enough)
        return f"none up to {self.most}" if self.too_few == self.most and not self.alike else "cannot tell"

    @property
    def sentence(self) -> str:
        """The answer with what noise leaves open."""
        if self.reason:
            return f"cannot tell ({self.reason})"
        if self.alike:
            return "cannot tell: the same numbers"
        if self.enough is None:
            worse = f"; up to {self.too_few} it is worse" if 0 < self.too_few < self.most else ""
            return f"{self.said}{worse}"
        between = list(range(self.too_few + 1, self.enough))
        if not between:
            return f"{self.enough}"
        open_ = str(between[0]) if len(between) == 1 else f"{between[0]} to {between[-1]}"
        return f"{self.enough}; at {open_} noise decides"


def answer(differences: Sequence[Difference]) -> Answer:
    """Return from how many raters on the first of two labels is better.

    Two orders are given before anything is seen: from the most raters downwards, whether mOH is better, and from one
    rater upwards, whether it is worse. Each order is tested step by step and stops at the first difference whose
    interval holds zero. Each step uses one end of a 95 % interval, so that either order claims too much with a
    probability of 2.5 % at most, both together of 5 %, whatever the number of steps: no adjustment for several numbers
    of raters is needed.

    Args:
        differences: the label of n raters minus that of one, lower is better, n = 1, 2, ...; one or more.
    Returns: the answer; without intervals none, with the reason.
    Raises: InputError: if there is no difference.
    Source: tests in a fixed order, Maurer, Hothorn and Lehmacher 1995.
    """
    if not differences:
        raise InputError("`differences` is empty, so there is nothing to answer. Give one for each number of raters.")
    most = len(differences)
    if reason := next((each.reason for each in differences if each.reason), None):
        return Answer(None, 0, most, reason=reason)
    same = [each.low == each.high == 0 for each in differences]
    signs = [each.sign for each in differences]
    better = next((number for number in range(most) if signs[most - 1 - number] >= 0), most)
    worse = next((number for number in range(most) if signs[number] <= 0 and not same[number]), most)
    return Answer(most - better + 1 if better else None, worse, most, all(same))
