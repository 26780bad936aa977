"""Losses as config names them, and what a loss expression needs; imports no torch."""

from softbench.losses.expression import LEARNED, Loss, Reader, Term

LOSSES = {  # name in config -> module of this room, class, types of its settings
    "ce": Loss("cross_entropy", "CrossEntropy"),
    "dice": Loss("dice", "Dice", {"background": bool}),
    "focal": Loss("focal", "Focal", {"gamma": float}),
    "kl": Loss("kl_divergence", "KLDivergence"),
    "l1": Loss("l1", "L1"),
    "wce": Loss("weighted_cross_entropy", "WeightedCrossEntropy", needs_frequencies=True),
}
SHARED = ("arithmetic", "weighted_sum")  # modules that decide the value of every expression


def names() -> list[str]:
    """Return the losses that an expression may name."""
    return sorted(LOSSES)


def read(expression: str) -> list[Term]:
    """Read an expression: terms joined by `+`, each `loss`, `loss(arguments)` or a number times one of these.

    Arguments are the target, `soft` (the default) or `hard`, and the loss's settings, e.g. `focal(hard, gamma=3)`.
    `learned(sum)` weighs the terms of its sum by learned weights.
    Returns: the terms in order; those of `learned` lie in its `inner`.
    Raises: InputError: if the expression cannot be read, or a loss or argument is unknown; the message lists the known.
    """
    return Reader(expression, LOSSES).sum(expression)


def terms(expression: str) -> list[Term]:
    """Return the losses of an expression in order, those within `learned(...)` too; see `read`."""
    return [one for term in read(expression) for one in (term.inner or (term,))]


def modules(expression: str) -> list[str]:
    """Return the files of this room that decide the value of an expression."""
    learned = {"learned_weights"} if any(term.name == LEARNED for term in read(expression)) else set()
    stems = {*SHARED, *learned, *(LOSSES[term.name].module for term in terms(expression))}
    return sorted(f"losses/{stem}.py" for stem in stems)


def needs_frequencies(expression: str) -> bool:
    """Return whether a loss of the expression weighs classes by their frequency in the training part."""
    return any(LOSSES[term.name].needs_frequencies for term in terms(expression))
