"""How sizes are written."""

from collections.abc import Sequence

VERSION = None  # words of messages


def gib(number: float) -> str:
    """Return bytes in GiB, with one more digit below one."""
    value = number / 2**30
    return f"{value:.1f} GiB" if value >= 1 else f"{value:.2f} GiB"


def grid(lengths: Sequence[int]) -> str:
    """Return lengths as "128 x 192 x 192"."""
    return " x ".join(map(str, lengths))
