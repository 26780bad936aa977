"""What every recipe must hold: one function a contract, run by `softbench check NAME` and by `tests/contracts`.

First what a soft label holds (shape, type, range, sums), then what must be the same by two ways (tensors, flips, turns,
batches, maps, raters), then bad input, which is refused with an `InputError` that says what was found.
The small cases have a few hundred voxels, in 2-D and 3-D, with an absent class and unequal spacing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from softbench.errors import InputError
from softbench.soft_labels.maps import SETTING

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


def expected_grid(recipe: ModuleType, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the grid of a soft label: that of its labels, but for a recipe with a `grid` of its own."""
    return tuple(recipe.grid(shape, **recipe.SETTINGS)) if hasattr(recipe, "grid") else tuple(shape)


def require(holds: bool, text: str) -> None:
    """Raise `ContractError` unless something holds."""
    if not holds:
        raise ContractError(text)


def require_close(given: Any, expected: Any, tolerance: float, text: str) -> None:
    """Raise `ContractError` unless two arrays have one shape and differ by no more than the tolerance."""
    given, expected = np.asarray(given), np.asarray(expected)
    require(given.shape == expected.shape, f"{text}: the shapes are {given.shape} and {expected.shape}.")
    difference = float(np.abs(given.astype(np.float64) - expected).max(initial=0))
    require(difference <= tolerance, f"{text}: they differ by up to {difference:.3g}.")


def require_refused(recipe: ModuleType, case: SmallCase, words: str, hint: str, **changes: Any) -> None:
    """Raise `ContractError` unless the recipe raises an `InputError` with `words` in its text."""
    try:
        softened(recipe, case, **changes)
    except InputError as error:
        require(words in str(error), f"it says {str(error)!r}, which lacks {words!r}. {hint}")
        return
    raise ContractError(f"it took them without an error. {hint}")


ALLOWED = {"RATERS": ("one", "many"), "KIND": ("computed", "mapped", "stored"), "NEEDS_IMAGE": (True, False)}
CHECK_LABELS = "Take the label map by `one_rater(labels, spacing_mm, classes)`, which checks."
CHECK_IMAGE = "Take the image by `require_image(image, label_map)`, which checks."
THIN = ((1, 6, 7), (6, 1, 7), (2, 2, 2), (4, 4, 4))  # voxels


