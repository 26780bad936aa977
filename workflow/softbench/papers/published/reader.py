"""The files of `workflow/published`, checked against their schema, as tables and as one plain frame in our units."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from softbench.checks import require_one_of
from softbench.errors import InputError
from softbench.papers.published.tables import Dataset, Fact, Paper, Place, PrintedCell, PrintedMetric, PublishedTable

HERE = Path(__file__).parents[3]
FOLDER = HERE / "published"
SCHEMA = HERE / "schemas" / "published.schema.yaml"
PAPERS = ("svls", "geols", "superpixel", "epd")
COORDINATES = tuple(Place.__annotations__)
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is ten times as fast


def papers() -> list[Paper]:
    """Return all papers."""
    return [paper(key) for key in PAPERS]


@cache
def paper(key: str) -> Paper:
    """Return one paper with its tables.

    Raises: InputError: if the paper is unknown, or its file does not keep to the schema.
    """
    require_one_of("paper", key, PAPERS)
    return load(FOLDER / f"{key}.yaml")


def names() -> list[str]:
    """Return the keys of all tables."""
    return [key for printed in papers() for key in printed.tables]


def read(table: str) -> PublishedTable:
    """Return a printed table.

    Raises: InputError: if no such table was printed.
    """
    require_one_of("table", table, names())
    return next(printed.tables[table] for printed in papers() if table in printed.tables)


def name_of(table: PublishedTable) -> str:
    """Return authors, year and the number of a printed table."""
    of_paper = paper(table.paper)
    return f"{of_paper.authors} {of_paper.year}, {table.number}"


def load(path: Path) -> Paper:
    """Read the file of one paper.

    Raises: InputError: naming the file and the first thing in it that cannot be: a key or value that the schema does
        not allow, a row with too many or too few cells, an unknown data set or metric, a place that two cells share,
        a doubt about no cell.
    """
    content = yaml.load(path.read_text(encoding="utf-8"), LOADER)
    check(content, SCHEMA, path.name)
    datasets = {key: Dataset(key, **of_key) for key, of_key in content["datasets"].items()}
    metrics = {name: _metric(name, of_name) for name, of_name in content["metrics"].items()}
    tables = {
        key: _table(key, f"{path.name}: {key}", table, content["paper"], datasets, metrics)
        for key, table in content["tables"].items()
    }
    return Paper(
        content["paper"], content["title"], content["authors"], content["year"], content["venue"],
        content["protocol"], tuple(_fact(path.name, fact, datasets) for fact in content["know"]), tables,
    )  # fmt: skip


def _fact(where: str, content: str | Mapping[str, Any], datasets: Mapping[str, Dataset]) -> Fact:
    if isinstance(content, str):
        return Fact(content)
    for dataset in content["datasets"]:
        require_one_of(f"{where}: know: dataset", dataset, datasets)
    return Fact(content["fact"], tuple(content["datasets"]))


def check(content: Any, schema: Path, name: str) -> None:
    """Raise one InputError that names the first place of a file that its schema does not allow."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(yaml.load(schema.read_text(encoding="utf-8"), LOADER)).iter_errors(content))
    if error is not None:
        place = ".".join(map(str, error.absolute_path)) or "top level"
        meaning = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
        raise InputError(f"{name}: {place}: {error.message}{f' ({meaning})' if meaning else ''}.")


def _metric(name: str, content: Mapping[str, Any]) -> PrintedMetric:
    read = {"factor": Decimal(str(content["factor"])), "readings": tuple(content.get("readings", ()))}
    return PrintedMetric(name, **{**content, **read})


def _table(
    key: str,
    where: str,
    content: Mapping[str, Any],
    of_paper: str,
    datasets: Mapping[str, Dataset],
    metrics: Mapping[str, PrintedMetric],
) -> PublishedTable:
    cells = [cell for row in content["rows"] for cell in _row(where, content, row)]
    _check_places(where, cells, datasets, metrics)
    cells = _with_doubts(where, cells, content.get("doubts", []))
    return PublishedTable(
        key, of_paper, content["number"], content["title"], content["over"], content.get("n"),
        {name: datasets[name] for name in dict.fromkeys(cell.place.dataset for cell in cells)},
        {name: metrics[name] for name in dict.fromkeys(cell.place.metric for cell in cells)},
        tuple(column["printed"] for column in content["columns"]), tuple(cells),
        {name: tuple(members) for name, members in content.get("composites", {}).items()}, content.get("baseline"),
    )  # fmt: skip


