"""Small claims and small tables of means."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from softbench.papers.claims.sentences import Claim, Pair


@pytest.fixture
def claim() -> Callable[..., Claim]:
    """A claim about table t; `a > b` where nothing else is said."""

    def make(**changes: Any) -> Claim:
        fields: dict[str, Any] = {
            "place": "-", "says": "-", "kind": "compare", "tables": ("t",),
            "pairs": (Pair({"method": "a"}, {"method": "b"}),),
        }  # fmt: skip
        return Claim("svls.made", **(fields | changes))

    return make


@pytest.fixture
def means() -> Callable[..., pd.DataFrame]:
    """A table t of DSC means: keywords are methods, each with one mean a structure."""

    def make(*, metric: str = "dsc", sd: float | None = None, n: int = 50, **methods: list[float]) -> pd.DataFrame:
        rows = [
            {"table": "t", "dataset": "d", "structure": f"s{place}", "metric": metric, "method": name, "mean": mean}
            for name, values in methods.items()
            for place, mean in enumerate(values)
        ]
        table = pd.DataFrame(rows)
        return table if sd is None else table.assign(sd=sd, n=n, over="cases")

    return make
