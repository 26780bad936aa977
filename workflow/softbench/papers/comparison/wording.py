"""The sentences above a table "ours beside printed": what stands in a cell, what a status means, whose data it is."""

from softbench.papers.comparison.layout import UNITS
from softbench.papers.comparison.parts import Beside, Section

LEGEND = {
    "within": "the noise that is known explains the difference",
    "outside": "it does not",
    "not comparable": "no rule can judge it, for a reason given below",
    "surrogate": "ours comes from data that stands in for the paper's: shown, never judged",
    "not run": "there is no result of ours",
}


def about(table: Beside) -> str:
    """Say what stands in a cell, and what each status means."""
    brackets = ", in brackets our sd over cases" if table.table.over == "cases" else ""
    units = "the paper's unit" if any(one.unit in UNITS for one in table.table.metrics.values()) else "shares"
    meanings = "; ".join(f"{status}: {meaning}" for status, meaning in LEGEND.items())
    return (
        f"Each cell, in {units}: ours, {_our_spread(table)}{brackets}; the printed number; ours minus printed, and a "
        f"status. {meanings[0].upper()}{meanings[1:]}. ↑ higher is better, ↓ lower is better."
    )


def _our_spread(table: Beside) -> str:
    counts = [cell.ours.n_seeds for cell in table.printed_cells if cell.ours and cell.ours.n_seeds]
    if not counts:
        return "mean ± sd over seeds"
    seeds = f"{min(counts)} to {max(counts)}" if min(counts) < max(counts) else str(max(counts))
    return f"mean ± sd over {seeds} seeds" if max(counts) > 1 else "the mean of one run"


def about_section(section: Section) -> str:
    """Say which data ours and the paper's are, and how to run what was not run."""
    block = section.block
    if block.results is None:
        return "Not run." + (f" To run it: {block.command}" if block.command else "")
    if block.surrogate:
        return f"Ours: {block.data or block.dataset}, which stands in for the paper's data."
    cases = "the paper's own test cases" if block.same_cases else "other test cases than the paper's, or not known"
    return f"Ours: {block.data or block.dataset}; {cases}."
