"""Which cell is meant, and which scores it is made of.

An address has parts in any order, each a name in one of the columns that say where a cell stands. A cell is made of the
scores of an experiment, network, method and column, by seed and by case.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.errors import InputError, meant
from softbench.jobs import storage
from softbench.plan.plan import Plan
from softbench.statistics import apply_policy
from softbench.statistics.summary import DIAGONALS, by_case, choose
from softbench.tables.cells import Column
from softbench.tables.table import with_composites

Row = Mapping[str, str]
PLACE: tuple[str, ...] = ("experiment", "network", "dataset", "arm", "rater", "method", "method_ours", "title")
PLACE += ("calibration", "decoder")
PLACE += ("structure", "metric", "metric_ours", "roi")
SHOWN = (
    "dataset",
    "arm",
    "rater",
    "method",
    "calibration",
    "decoder",
    "structure",
    "metric",
    "roi",
)  # of a full address, where not everywhere
LISTED = 12


def split_address(text: Sequence[str]) -> list[str]:
    """Return the parts of an address, given in one word or in several."""
    return [part for word in text for part in word.split("/") if part]


def split_table(parts: Sequence[str], tables: Collection[str]) -> tuple[str, list[str]]:
    """Return the first part that names a table, and the others.

    Raises: InputError: if none does; close names are suggested.
    """
    index = next((index for index, part in enumerate(parts) if part in tables), None)
    if index is None:
        given, known = "/".join(parts) or "nothing", ", ".join(sorted(tables))
        raise InputError(f"{given} names no table.{_meant(parts, tables)} Tables: {known}.")
    return parts[index], [part for place, part in enumerate(parts) if place != index]


def find(table: str, parts: Sequence[str], rows: Sequence[Row]) -> Row:
    """Return the one cell that fits all parts; upper and lower case are the same.

    Args:
        table: its name, for messages.
        parts: names of a method, structure, metric, region …, each once.
        rows: the cells, as the table's csv has them.
    Raises: InputError: if a part is unknown (close names are suggested), no cell fits, or several do (they are listed).
    """
    known = {value for row in rows for value in _values(row).values()}
    for part in parts:
        if part.casefold() not in {value.casefold() for value in known}:
            raise InputError(
                f"the table {table} has nothing called {part!r}.{_meant([part], known)} It has:\n{_known(rows)}"
            )
    cells = [row for row in rows if _fits(parts, list(_values(row).values()))]
    cells = _named_apart(cells, parts) if len(cells) > 1 else cells
    if not cells:
        raise InputError(f"no cell of {table} is at {'/'.join(parts)} together. It has:\n{_known(rows)}")
    if len(cells) > 1:
        few = [f"  {address(table, row, rows)}" for row in cells[:LISTED]]
        more = [f"  … {len(cells) - LISTED} more"] if len(cells) > LISTED else []
        raise InputError(f"{len(cells)} cells fit {'/'.join([table, *parts])}. Name one:\n" + "\n".join([*few, *more]))
    return cells[0]


def address(table: str, row: Row, rows: Sequence[Row]) -> str:
    """Return the full address of a cell, without what is the same for all cells of its table."""
    names = [name for name in SHOWN if len({other.get(name) for other in rows}) > 1 or name in ("method", "metric")]
    return "/".join([table, *(row[name] for name in names if row.get(name))])


def _values(row: Row) -> dict[str, str]:
    return {name: row[name] for name in PLACE if row.get(name)}


def _fits(parts: Sequence[str], values: list[str]) -> bool:
    """Return whether each part is the value of a column of its own."""
    if not parts:
        return True
    first, rest = parts[0].casefold(), parts[1:]
    taken = [index for index, value in enumerate(values) if value.casefold() == first]
    return any(_fits(rest, values[:index] + values[index + 1 :]) for index in taken)


def _named_apart(rows: list[Row], parts: Sequence[str]) -> list[Row]:
    """Keep the cells that the parts name wherever they differ: `ece/all` means the region, all of them have structure
    all."""
    wanted = {part.casefold() for part in parts}
    differing = [name for name in PLACE if len({row.get(name) for row in rows}) > 1]
    named = [row for row in rows if all((row.get(name) or "").casefold() in wanted for name in differing)]
    return named or rows


def _known(rows: Sequence[Row]) -> str:
    lines = ((name, list(dict.fromkeys(row[name] for row in rows if row.get(name)))) for name in PLACE)
    return "\n".join(f"  {name}: {', '.join(values)}" for name, values in lines if values)


def _meant(parts: Iterable[str], known: Collection[str]) -> str:
    """Suggest a known name for the first part that is near one."""
    return next((said for part in parts if (said := meant(part, known))), "")


EXTREMES = 3  # cases shown at either end
SCALED = "@"  # in the key of a row that shows the runs of a method at their own temperature


@dataclass(frozen=True)
class Place:
    """A cell's scores; `method` is None where the cell has no number of ours."""

    experiment: str
    network: str
    method: str | None
    metric: str
    structure: str
    roi: str
    over: str = "cases"
    prediction: str = "raw"
    grid: str = "full"
    policy: str = "diagonal"
    rater: int | None = None
    composites: Mapping[str, list[str]] = field(default_factory=dict)
    calibration: str = ""
    decoder: str = ""

    @property
    def is_ensemble(self) -> bool:
        """Whether the number is that of one ensemble, which has no seeds."""
        return self.prediction.startswith("ensemble")


