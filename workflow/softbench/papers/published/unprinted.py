"""Which runs the claims need that no printed number can judge, beyond those of the papers' tables."""

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

import yaml

from softbench.papers.published.reader import FOLDER, LOADER


def methods(table: str, dataset: str, arm: str | None) -> list[str]:
    """Return the methods that such claims name of a data set and arm of a printed table, each once.

    It reads the file of claims as it is, so that planning loads no statistics; `papers.claims` checks it.
    """
    wanted = (claim for claim in _claims() if "unprinted" in claim and table in claim["tables"])
    here = (claim for claim in wanted if _is_in(dataset, claim.get("datasets")) and _is_in(arm, claim.get("arms")))
    return list(dict.fromkeys(method for claim in here for method in _named(claim)))


@cache
def _claims() -> list[dict[str, Any]]:
    return list(yaml.load((FOLDER / "claims.yaml").read_text(encoding="utf-8"), LOADER).values())


def _is_in(value: str | None, values: Collection[str] | None) -> bool:
    return values is None or value in values


def _named(claim: Mapping[str, Any]) -> Iterator[str]:
    own = claim.get("method", [])
    yield from [own] if isinstance(own, str) else own
    yield from claim.get("among", [])
    yield from (side["method"] for pair in claim.get("pairs", []) for side in pair.values() if isinstance(side, dict))
    yield from (method for key in ("points", "groups") for group in claim.get(key, []) for method in group)
