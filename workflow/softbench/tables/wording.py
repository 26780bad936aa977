"""The sentences around a table: what ± means, what is bold, which seeds are missing, what was undefined or failed."""

import math
import statistics
from collections.abc import Callable, Iterable

from softbench.metrics import catalogue
from softbench.statistics import detectable, reason_against
from softbench.tables import temperatures
from softbench.tables.cells import ALPHA, Cell, Table
from softbench.tables.layout import ARROWS_MEAN, heads, name_of


def span(table: Table, of: Callable[[Cell], int]) -> tuple[int, int]:
    """Return the smallest and largest count among the cells of trained methods that were scored."""
    rows = [row for method, row in zip(table.methods, table.cells, strict=True) if method.trained]
    counts = [of(cell) for row in rows for cell in row if cell.n_seeds]
    return (min(counts, default=0), max(counts, default=0))


def members(table: Table) -> Iterable[str]:
    """Say how many seeds the ensembles have, which have fewer, and which could not be made."""
    titles = table.titles
    shown = [ensemble for ensemble in table.ensembles if ensemble.method in titles]
    most = max((len(ensemble.seeds) for ensemble in shown), default=0)
    if shown:
        yield f"Ensembles of {most} seeds: the mean of their probabilities."
    for ensemble in shown:
        if ensemble.reason:
            yield f"{titles[ensemble.method]}: no ensemble; {ensemble.reason}."
        elif len(ensemble.seeds) < most:
            yield f"{titles[ensemble.method]}: an ensemble of {len(ensemble.seeds)} seeds."


def scaled_everywhere(table: Table) -> Iterable[str]:
    """Say which temperatures the predictions of a whole table have."""
    if table.prediction in SCALED:
        shown = [fit for fit in table.temperatures if fit.method in table.titles]
        said = temperatures.describe(temperatures.choose(shown, ensembles=table.prediction != "temperature"))
        yield f"{SCALED[table.prediction]} {said}".strip()


def scaled(table: Table) -> Iterable[str]:
    """Say what a row at its own temperature is."""
    for method in table.methods:
        if method.scaled is not None:
            whose = table.titles.get(method.scaled, method.scaled)
            said = temperatures.describe(temperatures.choose(table.temperatures, method.scaled))
            yield (
                f"{method.title}: the runs of {whose} without further training, their logits divided by one number a "
                f"run, T, fitted on its validation cases to the NLL over all voxels. {said}{' ' if said else ''}That "
                "changes no label map, so metrics of label maps differ by zero: they are not tested, and count for no "
                "adjustment."
            )


def missing_seeds(table: Table) -> Iterable[str]:
    """Say which methods have fewer seeds than the others, and which have none since nothing is trained."""
    most = span(table, lambda cell: cell.n_seeds)[1]
    for method, row in zip(table.methods, table.cells, strict=True):
        seeds = max(cell.n_seeds for cell in row)
        if not method.trained:
            yield f"{method.title}: scored once, nothing is trained."
        elif seeds < most and not table.ensembles:
            yield f"{method.title}: {seeds} of {most} seeds."


def failed_runs(table: Table, absent: str = "") -> Iterable[str]:
    """Say which runs failed, and why; `absent`: what they are not in."""
    if table.failed:
        runs = "; ".join(f"{table.titles.get(f.method, f.method)}, seed {f.seed}: {f.reason}" for f in table.failed)
        yield f"Failed runs: {len(table.failed)}{absent}. {runs.rstrip('.')}."


ALL_RATERS = ("rater_masks", "rater_probability")  # what a metric is of that compares with all raters together
POLICIES = {
    "diagonal": "Where one of the two masks is empty, a distance counts as the diagonal of that case's image and an "
    "overlap as 0; where both are, the value is undefined and enters no mean.",
    "exclude": "Where one of the two masks is empty, a distance enters no mean; where both are, the value is undefined "
    "and enters none either.",
    "raw": "Where one of the two masks is empty, a distance is infinite, and so is the mean; where both are, the value "
    "is undefined and enters no mean.",
    "both_empty_is_one": "Where one of the two masks is empty, a distance counts as the diagonal of that case's image "
    "and an overlap as 0; where both are, the DSC is 1, as in the paper's code, and other values enter no mean.",
}
OF_LESIONS = (
    "Lesion by lesion, a distance counts as the diagonal nowhere: one that was missed or made up has the DSC 0 and the "
    "HD95 `miss_mm`, whatever the image. A case without a lesion that counts and without one made up is undefined."
)
SEED_IS_THE_UNIT = (
    "The unit of inference is the seed: with one run per method, a test over cases would compare two sets of weights, "
    "not two methods, and would be invalid."
)
NO_TEST_OF_ENSEMBLES = (
    "The unit of inference is the seed, and an ensemble uses them up: with one ensemble per method, a test over cases "
    "would compare two sets of networks, not two methods, and would be invalid."
)
DIFFERENCE = "Difference to the control"
DEFINED = "over the cases defined in both"
ONE_ENSEMBLE = "One ensemble per method has no spread over seeds, so there is no interval and no test"
ONE_RUN = "One run per method has no spread over seeds, so there is no interval and no test"
PER_CASE = (
    "ECE is that of each case, and the mean over cases is shown. The ECE in the reliability diagrams pools the voxels "
    "of all cases, and is another number."
)
SCALED = {
    "temperature": "Probabilities are scaled by each run's own temperature, fitted on its validation cases.",
    "ensemble_temperature": "Probabilities are scaled by each ensemble's own temperature, fitted on validation cases.",
}


def about(table: Table) -> str:
    """Say what stands in a cell, and which way is better."""
    return f"Each cell: {spread(table)}. {ARROWS_MEAN}"


