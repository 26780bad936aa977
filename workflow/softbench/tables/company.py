"""Sentences below a table: missing seeds, failed runs, ensembles, and rows with a fitted temperature."""

from collections.abc import Callable, Iterable

from softbench.tables.parts import Cell, Table


def span(table: Table, of: Callable[[Cell], int]) -> tuple[int, int]:
    """Return the smallest and largest count among the cells of trained methods that were scored."""
    rows = [row for method, row in zip(table.methods, table.cells, strict=True) if method.trained]
    found = [of(cell) for row in rows for cell in row if cell.n_seeds]
    return (min(found, default=0), max(found, default=0))


def members(table: Table) -> Iterable[str]:
    """Say how many seeds the ensembles have, which have fewer, and which could not be made."""
    titles = {method.key: method.title for method in table.methods}
    shown = [one for one in table.ensembles if one.method in titles]
    most = max((len(one.seeds) for one in shown), default=0)
    if shown:
        yield f"Ensembles of {most} seeds: the mean of their probabilities."
    for one in shown:
        if one.reason:
            yield f"{titles[one.method]}: no ensemble; {one.reason}."
        elif len(one.seeds) < most:
            yield f"{titles[one.method]}: an ensemble of {len(one.seeds)} seeds."


def scaled(table: Table) -> Iterable[str]:
    """Say what a row at its own temperature is."""
    titles = {method.key: method.title for method in table.methods}
    for method in table.methods:
        if method.scaled is not None:
            yield (
                f"{method.title}: the runs of {titles.get(method.scaled, method.scaled)} without further training, "
                "their logits divided by one number a run, fitted on its validation cases. That changes no label map, "
                "so metrics of label maps differ by zero: they are not tested, and count for no adjustment."
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


def failed_runs(table: Table) -> Iterable[str]:
    """Say which runs failed, and why."""
    if table.failed:
        titles = {method.key: method.title for method in table.methods}
        runs = "; ".join(f"{titles.get(f.method, f.method)}, seed {f.seed}: {f.reason}" for f in table.failed)
        where = "no ensemble" if table.ensembles else "no mean"
        yield f"Failed runs: {len(table.failed)}, in {where}. {runs.rstrip('.')}."
