"""Agreement of each method with the raters, with its intervals over raters, and over raters and patients."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import pandas as pd

from softbench.statistics import composite
from softbench.statistics.paired import list_patients
from softbench.statistics.raters import OverRaters, mean_over_raters
from softbench.tables.sheet import Reasons, Sheet, interval, number, plain

VERSION = 1
VALUE, WITHOUT = "agreement", "agreement_without"  # metrics: of all raters together, and without each
HEADS = ("Method", "Agreement", "Over raters", "Over raters and patients", "Cases", "Raters")
ABOUT = (
    "Agreement: mean DSC of a prediction to a rater, in units of the mean DSC of two raters; 1 is as near to a rater "
    "as raters are to each other. The mean over seeds and cases, with 95 % intervals. Over raters: these networks and "
    "cases, other raters. Over raters and patients: these networks, other raters and other patients."
)
PEOPLE = "Rater 1 of one case is taken to be rater 1 of the next: raters and cases are crossed."
OTHERS = "Pseudo-raters are others in each case: raters are nested in cases."
LEFT_OUT = (
    "Cases, as 38 of 40: in the others the raters that are left without one of them never overlap, so that no interval "
    "holds them. They are left out here, of the mean too; the mean of the main table has them."
)
DECIMALS = 3


@dataclass(frozen=True)
class Agreement:
    """The agreement of a method in a structure."""

    method: str
    title: str
    structure: str
    agreement: OverRaters


def lines(
    scores: pd.DataFrame,
    titles: Mapping[str, str],
    structures: Sequence[str],
    *,
    composites: Mapping[str, Sequence[str]] | None = None,
    groups: Mapping[str, str] | None = None,
    same_people: bool = True,
) -> Iterator[Agreement]:
    """Give a line a structure and method that has both metrics; structure by structure.

    Args:
        scores: the tidy table, of one experiment, network and prediction.
        titles: method -> title, in order.
        structures: in order; those of `composites` are made.
        composites: name -> the structures that it averages case by case.
        groups: case -> patient, where patients have several cases.
        same_people: as `statistics.raters.mean_over_raters`.
    """
    asked = scores[scores["metric"].isin((VALUE, WITHOUT)) & (scores["roi"] == "all")]
    if asked.empty:
        return
    for name, members in (composites or {}).items():
        if name in structures:
            asked = composite(asked, name, members)
    for structure in structures:
        for method, title in titles.items():
            here = asked[(asked["structure"] == structure) & (asked["method"] == method)]
            values = here[here["metric"] == VALUE].groupby("case", observed=True)["value"].mean()
            table = here[here["metric"] == WITHOUT].pivot_table(
                index="case", columns="rater", values="value", aggfunc="mean", dropna=False, observed=True
            )
            if len(values) and table.shape[1]:
                without = table.reindex(values.index).to_numpy(float)
                owners = list_patients(values.index, groups) if groups else None
                found = mean_over_raters(values.to_numpy(float), without, owners, same_people=same_people)
                yield Agreement(method, title, structure, found)


def sheet(title: str, found: Sequence[Agreement], *, same_people: bool) -> Sheet:
    """Return lines as a sheet; its numbers are unrounded."""
    reasons = Reasons()
    rows = [_row(line.title, line.agreement, reasons) for line in found]
    groups = [line.structure.replace("_", " ") for line in found]
    left_out = [LEFT_OUT] if any(line.agreement.n_left_out for line in found) else []
    notes = (PEOPLE if same_people else OTHERS, *left_out, *reasons.lines())
    numbers = pd.DataFrame(
        [{"method": line.method, "structure": line.structure, **asdict(line.agreement)} for line in found]
    )
    return Sheet(title, ABOUT, (plain(HEADS, rows, groups=groups),), notes, numbers)


def _row(title: str, found: OverRaters, reasons: Reasons) -> list[str]:
    ends = ((found.low, found.high, found.reason), (found.low_both, found.high_both, found.reason_both))
    spans = [reasons.mark_invalid(why) if why else interval(low, high, DECIMALS) for low, high, why in ends]
    cases = f"{found.n_cases} of {found.n_cases + found.n_left_out}" if found.n_left_out else str(found.n_cases)
    return [title, number(found.mean, DECIMALS), *spans, cases, str(found.n_raters)]
