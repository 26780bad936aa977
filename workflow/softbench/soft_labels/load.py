"""The module of a recipe, imported, and its soft label of a case, checked; a fault is told with file and line."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from softbench.errors import InputError, explain_error, import_file, short

VERSION = None  # imports by name
FOLDER = Path(__file__).parent


def load(recipe: str) -> ModuleType:
    """Import the module of a recipe.

    Raises: InputError: if it is missing or cannot be imported; the message names file, line and cause.
    """
    path = FOLDER / f"{recipe}.py"
    if not path.exists():
        raise InputError(f"there is no recipe {recipe!r}: {short(path)} is missing.")
    return import_file(path)


def made(
    module: ModuleType, case: str, shape: tuple[int, ...], settings: Mapping[str, Any], make: Callable[[], np.ndarray]
) -> np.ndarray:
    """Return the soft label (C, ...) of a case; a broken contract, or a crash, names the case and the module.

    Args:
        module: the recipe.
        case: its id.
        shape: what the soft label must have.
        settings: of the recipe, which say whether classes sum to 1.
        make: calls the recipe.
    Raises: InputError: as `check`, and for whatever the recipe raises.
    """
    path = Path(str(module.__file__))
    hint = f"Fix {short(path)}: `softbench check {path.stem}` tries it in seconds."
    try:
        soft = make()
    except (InputError, MemoryError):
        raise
    except Exception as error:
        raise InputError(f"case {case}: soften stopped with {explain_error(error, path)}. {hint}") from error
    try:
        check(soft, case, shape, module.is_normalised(**settings))
    except InputError as error:
        raise InputError(f"{error} {hint}") from None
    return soft


def check(soft: np.ndarray, case: str, shape: tuple[int, ...], normalised: bool) -> None:
    """Raise an InputError that names the case if a soft label has another shape or type, leaves [0, 1], or does not sum
    to 1 where it should.

    Args:
        soft: (C, ...).
        case: its id.
        shape: what the soft label must have.
        normalised: whether the classes of a voxel must sum to 1, within 1e-5.
    """
    if not isinstance(soft, np.ndarray) or soft.dtype != np.float32:
        found = soft.dtype if isinstance(soft, np.ndarray) else type(soft).__name__
        raise InputError(f"case {case}: the soft label must be an array of float32, but is {found}.")
    if soft.shape != shape:
        raise InputError(f"case {case}: the soft label has the shape {soft.shape}, but must have {shape} (C, ...).")
    if not np.isfinite(soft).all() or soft.min() < -1e-6 or soft.max() > 1 + 1e-6:  # the span of NaN is nan to nan
        raise InputError(f"case {case}: the soft label must lie in [0, 1], but spans {soft.min()} to {soft.max()}.")
    error = float(np.abs(soft.sum(axis=0) - 1).max())
    if normalised and error > 1e-5:
        raise InputError(f"case {case}: the soft label must sum to 1 over classes, but is off by up to {error:.3g}.")
