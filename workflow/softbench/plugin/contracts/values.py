"""Contracts on what a soft label holds: shape, type, range, sums, and what must survive softening."""

from types import ModuleType

import numpy as np

from softbench.plugin.contracts.contract import Contract, grid_of, require, require_close, softened
from softbench.plugin.contracts.small_case import CLASSES, SmallCase
from softbench.soft_labels.intensities import SETTING

ALLOWED = {"RATERS": ("one", "many"), "KIND": ("computed", "mapped", "stored"), "NEEDS_IMAGE": (True, False)}
THIN = ((1, 6, 7), (6, 1, 7), (2, 2, 2), (4, 4, 4))  # voxels


def constants(recipe: ModuleType, case: SmallCase) -> None:
    """The constants are there, and `is_normalised` takes the settings."""
    for name, allowed in ALLOWED.items():
        found = getattr(recipe, name, None)
        options = " or ".join(map(repr, allowed))
        require(found in allowed, f"{name} is {found!r}. Set it to {options} at the top of the module.")
    version = getattr(recipe, "VERSION", None)
    require(isinstance(version, int) and version >= 1, f"VERSION is {version!r}. Set it to 1, and raise it by 1 later.")
    reserved = f"SETTINGS names {SETTING!r}, which every recipe that reads the image has anyway. Rename yours."
    require(SETTING not in recipe.SETTINGS, reserved)
    answer = recipe.is_normalised(**recipe.SETTINGS)
    require(isinstance(answer, bool), f"is_normalised returns {answer!r}. Let it return True or False.")


def shape_type_range(recipe: ModuleType, case: SmallCase) -> None:
    """(C, ...) float32, finite, in [0, 1]."""
    soft = softened(recipe, case)
    require(isinstance(soft, np.ndarray), f"soften returns {type(soft).__name__}. Return an array (C, ...).")
    shape = (CLASSES, *grid_of(recipe, case.labels.shape[1:]))
    require(soft.shape == shape, f"the shape is {soft.shape}, but must be {shape}, class first.")
    require(soft.dtype == np.float32, f"the type is {soft.dtype}. Return `.astype(np.float32)`.")
    wrong = int(soft.size - np.isfinite(soft).sum())
    require(wrong == 0, f"{wrong} of {soft.size} values are NaN or infinite. Is something divided by 0?")
    low, high = float(soft.min()), float(soft.max())
    require(low >= 0 and high <= 1 + 1e-6, f"the values span {low:.6g} to {high:.6g}, but must lie in [0, 1].")


def sums(recipe: ModuleType, case: SmallCase) -> None:
    """The classes of a voxel sum to 1 where `is_normalised` says so."""
    total = np.asarray(softened(recipe, case)).sum(axis=0)
    low, high = float(total.min()), float(total.max())
    holds = max(1 - low, high - 1) <= 1e-5 or not recipe.is_normalised(**recipe.SETTINGS)
    require(
        holds,
        f"is_normalised says that the classes of a voxel sum to 1, but they sum to {low:.6g} to {high:.6g}. Divide by "
        "the sum over classes, or let is_normalised return False.",
    )


def defaults(recipe: ModuleType, case: SmallCase) -> None:
    """What `soften` does without settings is what it does with SETTINGS."""
    said = "soften without settings and with SETTINGS are not the same"
    require_close(softened(recipe, case), softened(recipe, case, **recipe.SETTINGS), 0, said)


def same_again(recipe: ModuleType, case: SmallCase) -> None:
    """The same input gives the same output; randomness comes from a `seed` among the settings."""
    said = "two calls with one input are not the same; take random numbers from a `seed` in SETTINGS"
    require_close(softened(recipe, case), softened(recipe, case), 0, said)


def inputs_untouched(recipe: ModuleType, case: SmallCase) -> None:
    """Labels and image stay as they were."""
    labels, image = case.labels.copy(), case.image.copy()
    softened(recipe, case, labels=labels, image=image)
    require((labels == case.labels).all(), "soften changes `labels`. Work on a copy.")
    require((image == case.image).all(), "soften changes `image`. Work on a copy.")


def all_background(recipe: ModuleType, case: SmallCase) -> None:
    """An image without a structure stays background."""
    _keeps(recipe, case, 0)


def one_class(recipe: ModuleType, case: SmallCase) -> None:
    """An image of one class keeps it."""
    _keeps(recipe, case, 2)


def _keeps(recipe: ModuleType, case: SmallCase, class_id: int) -> None:
    winner = softened(recipe, case, labels=np.full_like(case.labels, class_id)).argmax(axis=0)
    lost = int((winner != class_id).sum())
    require(lost == 0, f"where all is class {class_id}, another wins in {lost} of {winner.size} voxels.")


def single_voxel(recipe: ModuleType, case: SmallCase) -> None:
    """An object of one voxel keeps half of it, or what the recipe declares as SINGLE_VOXEL_KEEPS."""
    single = np.zeros_like(case.labels)
    centre = tuple(4 for _ in case.spacing_mm)
    single[(0, *centre)] = 1
    kept, least = float(softened(recipe, case, labels=single)[(1, *centre)]), getattr(recipe, "SINGLE_VOXEL_KEEPS", 0.5)
    require(
        kept >= least - 1e-6,
        f"an object of one voxel keeps {kept:.4g} of it, less than {least}: small lesions may be lost. Soften less, or "
        "declare what is left: `SINGLE_VOXEL_KEEPS = ...`.",
    )


def thin_and_small_grids(recipe: ModuleType, case: SmallCase) -> None:
    """Grids of one slice and of few voxels work."""
    for shape in THIN if case.dims == 3 else [one[1:] for one in THIN]:
        labels = np.zeros((1, *shape), np.uint8)
        labels[0][tuple(slice(0, -(-n // 2)) for n in shape)] = 1
        image = np.random.default_rng(0).normal(size=(1, *shape)).astype(np.float32)
        soft = softened(recipe, case, labels=labels, image=image, spacing_mm=(1.0,) * len(shape))
        expected = (CLASSES, *grid_of(recipe, shape))
        require(soft.shape == expected, f"on a grid of {shape} the shape is {soft.shape}, but must be {expected}.")
        require(bool(np.isfinite(soft).all() and soft.min() >= 0), f"on a grid of {shape} values are NaN or negative.")


def _has_own_grid(recipe: ModuleType) -> str:
    return "has a coarser grid" if hasattr(recipe, "grid") else ""


CONTRACTS = (
    Contract("constants", constants),
    Contract("shape and range", shape_type_range),
    Contract("sums to 1", sums),
    Contract("defaults", defaults),
    Contract("same again", same_again),
    Contract("inputs untouched", inputs_untouched),
    Contract("background", all_background),
    Contract("one class", one_class),
    Contract("single voxel", single_voxel, _has_own_grid),
    Contract("small grids", thin_and_small_grids),
)
