"""How many digits a reader sees; the only place where numbers are rounded."""

import math

VERSION = 1
DIGITS_OF_UNIT = {"mm": 2, "%": 1, "voxels": 1, "mm3": 0, "ml": 1}
DIGITS_OF_METRIC = dict.fromkeys(("ece", "cwece", "mce", "ace", "tace", "brier", "nll", "kl", "rmse", "mae", "mse"), 4)
DIGITS = 3  # DSC, NSD and other shares
NOTHING = "\N{EN DASH}"  # there is no number
MINUS = "\N{MINUS SIGN}"  # as wide as +, unlike a hyphen


def digits(metric: str, unit: str) -> int:
    """Return the decimals of a metric: its own (by the first word of its key), else its unit's, else 3."""
    return DIGITS_OF_METRIC.get(metric.split("@")[0].split("_")[0], DIGITS_OF_UNIT.get(unit, DIGITS))


def number(value: float, decimals: int, *, signed: bool = False) -> str:
    """Write a number with a true minus; NaN is a dash, an infinity its sign.

    Signed numbers carry a plus where they are positive, and none has a sign that rounds to zero.
    """
    if math.isnan(value):
        return NOTHING
    text = "∞" if math.isinf(value) else f"{abs(value):.{decimals}f}"
    zero = not any(character in "123456789∞" for character in text)
    sign = "" if zero else MINUS if value < 0 else "+" if signed else ""
    return sign + text


def interval(low: float, high: float, decimals: int) -> str:
    """Write [low, high]; a dash where there is none."""
    if math.isnan(low) or math.isnan(high):
        return NOTHING
    return f"[{number(low, decimals)}, {number(high, decimals)}]"


def p_value(p: float) -> str:
    """Write a p to three decimals, a smaller one as below them; NaN, no test, is a dash."""
    return NOTHING if math.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"
