"""The claims of `workflow/published/claims.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from softbench.checks import require_one_of
from softbench.errors import InputError
from softbench.papers.published import reader

FILE = reader.FOLDER / "claims.yaml"
SCHEMA = reader.HERE / "schemas" / "claims.schema.yaml"


@dataclass(frozen=True)
class Pair:
    """Two sides to compare, each a choice of columns; `low` to `high` is the gain that is claimed, if one is."""

    one: Mapping[str, Any]
    other: Mapping[str, Any]
    low: float | None = None
    high: float | None = None

    @property
    def name(self) -> str:
        """What is compared with what: what the sides share, then what they differ in; tables are left out."""
        keys = [key for key in self.one if key != "table"]
        shared = [str(self.one[key]) for key in keys if self.one[key] == self.other.get(key)]
        differ = [key for key in keys if self.one[key] != self.other.get(key)]
        sides = (", ".join(str(side[key]) for key in differ) for side in (self.one, self.other))
        return ", ".join([*shared, " vs ".join(sides)])


@dataclass(frozen=True)
class Claim:
    """A sentence as a test: which rows it speaks of (None: any), what kind of test, and how many cells must agree.

    `key` is the paper and, behind a dot, what the claim says; `was`: what it was called before.
    `method` and `among` belong to the kinds best, ranks_differ, sign and same_order, `relation` to compare, near and
    signs, `points` (curves) and `method` (their peak) to steps and peak, `groups` and `by` to sign_of_best, `limit` to
    near, `pairs` to the others; mainly has two `rois`. `ours` marks a reading that the paper does not word so;
    `unprinted` says why the paper has no numbers to judge it on, so that it is judged on what our runs left besides
    the cells of tables: those of the experiments of `tables`.
    """

    key: str
    place: str
    says: str
    kind: str
    tables: tuple[str, ...]
    quantifier: str = "every"
    ours: bool = False
    note: str = ""
    datasets: tuple[str, ...] | None = None
    metrics: tuple[str, ...] | None = None
    structures: tuple[str, ...] | None = None
    arms: tuple[str, ...] | None = None
    rois: tuple[str, ...] | None = None
    within: tuple[str, ...] = ()
    method: tuple[str, ...] = ()
    among: tuple[str, ...] = ()
    relation: str = "better"
    pairs: tuple[Pair, ...] = ()
    points: tuple[tuple[str, ...], ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    by: str = ""
    limit: float | Mapping[str, float] = 0.0
    unprinted: str = ""
    was: str = ""

    @property
    def paper(self) -> str:
        """The key of the paper."""
        return self.key.partition(".")[0]

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that it names, each once."""
        of_sides = (side["method"] for side in self.sides if "method" in side)
        of_curves = (method for methods in (*self.points, *self.groups) for method in methods)
        return tuple(dict.fromkeys((*self.method, *self.among, *of_sides, *of_curves)))

    @property
    def sides(self) -> tuple[Mapping[str, Any], ...]:
        """Both sides of all pairs."""
        return tuple(side for pair in self.pairs for side in (pair.one, pair.other))

    def limit_of(self, metric: str) -> float:
        """Return how far two sides may lie apart in a metric; the file's schema lets a mapping name any.

        Raises: InputError: if it names limits of other metrics alone.
        """
        if not isinstance(self.limit, Mapping):
            return self.limit
        require_one_of(f"metric with a limit of the claim {self.key}", metric, self.limit)
        return self.limit[metric]

    def named(self, column: str) -> tuple[str, ...]:
        """Return the values of a column that it names, for all of it or for one side of a pair, each once."""
        of_all: dict[str, tuple[str, ...] | None] = {
            "table": self.tables, "dataset": self.datasets, "metric": self.metrics, "structure": self.structures,
            "arm": self.arms, "roi": self.rois, "method": self.methods,
        }  # fmt: skip
        of_sides = (side[column] for side in self.sides if column in side and column != "table")
        return tuple(dict.fromkeys((*(of_all[column] or ()), *of_sides)))


def names() -> list[str]:
    """Return the keys of all claims."""
    return list(_read())


def claims(*keys: str) -> list[Claim]:
    """Return the claims of these keys, all of them where none is given.

    Raises: InputError: if a key is unknown, or one of before (the new one is named), or the file does not keep to its
        schema.
    """
    known = _read()
    renamed = {claim.was: claim.key for claim in known.values() if claim.was}
    for key in keys:
        if key in renamed:
            raise InputError(f"the claim {key!r} is called {renamed[key]!r} now; {key!r} is no claim.")
        require_one_of("claim", key, known)
    return [known[key] for key in keys or known]


@cache
def _read() -> dict[str, Claim]:
    return load(FILE)


def load(path: Path) -> dict[str, Claim]:
    """Read a file of claims.

    Raises: InputError: naming the first key or value that the schema does not allow.
    """
    content = yaml.load(path.read_text(encoding="utf-8"), reader.LOADER)
    reader.check(content, SCHEMA, path.name)
    return {key: _claim(key, entry) for key, entry in content.items()}


def _claim(key: str, entry: Mapping[str, Any]) -> Claim:
    fields: dict[str, Any] = {name: _frozen(value) for name, value in entry.items()}
    fields["pairs"] = tuple(Pair(**pair) for pair in entry.get("pairs", []))
    if isinstance(fields.get("method"), str):
        fields["method"] = (fields["method"],)
    return Claim(key=key, **fields)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
