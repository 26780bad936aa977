"""Distance to the truth beside calibration, as a table in CSV, Markdown or HTML."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from softbench import pieces
from softbench.tables import plain_table, quality
from softbench.tables.layout import heads, means, name_of
from softbench.tables.rounding import NOTHING, number
from softbench.tables.truth import DISTANCES, FEWEST, Rank, Truth, records
from softbench.tables.wording import spread

COLUMNS = ["kind", "name", "soft_label", "column", "value", "sd_over_seeds", "n"]
NAMES = {"kl": "KL", "brier": "Brier"}
ABOUT = (
    "Left: how far each soft label is from the true class probabilities, which phantoms know: the mean over all cases "
    "of the data set, before anything is trained. Right: the networks that learnt it by plain cross-entropy; each "
    "cell: {spread}. Lower is better everywhere."
)
READ = (
    "Rank correlations are over {count} methods: 1 where the soft labels nearer to the truth make the "
    "better calibrated networks, −1 where the reverse. They describe these methods; methods and seeds are few, and "
    "several methods are variants of one idea."
)
EXACT = (
    "p is the share of all orders of the methods that would give a tau as far from 0; it is a description, not a test, "
    "and is left out where values tie."
)


def write(truth: Truth, path: Path) -> None:
    """Write it in the form that the suffix names: .csv (unrounded, a line a number), .md or .html; by rename."""
    if path.suffix == ".csv":
        frame = pd.DataFrame(list(records(truth)), columns=COLUMNS)
        pieces.write_text(path, frame.to_csv(index=False, lineterminator="\n"))
        return
    shown = truth.table
    methods, ranked = list(_methods(truth)), list(_ranks(truth))
    top = ["Soft label of", *(quality.COLUMNS[name][0] for name in DISTANCES)]
    top += [f"{name_of(head)} {head.arrow}".strip() for head in heads(shown)]
    groups = ["Methods"] * len(methods) + ["Rank correlation with the distance to the truth"] * len(ranked)
    title = f"{shown.title}: distance to the truth, and calibration"
    about = ABOUT.format(spread=spread(shown))
    plain_table.write(path, title, about, top, [*methods, *ranked], list(_notes(truth)), groups=groups)


def _methods(truth: Truth) -> Iterable[list[str]]:
    for line, method in zip(means(truth.table), truth.table.methods, strict=True):
        row = truth.distances.loc[method.key]
        far = [number(float(row[name]), quality.COLUMNS[name][1]) for name in DISTANCES]
        yield [line.title, *far, *(entry.words for entry in line.entries)]


def _ranks(truth: Truth) -> Iterable[list[str]]:
    """Give two lines a distance, tau and rho, each below the heads of the columns that it is with; none of too few."""
    places = range(len(truth.table.columns))
    for name in DISTANCES if _counts(truth)[-1] >= FEWEST else ():
        found = [truth.ranks[name, place] for place in places]
        blank = [""] * len(DISTANCES)
        yield [f"Kendall's tau-b, {NAMES[name]}", *blank, *map(_tau, found)]
        yield [f"Spearman's rho, {NAMES[name]}", *blank, *(number(one.rho, 2, signed=True) for one in found)]


def _counts(truth: Truth) -> list[int]:
    """Return over how many methods the rank correlations are, ascending."""
    return sorted({one.methods for one in truth.ranks.values()})


def _tau(one: Rank) -> str:
    text = number(one.tau, 2, signed=True)
    return text if text == NOTHING or one.p != one.p else f"{text} (p {one.p:.2g})"


def _notes(truth: Truth) -> Iterable[str]:
    counts = _counts(truth)
    if counts[-1] < FEWEST:
        yield f"No rank correlation: it needs {FEWEST} methods, and there are {counts[-1]}."
        return
    yield READ.format(count=" to ".join(map(str, dict.fromkeys([counts[0], counts[-1]]))))
    yield EXACT
