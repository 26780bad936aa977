"""Readings of GeoLS: where the authors' script and their paper disagree, each choice has a name and two defaults."""

from softbench.checks import require_one_of
from softbench.soft_labels import closeness, geodesic

VERSION = 1
NORMALISATIONS = ("none", "sum")
VARIANTS = {
    "code": {"cost": "geodistk", "decay": "inv_mean", "background": "one_minus_mean", "normalise": "none"},
    "paper": {"cost": "eq4", "decay": "unit", "background": "seeded", "normalise": "sum"},
}


def reading_of(variant: str, **chosen: str | None) -> dict[str, str]:
    """Return the four readings: what was chosen, and the variant's where nothing was.

    Args:
        variant: "code" or "paper".
        chosen: `cost`, `decay`, `background`, `normalise`; None or left out means the variant's.
    Raises: InputError: if one is unknown.
    """
    require_one_of("variant", variant, VARIANTS)
    reading = VARIANTS[variant] | {name: value for name, value in chosen.items() if value is not None}
    require_one_of("cost", reading["cost"], geodesic.COSTS)
    require_one_of("decay", reading["decay"], closeness.DECAYS)
    require_one_of("background", reading["background"], closeness.BACKGROUNDS)
    require_one_of("normalise", reading["normalise"], NORMALISATIONS)
    return reading
