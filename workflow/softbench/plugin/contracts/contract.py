"""The words of this room: a contract, what breaks it, and a recipe's answer to a small case."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from softbench.errors import InputError
from softbench.plugin.contracts.small_case import CLASSES, SmallCase


class ContractError(Exception):
    """A recipe breaks a contract; the text says what was found and what to do."""


def _always(recipe: ModuleType) -> str:
    return ""


@dataclass(frozen=True)
class Contract:
    """One thing that a recipe must hold.

    name: a few words; check: raises `ContractError` (or whatever the recipe raises) on a small case; left_out: why it
    does not apply to a recipe, or "".
    """

    name: str
    check: Callable[[ModuleType, SmallCase], None]
    left_out: Callable[[ModuleType], str] = _always


def softened(recipe: ModuleType, case: SmallCase, **changes: Any) -> Any:
    """Return what a recipe makes of a small case; `changes` replace `labels`, `image`, `spacing_mm` or add settings."""
    given = {"labels": case.labels, "image": case.image, "spacing_mm": case.spacing_mm} | changes
    labels, image, spacing_mm = (given.pop(name) for name in ("labels", "image", "spacing_mm"))
    return recipe.soften(labels, image, spacing_mm, classes=CLASSES, **given)


def grid_of(recipe: ModuleType, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the grid of a soft label: that of its labels, but for a recipe with a `grid` of its own."""
    return tuple(recipe.grid(shape, **recipe.SETTINGS)) if hasattr(recipe, "grid") else tuple(shape)


def require(holds: bool, text: str) -> None:
    """Raise `ContractError` unless something holds."""
    if not holds:
        raise ContractError(text)


def require_close(found: Any, expected: Any, tolerance: float, text: str) -> None:
    """Raise `ContractError` unless two arrays have one shape and differ by no more than the tolerance."""
    found, expected = np.asarray(found), np.asarray(expected)
    require(found.shape == expected.shape, f"{text}: the shapes are {found.shape} and {expected.shape}.")
    difference = float(np.abs(found.astype(np.float64) - expected).max(initial=0))
    require(difference <= tolerance, f"{text}: they differ by up to {difference:.3g}.")


def require_refused(recipe: ModuleType, case: SmallCase, words: str, hint: str, **changes: Any) -> None:
    """Raise `ContractError` unless the recipe raises an `InputError` with `words` in its text."""
    try:
        softened(recipe, case, **changes)
    except InputError as error:
        require(words in str(error), f"it says {str(error)!r}, which lacks {words!r}. {hint}")
        return
    raise ContractError(f"it took them without a word. {hint}")
