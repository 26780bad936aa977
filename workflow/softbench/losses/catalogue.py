"""Losses as config names them, and what a loss expression needs; imports no torch."""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from softbench.errors import InputError
from softbench.losses.expression import LEARNED, Loss, Reader, Setting, Term

VERSION = 1
SHIPPED = {  # name in config -> module of this room, class; settings stand in the module, as `ALLOWED`
    "ce": Loss("cross_entropy", "CrossEntropy"),
    "dice": Loss("dice", "Dice"),
    "dice_vnet": Loss("dice_vnet", "DiceVNet"),
    "focal": Loss("focal", "Focal"),
    "kl": Loss("kl_divergence", "KLDivergence"),
    "l1": Loss("l1", "L1"),
    "soft_dice": Loss("soft_dice", "SoftDice"),
    "wce": Loss("weighted_cross_entropy", "WeightedCrossEntropy", needs_frequencies=True),
}
TYPES: Mapping[str, type[Setting]] = {"number": float, "boolean": bool}  # of ALLOWED
OWN = "\nLOSS = "  # begins the line by which a module of this room says that it is a loss of its own name
SHARED = ("arithmetic", "weighted_sum")  # modules that decide the value of every expression


def own() -> dict[str, Loss]:
    """Return the losses found by being there: each module of this room with `LOSS = {"class": ..., "settings": {...}}`.

    The loss is called as its module; the settings stand with their defaults. What is allowed of them, a module may say
    in `ALLOWED`, as docs/extend.md shows.
    Raises: InputError: if a line cannot be read.
    """
    files = [file for file in sorted(Path(__file__).parent.glob("*.py")) if file != Path(__file__)]
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    return {file.stem: _declared(file, text) for file, text in texts.items() if OWN in text}


def _declared(file: Path, text: str) -> Loss:
    assigned = _assigned(text)
    try:
        facts = ast.literal_eval(assigned["LOSS"])
        types = {name: type(one) for name, one in facts.get("settings", {}).items()}
        return Loss(file.stem, facts["class"], types, allowed=_allowed(assigned))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f'{file}: LOSS must be written like {{"class": "Tversky", "settings": {{"alpha": 0.3}}}} ({error}).'
        ) from error


def _with_settings(loss: Loss) -> Loss:
    """Return a shipped loss with the settings that its module declares."""
    allowed = _allowed(_assigned((Path(__file__).parent / f"{loss.module}.py").read_text(encoding="utf-8")))
    return loss._replace(settings={name: TYPES[one["type"]] for name, one in allowed.items()}, allowed=allowed)


def _assigned(text: str) -> dict[str, ast.expr]:
    return {ast.unparse(n.targets[0]): n.value for n in ast.parse(text).body if isinstance(n, ast.Assign)}


def _allowed(assigned: Mapping[str, ast.expr]) -> dict[str, dict[str, Any]]:
    return ast.literal_eval(assigned["ALLOWED"]) if "ALLOWED" in assigned else {}


LOSSES = {name: _with_settings(loss) for name, loss in SHIPPED.items()} | own()


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