def of_cell(plan: Plan, table: str, row: Mapping[str, str]) -> Place:
    """Return which scores a cell shows; `row` is its line in the table's csv."""
    return _of_paper(plan, table, row) if table in plan.paper_tables else _of_table(plan, table, row)


def _of_table(plan: Plan, table: str, row: Mapping[str, str]) -> Place:
    settings = plan.tables[table]
    experiment, network, _ = plan.runs_of(table)[0]
    method, _, scaled = row["method"].partition(SCALED)
    there = ("metric", "structure", "roi")
    column: dict[str, str] = next(
        (column for column in settings["columns"] if all(column.get(k, "all") == row[k] for k in there)), {}
    )
    sanity = plan.methods[method]["sanity"] if method in plan.methods else None
    prediction = "raw" if sanity else scaled or settings.get("prediction", "raw")
    how = {name: settings[name] for name in ("grid", "policy") if name in settings}
    return Place(
        experiment, network, method, row["metric"], row["structure"], row["roi"], column.get("over", "cases"),
        prediction, composites=settings.get("composites", {}), **how,
    )  # fmt: skip


def _of_paper(plan: Plan, table: str, row: Mapping[str, str]) -> Place:
    settings = plan.paper_tables[table]
    place = (row["dataset"], row["arm"] or None)
    block = next(block for block in settings["blocks"] if (block["printed"], block["arm"]) == place)
    experiment: dict[str, Any] = plan.experiments[block["experiment"]]
    structure = experiment.get("structures", {}).get(row["structure"], row["structure"])
    how = {name: settings[name] for name in ("grid", "policy") if name in settings}
    return Place(
        block["experiment"],
        experiment["networks"][0],
        row["method_ours"] if row["ours_mean"] else None,
        row["metric_ours"],
        structure,
        row["roi"] or "all",
        rater=int(row["rater"]) if row["rater"] else None,
        composites=experiment.get("composites") or _printed_composites(settings["published"]),
        **how,
    )


def _printed_composites(published_table: str) -> dict[str, list[str]]:
    from softbench.papers import published

    return {name: list(parts) for name, parts in published.read(published_table).composites.items()}


def collect_values(place: Place, runs: Sequence[dict[str, Any]]) -> pd.Series:
    """Return the values of a cell by (seed, case), after the policy for empty masks; mean over raters.

    Args:
        place: which scores are meant.
        runs: of `chain.read_runs`; those without scores are passed over.
    Returns: values, unrounded; pooled values have the case `pooled`. Nothing where no run has scores.
    """
    paths = [Path(run["path"]) for run in runs if "path" in run and Path(run["path"]).exists()]
    if not paths:
        return pd.Series(dtype=float)
    scores = pd.concat([_read(path, place) for path in paths], ignore_index=True)
    settled = apply_policy(scores, place.policy)
    head = Column(place.metric, place.structure, place.roi)
    made = {place.structure: place.composites[place.structure]} if place.structure in place.composites else {}
    rows = choose(with_composites(settled, [head], made), place.over)
    rows = rows[(rows["metric"] == place.metric) & (rows["structure"] == place.structure) & (rows["roi"] == place.roi)]
    values = by_case(rows)
    return values.droplevel([name for name in values.index.names if name not in ("seed", "case")])


def _read(path: Path, place: Place) -> pd.DataFrame:
    listed = storage.lists_of(path.parent)
    scores = storage.read_parquet(path, *listed, filters=[("metric", "in", [place.metric, *DIAGONALS.values()])])
    grid = place.grid if (scores["grid"] == place.grid).any() else "full"  # trained at full resolution
    scores = scores[(scores["prediction"] == place.prediction) & (scores["grid"] == grid)]
    return scores if place.rater is None else scores[scores["rater"] == place.rater]


def by_seed(values: pd.Series) -> dict[int | None, tuple[float, int]]:
    """Return each seed's mean over its cases, and how many of them are defined; an ensemble's seed is None."""
    groups = values.groupby("seed", dropna=False)
    pairs = zip(groups.mean().items(), groups.count(), strict=True)
    return {None if pd.isna(seed) else int(seed): (float(mean), int(count)) for (seed, mean), count in pairs}


def extremes(values: pd.Series, *, count: int = EXTREMES) -> dict[str, list[dict[str, Any]]]:
    """Return the cases with the lowest and the highest mean over seeds; each case at one end only."""
    means = values.groupby("case").mean().dropna().sort_values(kind="stable")
    count = min(count, len(means) // 2)
    ends = {"lowest": means.iloc[:count], "highest": means.iloc[len(means) - count :].iloc[::-1]}
    return {end: [{"case": case, "value": float(value)} for case, value in of.items()] for end, of in ends.items()}
