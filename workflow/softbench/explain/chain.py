"""The chain from a cell to its runs, as plain data: what `softbench explain` prints, and `--json` gives to programs."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from softbench.errors import InputError
from softbench.explain import address, inputs, place, runs
from softbench.explain.place import Place
from softbench.plan import paths
from softbench.plan.plan import Plan

RESULTS = Path("results")
TEXT = set(address.PLACE) | {"table", "unit", "better", "control", "printed", "printed_sd_over", "confidence", "note"}
TEXT |= {"derived", "standard", "status", "reason", "data"}
TOLERANCE = 1e-9  # relative; a csv holds every digit, sums may come in another order


def trace(plan: Plan, words: Sequence[str]) -> dict[str, Any]:
    """Return all that is known of a cell; `results` and `workflow` lie in the current folder.

    Args:
        plan: of the config.
        words: the address: table, method, structure, metric, region, in one word with slashes or in several.
    Returns: `address`, `table`, `cell`, and where the cell has a number of ours `experiment`, `method`, `split`,
        `dataset`, `source`, `runs`, `cases`, `check` and `commands`, else `no_number`; values as JSON knows them.
    Raises: InputError: if the address names no cell or several, or the table was not made.
    """
    table, parts = address.table_of(address.parts_of(words), {**plan.tables, **plan.paper_tables})
    path = RESULTS / "tables" / f"{table}.csv"
    rows = _rows(path, table)
    whole = [_with_run(plan, table, row) for row in rows]
    row = address.find(table, parts, whole)
    where = place.of_cell(plan, table, row)
    found = {"address": address.address(table, row, whole), "table": _table(plan, table, path), "cell": _cell(row)}
    if where.method is None:
        reason = plan.missing(where.experiment) or "no run of it has such a score yet"
        return {
            **found,
            "experiment": where.experiment,
            "no_number": reason,
            "commands": _commands(plan, table, where, []),
        }
    return found | _behind(plan, table, row, where)


def _rows(path: Path, table: str) -> list[dict[str, str]]:
    if not path.exists():
        raise InputError(f"the table {table} was not made yet: there is no {path}. {_make(table)}")
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _make(table: str) -> str:
    return f"Make it: snakemake --cores all results/tables/{table}.csv"


def _with_run(plan: Plan, table: str, row: dict[str, str]) -> dict[str, str]:
    """Return a line of the csv with experiment, network and data set, which an address may name as well."""
    if table in plan.paper_tables:
        return row
    experiment, network, _ = plan.runs_of(table)[0]
    return {"experiment": experiment, "network": network, "dataset": plan.experiments[experiment]["dataset"], **row}


def _table(plan: Plan, table: str, path: Path) -> dict[str, Any]:
    settings = plan.paper_tables[table] if table in plan.paper_tables else plan.tables[table]
    kept: dict[str, Any] = {
        key: settings[key] for key in ("title", "published", "prediction", "policy", "grid") if key in settings
    }
    title = {"title": _printed_title(settings["published"])} if "published" in settings else {}
    return {"name": table, **title, **kept, "path": f"results/tables/{path.name}"}


def _printed_title(name: str) -> str:
    from softbench.papers import published

    table = published.read(name)
    paper = published.paper(table.paper)
    return f"{paper.authors} {paper.year}, {table.number}: {table.title}"


def _cell(row: address.Row) -> dict[str, Any]:
    """Return the line of the csv with numbers as numbers; what is empty there is left out."""
    return {name: value if name in TEXT else _typed(value) for name, value in row.items() if value not in ("", None)}


def _typed(text: str) -> Any:
    if text in ("True", "False"):
        return text == "True"
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() and "." not in text else number


def _behind(plan: Plan, table: str, row: address.Row, where: Place) -> dict[str, Any]:
    from softbench.explain import values

    made = runs.of_place(RESULTS, where)
    scores = values.of_place(where, made)
    of_seed = values.by_seed(scores) if len(scores) else {}
    for run in made:
        if run["seed"] in of_seed:
            run["value"], run["defined_cases"] = of_seed[run["seed"]]
    asked = [] if where.is_ensemble else _missing(plan, where, made)
    told: dict[str, Any] = {
        "experiment": where.experiment,
        "prediction": where.prediction,
        "method": inputs.method(plan, RESULTS, where),
    }
    told |= {"split": inputs.split(plan, where), **inputs.data(plan, RESULTS, where)}
    told |= {"runs": made, "seeds_not_run": asked, "cases": values.extremes(scores) if len(scores) else {}}
    told |= {"check": _check(row, of_seed), "commands": _commands(plan, table, where, made)}
    plain: dict[str, Any] = _plain(told)
    return plain


def _missing(plan: Plan, where: Place, made: Sequence[dict[str, Any]]) -> list[int]:
    """Return the seeds that config names and no batch has; what is not trained is scored once."""
    wanted = [seed for batch in plan.batches_of(where.experiment, str(where.method)) for seed in batch]
    return [seed for seed in wanted if seed not in {run["seed"] for run in made}]


def _check(row: address.Row, of_seed: dict[int | None, tuple[float, int]]) -> dict[str, Any]:
    """Compare the cell with the mean over the seeds that lie there now."""
    shown = float(row.get("mean") or row.get("ours_mean") or math.nan)
    means = [mean for mean, _ in of_seed.values() if not math.isnan(mean)]
    again = sum(means) / len(means) if means else math.nan
    agrees = math.isclose(shown, again, rel_tol=TOLERANCE) or (math.isnan(shown) and math.isnan(again))
    return {"mean_of_the_runs": None if math.isnan(again) else again, "agrees": agrees}


def _commands(plan: Plan, table: str, where: Place, made: Sequence[dict[str, Any]]) -> dict[str, str]:
    found = {"table": f"snakemake --cores all results/tables/{table}.csv"}
    if lists := _lists(plan, where, made):
        found["runs"] = f"snakemake --cores all {' '.join(lists)}"
    return found


def _lists(plan: Plan, where: Place, made: Sequence[dict[str, Any]]) -> list[str]:
    """Return the files of a cell's runs that are targets."""
    run = (where.experiment, where.network, str(where.method))
    if where.is_ensemble:
        return paths.ensembles([run])
    if made and plan.methods[run[2]]["sanity"] is not None:
        return plan.batch_files(run)
    return paths.once(one["batch"] for one in made)


def _plain(content: Any) -> Any:
    """Return the same data with None for NaN, which JSON does not know, and a text for infinity."""
    if isinstance(content, dict):
        return {key: _plain(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_plain(value) for value in content]
    if isinstance(content, float) and not math.isfinite(content):
        return None if math.isnan(content) else str(content)
    return content
