"""Losses as config names them, and what a loss expression needs; imports no torch."""

import ast
from pathlib import Path

from softbench.errors import InputError
from softbench.losses.expression import LEARNED, Loss, Reader, Term

VERSION = 1
SHIPPED = {  # name in config -> module of this room, class, types of its settings
    "ce": Loss("cross_entropy", "CrossEntropy"),
    "dice": Loss("dice", "Dice", {"background": bool}),
    "dice_vnet": Loss("dice_vnet", "DiceVNet", {"background": bool}),
    "focal": Loss("focal", "Focal", {"gamma": float}),
    "kl": Loss("kl_divergence", "KLDivergence"),
    "l1": Loss("l1", "L1"),
    "soft_dice": Loss("soft_dice", "SoftDice", {"background": bool, "per_class": bool}),
    "wce": Loss("weighted_cross_entropy", "WeightedCrossEntropy", needs_frequencies=True),
}
OWN = "\nLOSS = "  # begins the line by which a module of this room says that it is a loss of its own name
SHARED = ("arithmetic", "weighted_sum")  # modules that decide the value of every expression


def own() -> dict[str, Loss]:
    """Return the losses found by being there: each module of this room with `LOSS = {"class": ..., "settings": {...}}`.

    The loss is called as its module; the settings stand with their defaults.
    Raises: InputError: if the line cannot be read.
    """
    files = [file for file in sorted(Path(__file__).parent.glob("*.py")) if file != Path(__file__)]
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    return {file.stem: _declared(file, text) for file, text in texts.items() if OWN in text}


def _declared(file: Path, text: str) -> Loss:
    assigned = {ast.unparse(n.targets[0]): n.value for n in ast.parse(text).body if isinstance(n, ast.Assign)}
    try:
        facts = ast.literal_eval(assigned["LOSS"])
        return Loss(file.stem, facts["class"], {name: type(one) for name, one in facts.get("settings", {}).items()})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f'{file}: LOSS must be written like {{"class": "Tversky", "settings": {{"alpha": 0.3}}}} ({error}).'
        ) from error


LOSSES = SHIPPED | own()


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