def _row(where: str, table: Mapping[str, Any], row: Mapping[str, Any]) -> list[PrintedCell]:
    """Return the cells of a row."""
    shared = {**table.get("same", {}), **_coordinates(row)}
    numbers = row["cells"].split()
    differences = row["difference"].split() if "difference" in row else [None] * len(numbers)
    if not len(numbers) == len(differences) == len(table["columns"]):
        raise InputError(
            f"{where}: the row {shared} has {len(numbers)} cells and {len(differences)} differences, "
            f"but the table has {len(table['columns'])} columns."
        )
    places = [shared | _coordinates(column) for column in table["columns"]]
    for place in places:
        if missing := {"dataset", "metric", "structure", "method"} - set(place):
            raise InputError(f"{where}: a cell of the row {shared} lacks {', '.join(sorted(missing))}.")
    return [
        PrintedCell(Place(**place), number, difference=difference)
        for place, number, difference in zip(places, numbers, differences, strict=True)
    ]


def _coordinates(content: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key in COORDINATES}


def _check_places(
    where: str, cells: list[PrintedCell], datasets: Mapping[str, Dataset], metrics: Mapping[str, PrintedMetric]
) -> None:
    seen = set()
    for cell in cells:
        require_one_of(f"{where}: dataset", cell.place.dataset, datasets)
        require_one_of(f"{where}: metric", cell.place.metric, metrics)
        if cell.place in seen:
            raise InputError(f"{where}: two cells stand at {cell.place}.")
        seen.add(cell.place)


def _with_doubts(where: str, cells: list[PrintedCell], doubts: list[Mapping[str, Any]]) -> list[PrintedCell]:
    """Return the cells, each with what is said about it."""
    for doubt in doubts:
        meant = [cell for cell in cells if _is_at(cell.place, doubt["at"])]
        if not meant:
            raise InputError(f"{where}: no cell is at {doubt['at']}, but a doubt is about it.")
        said = {cell: _doubted(cell, doubt) for cell in meant}
        cells = [said.get(cell, cell) for cell in cells]
    return cells


def _is_at(place: Place, at: Mapping[str, Any]) -> bool:
    return all(getattr(place, key) in (value if isinstance(value, list) else [value]) for key, value in at.items())


def _doubted(cell: PrintedCell, doubt: Mapping[str, Any]) -> PrintedCell:
    note = "; ".join(text for text in (cell.note, doubt["note"]) if text)
    said = {key: value for key, value in doubt.items() if key != "at"} | {"note": note}
    return replace(cell, **said)


# One row a mean. `arm` is plain or augmented (EPD), `rater` an annotation set (LIDC); "" and 0 where there is none.
COLUMNS = [
    "table", "dataset", "arm", "rater", "structure", "metric", "roi", "method", "mean", "sd", "n", "over", "better",
]  # fmt: skip


def frame(tables: Iterable[str] | None = None, *, derived: bool = False) -> pd.DataFrame:
    """Return printed means with their spread, in our units.

    Args:
        tables: keys; all where None.
        derived: fill lost means with what other cells give for them.
    Returns: the columns `COLUMNS`. `metric` is our key (the printed name where we have none); `over` is seeds, cases or
        none; `sd` and `n` are NaN where no ± is printed, `mean` where the number is lost.
    Raises: InputError: if a table is unknown.
    """
    chosen = [read(name) for name in (names() if tables is None else tables)]
    rows = [_frame_row(table, cell, derived) for table in chosen for cell in table.cells]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"mean": float, "sd": float, "n": float})


def _frame_row(table: PublishedTable, cell: PrintedCell, derived: bool) -> tuple:
    place, metric = cell.place, table.metric_of(cell)
    mean, spread = table.in_our_units(cell, derived=derived)
    count = table.count_behind(cell)
    where = (table.key, place.dataset, place.arm or "", place.rater or 0, place.structure, metric.key, metric.roi)
    return (*where, place.method, mean, spread, count, table.over if count else "none", metric.better)
