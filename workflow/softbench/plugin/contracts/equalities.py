"""Contracts on what must be the same by two ways: tensors, flips, turns, batches, maps, raters."""

from types import ModuleType
from typing import Any

import numpy as np

from softbench.plugin.contracts.contract import Contract, require, require_close, require_refused, softened
from softbench.plugin.contracts.small_case import CLASSES, SmallCase


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
    for one, labels in zip(soft, members, strict=True):
        require_close(one, softened(recipe, case, labels=labels), 1e-6, said)
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
    """Two raters give the mean of each, or are refused by a recipe of one."""
    stack = np.concatenate([case.labels, np.roll(case.labels, 1, axis=-1)])
    if recipe.RATERS == "one":
        hint = "Take the label map by `one_rater(labels, spacing_mm, classes)`."
        require_refused(recipe, case, "one rater", f"Of two raters: {hint}", labels=stack)
        return
    each = [softened(recipe, case, labels=stack[r : r + 1]) for r in (0, 1)]
    require_close(softened(recipe, case, labels=stack), np.mean(each, axis=0), 1e-6, "two raters are not their mean")


def settings(recipe: ModuleType, case: SmallCase) -> None:
    """An unknown setting is refused by Python itself."""
    try:
        softened(recipe, case, no_such_setting=1)
    except TypeError as error:
        require("no_such_setting" in str(error), f"it says {str(error)!r}, which lacks the setting's name.")
        return
    require(False, "soften takes an unknown setting without a word. Name each setting in its signature, no **settings.")


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


CONTRACTS = (
    Contract("tensors", tensors),
    Contract("flips", flips, _directed),
    Contract("quarter turns", quarter_turns, _directed),
    Contract("batches", batches, _not_computed),
    Contract("maps", maps, _makes_no_map),
    Contract("raters", raters),
    Contract("unknown setting", settings),
)
