"""The laboratory's table and paragraph: answers first, then the scores by number of raters, and what noise leaves."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from softbench.rater_study import words
from softbench.rater_study.laboratory.curves import Curve, Panel, of_one
from softbench.rater_study.laboratory.experiment import SVLS, Collected
from softbench.rater_study.laboratory.panels import AGAINST, MAJORITY, STAPLE
from softbench.rater_study.trials import ONE_HOT
from softbench.tables.sheet import MINUS, NOTHING, Entry, Grid, Head, Line, Sheet, Text, number

VERSION = 1
OF_MANY = {ONE_HOT: "mOH", SVLS: "mSVLS", MAJORITY: "Majority", STAPLE: "STAPLE"}
SCORED = {"population": "Brier score to the population's distribution", "truth": "Brier score to the true label"}


def sheet(study: Collected, panels: Sequence[Panel], titles: Mapping[str, str]) -> Sheet:
    """Return the table.

    Args:
        study: all cases.
        panels: of each population.
        titles: of lines and populations, by name.
    """
    grids = [_answers(study, panels, titles), *(_scores(study, panel, titles) for panel in panels)]
    head = f"How many raters does mOH need? {study.manifest['title']}"
    return Sheet(head, about(study), tuple(grids), numbers=numbers(study, panels))


def about(study: Collected) -> str:
    """Return what the numbers of the table are."""
    facts = study.manifest
    return (
        f"{facts['cases']} cases with {int(study.structures.sum())} lesions. Each case is read by a panel of its own: "
        f"{facts['raters']} raters drawn from {facts['people']} simulated people whose habits are drawn from the "
        "ranges below. Labels made from n of them are compared with the distribution over all these people, which is "
        "known exactly, and with the true label: Brier score, sum over classes, within "
        f"{facts['band_mm']:g} mm of the true edges. Scores are means over all groups of n of a panel's raters (for "
        "majority n in a row; for STAPLE every fourth of these groups), then over cases. Each half of the cases is "
        "scored with the width that has the lowest "
        "score to the population on the other half, for each n. Brackets: 95 % intervals over cases (bootstrap); the "
        "raters of a case are drawn with it. Nothing is trained."
    )


def title(name: str, titles: Mapping[str, str], *, one: bool = False) -> str:
    """Return the title of a label of n raters, or of one of a single rater."""
    own = words.TITLES.get(name) or titles.get(name, name).split(" (")[0]  # without the unit of its width
    return f"{own} of one" if one else OF_MANY.get(name) or f"mean {own}"


def _answers(study: Collected, panels: Sequence[Panel], titles: Mapping[str, str]) -> Grid:
    names = of_one(panels[0])
    last = study.manifest["raters"]
    heads = [Head("Habits")]
    heads += [Head(f"mOH beats {title(name, titles, one=True)} from … raters on") for name in names]
    softened = [name for name in names if name != ONE_HOT]
    heads += [Head(f"{title(name, titles, one=True)} is worth … raters") for name in softened]
    heads += [Head("Lesions one rater misses (%)"), Head(f"Lesions all {last} miss (%)")]
    rows = [
        Line(
            titles.get(panel.name, panel.name),
            _entries(
                [
                    habits(study, panel.name),
                    *(panel.answers[name].sentence for name in names),
                    *(number(panel.worth[name], 2) for name in softened),
                    *(number(100 * panel.missed[place], 1) for place in (0, -1)),
                ]
            ),
        )
        for panel in panels
    ]
    notes = (
        "From … raters on: the smallest n from which on every interval of mOH of n minus the label of one lies below "
        "zero. The n are tested in a fixed order, from the most downwards (and, for where mOH is worse, from one "
        "upwards), each at one end of a 95 % interval, until one holds zero: the probability of claiming too much is "
        "5 % at most for each population and label of one, whatever the number of n. It is not adjusted for the "
        "number of populations and labels.",
        "Is worth … raters: the mean score of one-hot of one over that of the label. The expected score of mOH of n is "
        "that of one-hot over n.",
    )
    return Grid(tuple(heads), tuple(rows), "Raters", title="answers", notes=notes, look="sentences")


def habits(study: Collected, population: str) -> str:
    """Return the habits of a population in words: "jitter_mm 0.4 to 1.2", "none" of people who draw the truth."""
    ranges = next(each["habits"] for each in study.manifest["populations"] if each["name"] == population)
    parts = [
        f"{name} {low:g}" if low == high else f"{name} {low:g} to {high:g}".replace("-", MINUS)
        for name, low, high in ranges
    ]
    return ", ".join(parts) or "none"


def _scores(study: Collected, panel: Panel, titles: Mapping[str, str]) -> Grid:
    count = study.manifest["raters"]
    heads = [Head(f"{n} rater{'s' if n > 1 else ''}", "↓") for n in range(1, count + 1)]
    rows = []
    for against in AGAINST:
        rows += [
            _row(panel.curves[name], against, title(name, titles), count) for name in OF_MANY if name in panel.curves
        ]
        rows += [_row(panel.curves[name], against, title(name, titles, one=True), 1, count) for name in of_one(panel)]
    for name in of_one(panel):
        cells = _entries([words.difference(value) for value in panel.minus[name]])
        rows.append(Line(f"mOH − {title(name, titles, one=True)}", cells, group="mOH of n raters minus a label of one"))
    rows.append(
        Line("missed by all n", _entries([number(100 * share, 1) for share in panel.missed]), group="Lesions (%)")
    )
    return Grid(
        tuple(heads), tuple(rows), "Label", title=titles.get(panel.name, panel.name), notes=_notes(study, panel, titles)
    )


def _row(curve: Curve, against: str, name: str, shown: int, count: int | None = None) -> Line:
    cells = [number(value.mean, 4) for value in curve.means[against][:shown]]
    return Line(name, _entries(cells + [NOTHING] * ((count or shown) - shown)), group=SCORED[against])


def _entries(cells: Sequence[str]) -> tuple[Entry, ...]:
    return tuple(Entry(Text(cell)) for cell in cells)


def _notes(study: Collected, panel: Panel, titles: Mapping[str, str]) -> tuple[str, ...]:
    """Return the widths that were chosen, and what is missing."""
    widths = [
        f"{title(name, titles, one=True)} {_widths(study, panel.curves[name], 0)}"
        for name in of_one(panel)
        if study.lines[name].over
    ]
    last = study.manifest["raters"]
    many = f"mSVLS of {last} {_widths(study, panel.curves[SVLS], last - 1)}"
    notes = [f"Widths, chosen on the other half of the cases: {', '.join([*widths, many])}."]
    notes += [
        f"{title(curve.name, titles)} came to no rest in {curve.undefined} of {panel.cases} cases, which its means "
        "leave out."
        for curve in panel.curves.values()
        if curve.undefined
    ]
    reason = panel.minus[SVLS][0].reason
    return (*notes, f"{reason}: means without an interval.") if reason else tuple(notes)


def _widths(study: Collected, curve: Curve, place: int) -> str:
    line, (first, second) = study.lines[curve.name], curve.chosen[place]
    if first == second:
        return words.setting(line, first)
    return f"{line.values[first]:g} and {words.setting(line, second)}"


def numbers(study: Collected, panels: Sequence[Panel]) -> pd.DataFrame:
    """Return all numbers unrounded, a row a population, label and number of raters."""
    rows = []
    for panel in panels:
        for name, curve in panel.curves.items():
            for place in range(study.manifest["raters"]):
                row: dict[str, Any] = {"population": panel.name, "label": name, "raters": place + 1}
                for against in AGAINST:
                    value = curve.means[against][place]
                    row |= {f"brier_{against}": value.mean, f"{against}_low": value.low, f"{against}_high": value.high}
                if name in panel.minus:  # mOH of so many raters minus this label of one
                    gap = panel.minus[name][place]
                    row |= {"moh_minus_one": gap.mean, "minus_low": gap.low, "minus_high": gap.high}
                    row |= {"enough": panel.answers[name].said, "worth": panel.worth[name]}
                rows.append(row | {"missed": panel.missed[place], "cases": panel.cases})
    return pd.DataFrame(rows)


def paragraph(study: Collected, panels: Sequence[Panel], titles: Mapping[str, str]) -> str:
    """Return the answers in a few sentences."""
    facts = study.manifest
    opening = (
        f"{facts['title'].split(',')[0]}, {facts['cases']} cases, panels of 1 to {facts['raters']} simulated raters, "
        "Brier score in the band to the distribution over all people. From how many raters on is mOH better than SVLS "
        "of one?"
    )
    return " ".join([opening, *(_sentence(panel, titles) for panel in panels)])


def _sentence(panel: Panel, titles: Mapping[str, str]) -> str:
    found = panel.answers[SVLS]
    svls, one_hot = (panel.curves[name].means["population"][0].mean for name in (SVLS, ONE_HOT))
    scores = f"SVLS of one {number(svls, 4)}, one-hot {number(one_hot, 4)}"
    if found.enough is not None:
        scores += (
            f", mOH of {found.enough} {number(panel.curves[ONE_HOT].means['population'][found.enough - 1].mean, 4)}"
        )
    return f"{titles.get(panel.name, panel.name)}: {found.sentence} ({scores})."
