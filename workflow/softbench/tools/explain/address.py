"""Which cell is meant: parts in any order, each a name in one of the columns that say where a cell stands."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from softbench.errors import InputError, meant

Row = Mapping[str, str]
PLACE: tuple[str, ...] = ("experiment", "network", "dataset", "arm", "rater", "method", "method_ours", "title")
PLACE += ("structure", "metric", "metric_ours", "roi")
SHOWN = ("dataset", "arm", "rater", "method", "structure", "metric", "roi")  # of a full address, where not everywhere
LISTED = 12


def parts_of(text: Sequence[str]) -> list[str]:
    """Return the parts of an address, given in one word or in several."""
    return [part for word in text for part in word.split("/") if part]


def table_of(parts: Sequence[str], tables: Collection[str]) -> tuple[str, list[str]]:
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
    found = [row for row in rows if _fits(parts, list(_values(row).values()))]
    found = _named_apart(found, parts) if len(found) > 1 else found
    if not found:
        raise InputError(f"no cell of {table} is at {'/'.join(parts)} together. It has:\n{_known(rows)}")
    if len(found) > 1:
        few = [f"  {address(table, row, rows)}" for row in found[:LISTED]]
        more = [f"  … {len(found) - LISTED} more"] if len(found) > LISTED else []
        raise InputError(f"{len(found)} cells fit {'/'.join([table, *parts])}. Name one:\n" + "\n".join([*few, *more]))
    return found[0]


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


def _named_apart(found: list[Row], parts: Sequence[str]) -> list[Row]:
    """Keep the cells that the parts name wherever they differ: `ece/all` means the region, all of them have structure
    all."""
    wanted = {part.casefold() for part in parts}
    differing = [name for name in PLACE if len({row.get(name) for row in found}) > 1]
    named = [row for row in found if all((row.get(name) or "").casefold() in wanted for name in differing)]
    return named or found


def _known(rows: Sequence[Row]) -> str:
    lines = ((name, list(dict.fromkeys(row[name] for row in rows if row.get(name)))) for name in PLACE)
    return "\n".join(f"  {name}: {', '.join(values)}" for name, values in lines if values)


def _meant(parts: Iterable[str], known: Collection[str]) -> str:
    """Suggest a known name for the first part that is near one."""
    return next((said for part in parts if (said := meant(part, known))), "")