def spread(table: Table) -> str:
    """Say what stands in a cell of part 1: "mean ± sd over 3 seeds of the mean over 60 test cases"."""
    seeds = span(table, lambda cell: cell.n_seeds)
    cases = span(table, lambda cell: cell.n_cases)
    what = f"the mean over {_count(cases, 'test case')}" if cases[1] else "the value pooled over all test cases"
    if table.ensembles:
        return f"{what} of one ensemble per method, which has no spread over seeds"
    if seeds[1] < 2:
        return f"{what} of one run per method, which has no spread over seeds"
    return f"mean ± sd over {_count(seeds, 'seed')} of {what}"


def _count(span: tuple[int, int], noun: str) -> str:
    low, high = span
    number = str(high) if low == high else f"{low} to {high}"
    return f"{number} {noun}" + ("" if high == 1 else "s")


def paired(table: Table) -> str:
    """Say what stands in a cell of part 2, and which numbers are bold."""
    if why := untested(table):
        return f"Method minus control, {DEFINED}. {why}, and nothing is bold."
    family = _count((table.tests, table.tests), "difference")
    return (
        f"Method minus control, paired over seeds and {DEFINED}, with its 95 % t interval (each by itself). Bold: "
        f"beyond noise after Holm's adjustment for the {family} of this table (p < {ALPHA:g}); among the means only "
        "where the method is the better one."
    )


def untested(table: Table) -> str:
    """Say why no difference of a table has an interval or a test; empty where one has."""
    if table.ensembles:
        return ONE_ENSEMBLE
    return "" if span(table, lambda cell: cell.n_seeds)[1] > 1 else ONE_RUN


def detected(table: Table) -> Iterable[str]:
    """Say which differences so many seeds would have found, column by column."""
    words = []
    for head, cells in zip(heads(table), zip(*table.cells, strict=True), strict=True):
        gaps = [cell.difference for cell in cells if cell.difference is not None and cell.difference.n_seeds > 1]
        sizes = [size for size in (detectable(gap.sd, gap.n_seeds) for gap in gaps) if math.isfinite(size)]
        if sizes:
            words.append(f"{name_of(head)} {statistics.median(sizes):.2g}")
    if words:
        yield (
            "So many seeds find a difference of this size with 80 % power (median over the rows, at p < 0.05, before "
            f"any adjustment): {', '.join(words)}. What is smaller may be there and not be seen."
        )


def few_cases(table: Table) -> Iterable[str]:
    """Say where the test cases are too few to speak of other patients."""
    reason = reason_against(cases=span(table, lambda cell: cell.n_cases)[0])
    if reason and span(table, lambda cell: cell.n_cases)[1]:
        above = "" if untested(table) else "; the intervals above speak of new seeds on these cases"
        yield f"For new patients there is {reason}{above}."


def footnotes(table: Table) -> tuple[str, ...]:
    """Return the lines under a table, notes first, then what a reader of the numbers must know."""
    made = [f"{name}: the mean over {', '.join(parts)}, case by case." for name, parts in table.composites.items()]
    predicted = [*members(table), *scaled_everywhere(table), *scaled(table)]
    lines = [*table.notes, *made, *predicted, *missing_seeds(table), *empty_masks(table), *of_all_raters(table)]
    lines += [*_counts(table), *detected(table), *few_cases(table)]
    lines += [PER_CASE] if any((column.metric, column.over) == ("ece", "cases") for column in table.columns) else []
    absent = ", in no ensemble" if table.ensembles else ", in no mean"
    return (*lines, *failed_runs(table, absent), NO_TEST_OF_ENSEMBLES if table.ensembles else SEED_IS_THE_UNIT)


def empty_masks(table: Table) -> Iterable[str]:
    """Say what empty masks give: by the policy, and lesion by lesion, of which the policy says nothing."""
    of_lesions = [is_of_lesions(column.metric) for column in table.columns]
    if not of_lesions or not all(of_lesions):
        yield POLICIES[table.policy]
    if any(of_lesions):
        yield OF_LESIONS


def is_of_lesions(metric: str) -> bool:
    """Return whether a metric is that of single lesions."""
    known = catalogue.CATALOGUE.get(metric)
    return known is not None and known.asked_by == "lesions"


def of_all_raters(table: Table) -> Iterable[str]:
    """Say what empty masks give in columns that compare with all raters together, of which the policy says nothing."""
    rules: dict[str, str] = {}
    for column in table.columns:
        metric = catalogue.CATALOGUE.get(column.metric)
        if metric is not None and metric.of in ALL_RATERS:
            rules[metric.name] = metric.empty_case.removeprefix("none: ").replace("NaN", "undefined")
    if rules:
        said = "; ".join(f"{name}: {rule}" for name, rule in rules.items())
        yield f"Of all raters together, empty masks count otherwise. {said[0].upper()}{said[1:]}."


def _counts(table: Table) -> Iterable[str]:
    """Count each column's undefined and penalised values, and say whose the penalised ones are."""
    fate = {"exclude": "infinite and left out", "raw": "infinite"}.get(table.policy, "penalised")
    for column, head, cells in zip(table.columns, heads(table), zip(*table.cells, strict=True), strict=True):
        undefined = sum(cell.n_undefined for cell in cells)
        penalised = {m.title: c.n_penalised for m, c in zip(table.methods, cells, strict=True) if c.n_penalised}
        said = [f"{undefined} undefined"] if undefined else []
        if penalised:
            shares = ", ".join(f"{title} {count}" for title, count in penalised.items())
            said.append(f"{sum(penalised.values())} {fate} ({shares})")
        if said:
            hidden = column.title is not None and column.roi != "all"  # the region, by a column's own title
            yield f"{name_of(head)}{f' ({column.roi})' if hidden else ''}: {', '.join(said)}."
