"""What the first line of a split's file says: what was split without regard to patients, as in a paper."""

VERSION = None  # decides which splits are accepted and what is said of them, and no number
SAYS = "# leaks: "


def of_line(first: str) -> str:
    """Return what a split's first line says was split (`slices`); empty where it says nothing. Spaces around count not.

    >>> of_line(" # leaks: slices"), of_line("case,patient,part")
    ('slices', '')
    """
    first = first.strip()
    return first.removeprefix(SAYS).strip() if first.startswith(SAYS) else ""
