"""How lesions were counted, in a sentence that stands below tables that show them."""

from collections.abc import Mapping


def counted(matching: Mapping[str, float]) -> str:
    """Return the sentence.

    Args:
        matching: all fields of `metrics.lesions.Matching`.
    """
    times = int(matching["dilations"])
    joined = f"parts of the reference that touch after {times} dilation{'s' if times > 1 else ''} are one lesion"
    alone = "parts of the reference that do not touch are lesions of their own"
    return (
        f"Lesions: {joined if times else alone}; those up to {matching['ignored_mm3']:g} mm³ (mm² in 2-D) do not "
        f"count; one that was missed or made up has the HD95 {matching['miss_mm']:g} mm."
    )
