r"""Choose one of k settings on validation cases, and say what the best of fewer would have been.

The expected best of n settings, drawn from the k without replacement, is exact: of settings sorted from best to worst
by their validation value, the r-th is the best of n with probability

.. math:: P_n(r) = \binom{k - r}{n - 1} / \binom{k}{n}

so :math:`E_n = \sum_r P_n(r)\, v_r`, where v is the validation value or, of the same settings, the test value. A method
that wins only because more settings were tried has a curve that others reach at the same n.

Source: Dodge et al. 2019, "Show Your Work", who draw with replacement. Departure: without, since nobody tries a setting
twice.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

VERSION = 1
CRITERIA = {  # -> whether the lowest is the best; all are of validation cases
    "nll_temperature": True,
    "nll": True,
    "dsc": False,
}
PARTS = ("validation", "test")


@dataclass(frozen=True)
class Tried:
    """One setting: its key, its values by name, the value of the criterion on validation and on test cases (means over
    seeds; NaN where it could not be trained or is not defined), and why it cannot be chosen, or nothing."""

    key: str
    setting: Mapping[str, Any]
    validation: float
    test: float
    reason: str = ""

    @property
    def is_eligible(self) -> bool:
        """Whether it can be chosen."""
        return not self.reason and math.isfinite(self.validation)


def read(key: str, setting: Mapping[str, Any], seeds: Mapping[str, Mapping[str, Any]], criterion: str) -> Tried:
    """Return what the runs of a setting say.

    Args:
        key: of the method with this setting.
        setting: its values by name.
        seeds: of each `status`, and `validation` and `test` with the criteria (None: not defined).
        criterion: one of `CRITERIA`.
    Returns: with a `reason` where a seed failed or has no value: its mean would be over other seeds than the others'.
    """
    failed = [f"seed {seed}: {of['reason']}" for seed, of in seeds.items() if of["status"] != "done"]
    if failed:
        return Tried(key, setting, math.nan, math.nan, "; ".join(failed))
    values = {part: [of[part][criterion] for of in seeds.values()] for part in PARTS}
    if None in values["validation"]:
        return Tried(key, setting, math.nan, math.nan, f"{criterion} is not defined on the validation cases")
    validation, test = (math.nan if None in found else sum(found) / len(found) for found in values.values())
    return Tried(key, setting, validation, test)


def choose(tried: Sequence[Tried], criterion: str) -> Tried | None:
    """Return the setting of the best validation value, the first of equals; None where none can be chosen."""
    ranked = rank(tried, criterion)
    return ranked[0] if ranked else None


def rank(tried: Sequence[Tried], criterion: str) -> list[Tried]:
    """Return the settings that can be chosen, from best to worst."""
    sign = 1 if CRITERIA[criterion] else -1
    return sorted((one for one in tried if one.is_eligible), key=lambda one: sign * one.validation)


def expected_best(tried: Sequence[Tried], criterion: str) -> list[dict[str, float]]:
    """Return, for n from 1 to all settings that can be chosen, `n` and the expected `validation` and `test` values of
    the best of n, chosen on validation cases (the equations above)."""
    ranked = rank(tried, criterion)
    return [{"n": n, **{part: _expected(ranked, n, part) for part in PARTS}} for n in range(1, len(ranked) + 1)]


def _expected(ranked: Sequence[Tried], n: int, part: str) -> float:
    shares = [(_best(len(ranked), n, place), getattr(one, part)) for place, one in enumerate(ranked, 1)]
    return float(sum(share * value for share, value in shares if share > 0))


def _best(every: int, n: int, place: int) -> float:
    """Return the probability that the one at a place (from 1) is the best of n that are drawn without replacement."""
    return math.comb(every - place, n - 1) / math.comb(every, n)


def record(tried: Sequence[Tried], criterion: str, seeds: Sequence[int]) -> dict[str, Any]:
    """Return what choice.json holds: what was `chosen` (None: nothing) with its `setting`, all `tried`, the `curve`."""
    best = choose(tried, criterion)
    return {
        "chosen": best.key if best else None,
        "setting": dict(best.setting) if best else None,
        "criterion": criterion,
        "seeds": list(seeds),
        "tried": [_listed(one) for one in tried],
        "curve": [{name: _number(value) for name, value in row.items()} for row in expected_best(tried, criterion)],
    }


def _listed(one: Tried) -> dict[str, Any]:
    values = {part: _number(getattr(one, part)) for part in PARTS}
    return {"key": one.key, "setting": dict(one.setting), **values, "reason": one.reason}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
