"""What a contract of a recipe is, what breaks it, and the small cases that it is tried on.

The cases have a few hundred voxels, in 2-D and 3-D, with an absent class and unequal spacing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from softbench.errors import InputError

CLASSES = 4
SPACING_MM = {2: (0.8, 1.25), 3: (3.0, 0.8, 1.25)}


@dataclass(frozen=True)
class SmallCase:
    """Labels (1, ...) uint8 of the classes 0, 1 and 2 out of four, an image (2, ...) float32, a spacing in mm."""

    labels: np.ndarray
    image: np.ndarray
    spacing_mm: tuple[float, ...]

    @property
    def dims(self) -> int:
        """2 or 3."""
        return len(self.spacing_mm)


def small_case(dims: int) -> SmallCase:
    """Return a box of class 1 with a box of class 2 in it, 8 x 10 x 9 voxels or 10 x 9 pixels."""
    shape = (8, 10, 9)[-dims:]
    labels = np.zeros((1, *shape), np.uint8)
    labels[0][(slice(2, 6),) * dims] = 1
    labels[0][(slice(3, 5),) * dims] = 2
    image = np.random.default_rng(1).normal(size=(2, *shape)).astype(np.float32) + labels
    return SmallCase(labels, image, SPACING_MM[dims])


def small_cases() -> dict[str, SmallCase]:
    """Return the small cases by name."""
    return {f"{dims}-D": small_case(dims) for dims in (2, 3)}


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
    raise ContractError(f"it took them without an error. {hint}")
