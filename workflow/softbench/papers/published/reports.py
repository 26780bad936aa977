"""Numbers that were reported elsewhere than in the papers' tables: `workflow/published/reports.yaml`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

from softbench.papers.published import reader

VERSION = None  # what is printed
FILE = reader.FOLDER / "reports.yaml"
SCHEMA = reader.HERE / "schemas" / "reports.schema.yaml"


@dataclass(frozen=True)
class Side:
    """A method of ours, and the mean that was reported of theirs."""

    name: str
    mean: float


@dataclass(frozen=True)
class Report:
    """Two reported means of which the sentence `says` that the method's is the better one.

    `source` and its `status`: how many runs, whether reviewed. `experiment`: ours that runs both methods; `metric`,
    `structure` and `roi`: ours that stand for theirs; `note`: in what they differ.
    """

    key: str
    source: str
    status: str
    says: str
    experiment: str
    metric: str
    method: Side
    control: Side
    note: str
    structure: str = "all"
    roi: str = "all"
    composites: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def table(self) -> str:
        """The key of its source."""
        return self.key.partition(".")[0]

    @property
    def gap(self) -> float:
        """The reported mean of the method minus that of its control."""
        return self.method.mean - self.control.mean


@cache
def reports() -> tuple[Report, ...]:
    """Return all of them."""
    return load(FILE)


def load(path: Path) -> tuple[Report, ...]:
    """Read a file of reports.

    Raises: InputError: naming the first key or value that the schema does not allow.
    """
    content = yaml.load(path.read_text(encoding="utf-8"), reader.LOADER)
    reader.check(content, SCHEMA, path.name)
    return tuple(
        Report(**{"key": key, **entry, "method": Side(**entry["method"]), "control": Side(**entry["control"])})
        for key, entry in content.items()
    )
