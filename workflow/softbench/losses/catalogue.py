"""Losses as config names them, and expressions such as `ce + dice + 1.0*kl`; needs no torch."""

from softbench.errors import InputError

LOSSES = {"ce": ("cross_entropy", "CrossEntropy")}  # name in config -> module of this room, class


def names() -> list[str]:
    """Return the losses that an expression may name."""
    return sorted(LOSSES)


def terms(expression: str) -> list[tuple[float, str]]:
    """Read an expression: terms joined by `+`, each a loss's name or `weight*name`.

    Returns: (weight, name) of each term, in order.
    Raises: InputError: if a weight is no number or a name is unknown; the message lists the known ones.
    """
    return [_term(part.strip(), expression) for part in expression.split("+")]


def modules(expression: str) -> list[str]:
    """Return the files of this room that decide the value of an expression."""
    return sorted({f"losses/{LOSSES[name][0]}.py" for _, name in terms(expression)})


def _term(part: str, expression: str) -> tuple[float, str]:
    weight, _, name = (word.strip() for word in part.rpartition("*"))
    if name not in LOSSES:
        raise InputError(f"the loss {expression!r} names {name!r}; known losses: {', '.join(names())}.")
    try:
        return float(weight or 1), name
    except ValueError:
        raise InputError(f"the loss {expression!r} has a weight that is no number: {weight!r}.") from None
