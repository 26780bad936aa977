"""How the temperatures that rows show were fitted: their values, over how many validation cases, how sure they are."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

VERSION = 1
FEW = 16  # patients (cases, where each is of a patient of its own): below, a row is marked
SIGN = "\N{DAGGER}"  # behind the title of such a row


@dataclass(frozen=True)
class Temperature:
    """The temperature of a run, or of an ensemble (no seed): its value, its standard error (NaN where there is none),
    and the validation cases and patients that it was fitted over."""

    method: str
    seed: int | None
    value: float
    se: float
    cases: int
    patients: int


def read(method: str, seed: int | None, facts: Mapping[str, Any]) -> list[Temperature]:
    """Return the temperature that a record tells of; none where it tells of none, or not how it was fitted."""
    fit = facts.get("temperature_fit")
    if fit is None:
        return []
    se = math.nan if fit["se"] is None else float(fit["se"])
    return [Temperature(method, seed, float(facts["temperature"]), se, int(fit["cases"]), int(fit["patients"]))]


def choose(
    temperatures: Iterable[Temperature], method: str | None = None, *, ensembles: bool = False
) -> list[Temperature]:
    """Return those of a method (None: of all), of its runs or of its ensemble."""
    return [fit for fit in temperatures if method in (None, fit.method) and (fit.seed is None) == ensembles]


def are_few(temperatures: Sequence[Temperature]) -> bool:
    """Return whether one was fitted over so few patients that chance decides it."""
    return any(fit.patients < FEW for fit in temperatures)


def mark(title: str, temperatures: Sequence[Temperature]) -> str:
    """Return a title, with the sign behind it where the temperatures were fitted over few patients."""
    return f"{title} {SIGN}" if are_few(temperatures) else title


def describe(temperatures: Sequence[Temperature]) -> str:
    """Say the values, over how many cases each was fitted, and the standard error; empty where nothing is known."""
    if not temperatures:
        return ""
    values = _range([fit.value for fit in temperatures])
    return f"T = {values}, fitted over {_cases(temperatures)} each{_error(temperatures)}.{_warning(temperatures)}"


def _cases(temperatures: Sequence[Temperature]) -> str:
    cases, patients = (sorted({getattr(fit, name) for fit in temperatures}) for name in ("cases", "patients"))
    said = f"{_count(cases)} validation case{'' if cases == [1] else 's'}"
    return said if cases == patients else f"{said} of {_count(patients)} patient{'' if patients == [1] else 's'}"


def _error(temperatures: Sequence[Temperature]) -> str:
    known = [fit.se for fit in temperatures if not math.isnan(fit.se)]
    if not known:
        return "; no standard error is known"
    several = ", the median" if len(known) > 1 else ""
    return f", with a standard error of {median(known):.2f}{several} (bootstrap over {_unit(temperatures)})"


def _warning(temperatures: Sequence[Temperature]) -> str:
    if not are_few(temperatures):
        return ""
    return (
        f" {SIGN}: fewer than {FEW} {_unit(temperatures)}. One or two of them decide T, so the row may be better or "
        "worse by chance, and says little of what a temperature can reach."
    )


def _unit(temperatures: Sequence[Temperature]) -> str:
    return "cases" if all(fit.cases == fit.patients for fit in temperatures) else "patients"


def _count(numbers: Sequence[int]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"


def _range(values: Sequence[float]) -> str:
    low, high = f"{min(values):.2f}", f"{max(values):.2f}"
    return low if low == high else f"{low} to {high}"
