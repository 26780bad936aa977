"""When there is no valid confidence interval, and why: too few seeds, too few cases, or infinite values."""

VERSION = 1
MARK = "no valid CI"
MIN_SEEDS = 2  # a t interval over seeds has a spread from here on; it is wide with few, as it must be
MIN_SEEDS_CROSSED = 5  # from here on the crossed model keeps its promise of 95 %: docs/statistics.md
MIN_CASES = 30  # from here on an interval for new patients misses 95 % by less than 2 points on skewed scores


def reason_against(
    *,
    seeds: int | None = None,
    cases: int | None = None,
    least_seeds: int = MIN_SEEDS,
    finite: bool = True,
    unit: str = "case",
) -> str | None:
    """Say why there is no valid confidence interval.

    Args:
        seeds: that both sides were trained with; None where the interval does not speak of new seeds.
        cases: independent ones; None where the interval does not speak of new cases.
        least_seeds: how many seeds the interval needs.
        finite: whether all values are.
        unit: what `cases` counts: "case" or "patient".
    Returns: "no valid CI: …" with what was found and what is needed; None where an interval is valid.
    """
    if seeds is not None and seeds < least_seeds:
        return f"{MARK}: {_count(seeds, 'seed')}, at least {least_seeds} are needed"
    if cases is not None and cases < MIN_CASES:
        return f"{MARK}: {_count(cases, unit)}, at least {MIN_CASES} are needed"
    return None if finite else f"{MARK}: infinite values, choose an empty-mask policy other than `raw`"


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" + ("" if number == 1 else "s")
