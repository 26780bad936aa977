"""What a cell says: a number of a record in its form, or "not measured"."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]
Form = Callable[[float], str]
NONE: Record = {}  # of a card that nobody has measured
UNKNOWN = "not measured"
GIB = 2**30
BRATS = "BraTS, batch 4"  # the step that goals are set for


def at(record: Record, *path: str) -> Any:
    """Return what lies at a path of names, None where it ends early."""
    found: Any = record
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def cell(value: Any, form: Form = str) -> str:
    """Return a number in its form."""
    return UNKNOWN if value is None else form(value)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of Markdown."""
    lines = ["| " + " | ".join(row) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "| " + " | ".join([":--", *["--:"] * (len(head) - 1)]) + " |", *lines[1:]]) + "\n"


def mean_and_sd(values: Sequence[float]) -> str:
    """Return mean ± sd, of one value the value."""
    spread = f" ± {statistics.stdev(values):.4f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.4f}{spread}"


def tera(rate: float | None) -> str:
    """Return a rate in TFLOP/s."""
    return cell(rate, lambda value: f"{value / 1e12:.1f} TFLOP/s")


def percent(share: float) -> str:
    """Return a share in percent."""
    return f"{100 * share:.0f} %"


def times(ratio: float) -> str:
    """Return a ratio."""
    return f"{ratio:.2f}"


def milliseconds(seconds: float) -> str:
    """Return seconds in milliseconds."""
    return f"{1000 * seconds:.1f}"


def gib(size: float) -> str:
    """Return bytes in GiB."""
    return f"{size / GIB:.1f} GiB"


def scientific(value: float) -> str:
    """Return a small number."""
    return f"{value:.0e}"
