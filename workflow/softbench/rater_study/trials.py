"""What is tried: lines of soft labels, each of one recipe over the values of one setting, and which recipes can be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from softbench import resolution
from softbench.errors import InputError
from softbench.soft_labels.load import load, made

VERSION = 2
OTHERS = "others"  # the line that is no recipe: the mean of the other raters itself, the best there can be
ONE_HOT = "one_hot"  # the line that all are compared with


@dataclass(frozen=True)
class Line:
    """A recipe over the values of a setting; a line of the figure.

    name: its key. recipe: the module, "" of the other raters' mean. settings: that all values share. over: the setting
    that varies, "" where none does. values: of it. unit: in which figures show it: mm, voxels, or another word.
    together: other settings that vary with it, each with as many values.
    """

    name: str
    recipe: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    over: str = ""
    values: tuple[float, ...] = ()
    unit: str = ""
    together: Mapping[str, Sequence[float]] = field(default_factory=dict)

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "Line":
        """Return the line of an entry that was plain JSON or YAML."""
        return cls(**{**entry, "values": tuple(entry.get("values", ()))})

    @property
    def trials(self) -> list[dict[str, Any]]:
        """The settings of each soft label of the line; one without settings where nothing varies."""
        if not self.over:
            return [dict(self.settings)]
        beside = [{name: values[n] for name, values in self.together.items()} for n in range(len(self.values))]
        return [{**self.settings, self.over: v, **rest} for v, rest in zip(self.values, beside, strict=True)]


def lines(sweeps: Mapping[str, Mapping[str, Any]], recipes: Sequence[str]) -> list[Line]:
    """Return the lines of a study: those of config, and one with its defaults for each recipe that config names not.

    Args:
        sweeps: of config, by name: recipe, settings, over, values, unit, together.
        recipes: that have a rule.
    """
    named = [Line.of({"name": name, **entry}) for name, entry in sweeps.items()]
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

    A label whose classes do not sum to 1 is divided by their sum; one of a coarser grid is repeated over its windows,
    which begin at the first voxel given.

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
        factor = _factor(module, trial, labels.ndim - 1)
        soft = made(module, case, (classes, *resolution.grid(labels.shape[1:], factor)), trial, lambda: next(shared))
        yield spread(normalised(soft) if not module.is_normalised(**trial) else soft, factor, labels.shape[1:])
        del soft  # two of them at a time would be most of what a process holds


def _factor(module: ModuleType, trial: Mapping[str, Any], dims: int) -> tuple[int, ...]:
    """Return how many voxels a voxel of the soft label stands for along each axis; more than 1 of a coarser grid."""
    return resolution.factors(trial["factor"] if hasattr(module, "grid") else 1, dims)


def windows(lines: Sequence[Line], dims: int) -> tuple[int, ...]:
    """Return the voxels along each axis after which windows of all coarser labels of these lines begin together."""
    steps = np.ones(dims, int)
    for line in (line for line in lines if line.recipe):
        module = load(line.recipe)
        for trial in line.trials:
            steps = np.lcm(steps, _factor(module, {**module.SETTINGS, **trial}, dims))
    return tuple(map(int, steps))


def needed_around_mm(line: Line, labels: np.ndarray, spacing_mm: Sequence[float], classes: int) -> float:
    """Return how many mm around the structures a line's recipe must be given beside them to make the whole image's
    label, in one piece; 0 where pieces do, inf where it needs all.

    Args:
        line: of a recipe, or the other raters' mean.
        labels: (R, ...) class ids, each of which a label is made from.
        spacing_mm: of the axes.
        classes: number of classes.
    """
    if not line.recipe or (module := load(line.recipe)).KIND != "stored":
        return 0.0
    if not hasattr(module, "needed_around_mm"):
        return float("inf")
    given = {"classes": classes, "settings": [{**module.SETTINGS, **trial} for trial in line.trials]}
    return max(float(module.needed_around_mm(rater[None], spacing_mm, **given)) for rater in labels)


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


def spread(soft: np.ndarray, factor: Sequence[int], shape: Sequence[int]) -> np.ndarray:
    """Return a soft label (C, ...) on a finer grid: each voxel repeated over the window that it stands for.

    Args:
        soft: (C, ...) on the coarser grid.
        factor: voxels of a window along each axis.
        shape: of the finer grid; the last window of an axis may end beyond it.

    >>> spread(np.array([[0.5, 0.25, 1.0]]), (2,), (5,)).tolist()
    [[0.5, 0.5, 0.25, 0.25, 1.0]]
    """
    for axis, step in enumerate(factor, start=1):
        if step > 1:
            soft = np.repeat(soft, step, axis)
    return soft[(slice(None), *(slice(length) for length in shape))]