def constants(recipe: ModuleType, case: SmallCase) -> None:
    """The constants are there, and `is_normalised` takes the settings."""
    for name, allowed in ALLOWED.items():
        value = getattr(recipe, name, None)
        options = " or ".join(map(repr, allowed))
        require(value in allowed, f"{name} is {value!r}. Set it to {options} at the top of the module.")
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
    shape = (CLASSES, *expected_grid(recipe, case.labels.shape[1:]))
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
    for shape in THIN if case.dims == 3 else [shape[1:] for shape in THIN]:
        labels = np.zeros((1, *shape), np.uint8)
        labels[0][tuple(slice(0, -(-n // 2)) for n in shape)] = 1
        image = np.random.default_rng(0).normal(size=(1, *shape)).astype(np.float32)
        soft = softened(recipe, case, labels=labels, image=image, spacing_mm=(1.0,) * len(shape))
        expected = (CLASSES, *expected_grid(recipe, shape))
        require(soft.shape == expected, f"on a grid of {shape} the shape is {soft.shape}, but must be {expected}.")
        require(bool(np.isfinite(soft).all() and soft.min() >= 0), f"on a grid of {shape} values are NaN or negative.")


def _has_own_grid(recipe: ModuleType) -> str:
    return "has a coarser grid" if hasattr(recipe, "grid") else ""


def tensors(recipe: ModuleType, case: SmallCase) -> None:
    """A tensor gives what an array gives, as a tensor."""
    import torch

    soft = softened(recipe, case, labels=torch.from_numpy(case.labels), image=torch.from_numpy(case.image))
    hint = "Put `@for_tensors_too` over soften."
    require(isinstance(soft, torch.Tensor), f"a tensor gives {type(soft).__name__}. {hint}")
    require_close(soft.numpy(), softened(recipe, case), 1e-6, f"tensor and array do not give the same. {hint}")


def flips(recipe: ModuleType, case: SmallCase) -> None:
    """Flipped labels give the flipped soft label."""
    flipped = softened(recipe, case, labels=np.flip(case.labels, -1).copy(), image=None)
    said = "flipped labels do not give the flipped soft label; where that is meant, declare `DIRECTED = True`"
    require_close(flipped, np.flip(softened(recipe, case, image=None), -1), 1e-6, said)


def quarter_turns(recipe: ModuleType, case: SmallCase) -> None:
    """Turned labels of equal spacing give the turned soft label."""
    even: dict[str, Any] = {"image": None, "spacing_mm": (1.0,) * case.dims}
    turned = softened(recipe, case, labels=np.rot90(case.labels, axes=(-2, -1)).copy(), **even)
    said = "turned labels do not give the turned soft label; where that is meant, declare `DIRECTED = True`"
    require_close(turned, np.rot90(softened(recipe, case, **even), axes=(-2, -1)), 1e-6, said)


def batches(recipe: ModuleType, case: SmallCase) -> None:
    """`soften_batch` gives what `soften` gives of each member, for arrays and tensors."""
    import torch

    members = np.stack([case.labels, np.roll(case.labels, 2, axis=-1)])
    images = np.stack([case.image, case.image])
    soft = recipe.soften_batch(members, images, case.spacing_mm, classes=CLASSES)
    said = "soften_batch and soften do not give the same; write `soften_batch = batched(soften)` below soften"
    for member, labels in zip(soft, members, strict=True):
        require_close(member, softened(recipe, case, labels=labels), 1e-6, said)
    pair = torch.from_numpy(members), torch.from_numpy(images)
    require_close(recipe.soften_batch(*pair, case.spacing_mm, classes=CLASSES).numpy(), soft, 1e-6, said)


def maps(recipe: ModuleType, case: SmallCase) -> None:
    """A mapped recipe is its map and its mixture."""
    of_map = {name: recipe.SETTINGS[name] for name in recipe.MAP_SETTINGS}
    rest = {name: value for name, value in recipe.SETTINGS.items() if name not in of_map}
    arrays = recipe.make_map(case.labels, case.image, case.spacing_mm, classes=CLASSES, case="", **of_map)
    mixed = recipe.apply_map(case.labels, arrays, spacing_mm=case.spacing_mm, classes=CLASSES, **rest)
    require_close(mixed, softened(recipe, case), 0, "soften is not apply_map of make_map")


def raters(recipe: ModuleType, case: SmallCase) -> None:
    """Two raters give the mean of each (unless the recipe weighs them), or are refused by a recipe of one."""
    stack = np.concatenate([case.labels, np.roll(case.labels, 1, axis=-1)])
    if recipe.RATERS == "one":
        hint = "Take the label map by `one_rater(labels, spacing_mm, classes)`."
        require_refused(recipe, case, "one rater", f"Of two raters: {hint}", labels=stack)
        return
    if getattr(recipe, "WEIGHS_RATERS", False):
        softened(recipe, case, labels=stack)
        return
    apart = [softened(recipe, case, labels=stack[r : r + 1]) for r in (0, 1)]
    require_close(softened(recipe, case, labels=stack), np.mean(apart, axis=0), 1e-6, "two raters are not their mean")


def settings(recipe: ModuleType, case: SmallCase) -> None:
    """An unknown setting is refused by Python itself."""
    try:
        softened(recipe, case, no_such_setting=1)
    except TypeError as error:
        require("no_such_setting" in str(error), f"it says {str(error)!r}, which lacks the setting's name.")
        return
    raise ContractError(
        "soften takes an unknown setting without an error. Name each setting in its signature, no **settings."
    )


def _directed(recipe: ModuleType) -> str:
    if recipe.NEEDS_IMAGE:
        return "reads the image, where a direction may be meant"
    if hasattr(recipe, "grid"):
        return "has a coarser grid"
    return "declares a direction" if getattr(recipe, "DIRECTED", False) else ""


def _not_computed(recipe: ModuleType) -> str:
    return "" if recipe.KIND == "computed" else "made once for the data set, not in the loader"


def _makes_no_map(recipe: ModuleType) -> str:
    return "" if recipe.KIND == "mapped" else "makes no map"


def unknown_class(recipe: ModuleType, case: SmallCase) -> None:
    """An id beyond the classes is named with its count."""
    wrong = case.labels.copy()
    wrong.flat[:3] = 9
    require_refused(recipe, case, "{9: 3}", f"Of labels with an unknown class: {CHECK_LABELS}", labels=wrong)


def float_labels(recipe: ModuleType, case: SmallCase) -> None:
    """Labels that are no integers are refused."""
    require_refused(recipe, case, "integers", f"Of float labels: {CHECK_LABELS}", labels=case.labels.astype(np.float32))


def spacing(recipe: ModuleType, case: SmallCase) -> None:
    """A spacing of another length, or of 0 mm, is refused."""
    for bad in (case.spacing_mm[:-1], (0.0, *case.spacing_mm[1:])):
        require_refused(recipe, case, "spacing_mm", f"Of the spacing {bad}: {CHECK_LABELS}", spacing_mm=bad)


def rater_axis(recipe: ModuleType, case: SmallCase) -> None:
    """Labels without the axis of raters are refused."""
    bare = case.labels[0, 0] if case.dims == 2 else case.labels[0, 0, 0]
    require_refused(recipe, case, "labels", f"Of labels without an axis of raters: {CHECK_LABELS}", labels=bare)


def image(recipe: ModuleType, case: SmallCase) -> None:
    """A missing image, one on another grid and one with NaN are refused."""
    damaged = case.image.copy()
    damaged.flat[0] = np.nan
    for what, bad, words in (
        ("no image", None, "is None"),
        ("an image on another grid", case.image[:, 1:], "one grid"),
        ("an image with NaN", damaged, "NaN"),
    ):
        require_refused(recipe, case, words, f"Of {what}: {CHECK_IMAGE}", image=bad)


def _reads_labels_alone(recipe: ModuleType) -> str:
    return "" if recipe.NEEDS_IMAGE else "looks at labels alone"


CONTRACTS = {
    contract.name: contract
    for contract in (
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
        Contract("tensors", tensors),
        Contract("flips", flips, _directed),
        Contract("quarter turns", quarter_turns, _directed),
        Contract("batches", batches, _not_computed),
        Contract("maps", maps, _makes_no_map),
        Contract("raters", raters),
        Contract("unknown setting", settings),
        Contract("unknown classes", unknown_class),
        Contract("float labels", float_labels),
        Contract("bad spacing", spacing),
        Contract("no rater axis", rater_axis),
        Contract("bad images", image, _reads_labels_alone),
    )
}
