"""What is tried: lines of soft labels, each of one recipe over the values of one setting, and which recipes can be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from softbench.errors import InputError
from softbench.soft_labels.load import load, made

VERSION = 1
OTHERS = "others"  # the line that is no recipe: the mean of the other raters itself, the best there can be
ONE_HOT = "one_hot"  # the line that all are compared with


@dataclass(frozen=True)
class Line:
    """A recipe over the values of a setting; a line of the figure.

    name: its key. recipe: the module, "" of the other raters' mean. settings: that all values share. over: the setting
    that varies, "" where none does. values: of it. unit: in which figures show it: mm, voxels, or another word.
    """

    name: str
    recipe: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    over: str = ""
    values: tuple[float, ...] = ()
    unit: str = ""

    @property
    def trials(self) -> list[dict[str, Any]]:
        """The settings of each soft label of the line; one without settings where nothing varies."""
        if not self.over:
            return [dict(self.settings)]
        return [{**self.settings, self.over: value} for value in self.values]


def lines(sweeps: Mapping[str, Mapping[str, Any]], recipes: Sequence[str]) -> list[Line]:
    """Return the lines of a study: those of config, and one with its defaults for each recipe that config names not.

    Args:
        sweeps: of config, by name: recipe, settings, over, values, unit.
        recipes: that have a rule.
    """
    named = [Line(name, **{**entry, "values": tuple(entry.get("values", ()))}) for name, entry in sweeps.items()]
    known = {line.recipe for line in named}
    return [Line(OTHERS, ""), *named, *(Line(recipe, recipe) for recipe in recipes if recipe not in known)]


def reason_against(recipe: str, *, has_image: bool) -> str | None:
    """Return why a recipe is not in a study, None where it is.

    Args:
        recipe: its name; of one that is a program there is no module.
        has_image: whether the cases have images.
    """
    try:
        module = load(recipe)
    except InputError:
        return "it is a program of another language, which the study does not call"
    if hasattr(module, "SWAPS"):
        return "it takes labels or images of other cases"
    if getattr(module, "NEEDS_SHARES", False):
        return "it reads labels kept soft through resampling, and nothing is resampled here"
    if getattr(module, "NEEDS_TEACHER", False):
        return "it needs networks that were trained"
    if module.NEEDS_IMAGE and not has_image:
        return "it reads the image, and there are label maps alone"
    return None


def soften(
    line: Line, labels: np.ndarray, image: np.ndarray | None, spacing_mm: Sequence[float], *, classes: int, case: str
) -> Iterator[np.ndarray]:
    """Give the soft labels of a line, (C, ...) float32 on the grid of the labels, made from one rater.

    A label whose classes do not sum to 1 is divided by their sum; one of a coarser grid is repeated over its windows.

    Args:
        line: of a recipe.
        labels: (1, ...) class ids of the rater.
        image: (M, ...) or None.
        spacing_mm: of the axes.
        classes: number of classes.
        case: its id, for messages.
    Raises: InputError: naming the case and the module, if the recipe breaks its contract.
    """
    module = load(line.recipe)
    settings = [{**module.SETTINGS, **trial} for trial in line.trials]
    given = {"classes": classes, "spacing_mm": spacing_mm}
    shared = iter(_together(module, labels, image, settings, given, case))
    for trial in settings:
        grid = module.grid(labels.shape[1:], factor=trial["factor"]) if hasattr(module, "grid") else labels.shape[1:]
        soft = made(module, case, (classes, *grid), trial, lambda: next(shared))
        yield spread(normalised(soft) if not module.is_normalised(**trial) else soft, labels.shape[1:])


def _together(
    module: ModuleType,
    labels: np.ndarray,
    image: np.ndarray | None,
    settings: Sequence[dict[str, Any]],
    given: dict[str, Any],
    case: str,
) -> Iterator[np.ndarray]:
    """Give a recipe's labels for several settings; what they share (maps, distances) is made once."""
    if hasattr(module, "soften_each"):
        yield from module.soften_each(labels, given["spacing_mm"], classes=given["classes"], settings=settings)
        return
    maps: dict[str, Any] = {}
    for trial in settings:
        if module.KIND != "mapped":
            yield module.soften(labels, image, given["spacing_mm"], classes=given["classes"], **trial)
            continue
        of_map = {name: trial[name] for name in module.MAP_SETTINGS if name in trial}
        rest = {name: value for name, value in trial.items() if name not in of_map}
        if (key := repr(of_map)) not in maps:
            maps = {key: module.make_map(labels, image, case=case, **given, **of_map)}
        yield module.apply_map(labels, maps[key], **given, **rest)


def normalised(soft: np.ndarray) -> np.ndarray:
    """Return a soft label (C, ...) divided by its sum over classes; where that is 0, the background."""
    total = soft.sum(axis=0)
    result = soft / np.where(total > 0, total, 1)
    result[0, total == 0] = 1
    return result


def spread(soft: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Return a soft label (C, ...) on a finer grid: each voxel repeated over the window that it stands for.

    >>> spread(np.array([[0.5, 1.0]]), (3,)).tolist()
    [[0.5, 0.5, 1.0]]
    """
    for axis, length in enumerate(shape, start=1):
        if soft.shape[axis] != length:
            soft = np.repeat(soft, -(-length // soft.shape[axis]), axis)
    return soft[(slice(None), *(slice(length) for length in shape))]
