"""Contracts on bad input: it is refused with an `InputError` that says what was found."""

from types import ModuleType

import numpy as np

from softbench.plugin.contracts.contract import Contract, require_refused
from softbench.plugin.contracts.small_case import SmallCase

DOOR = "Take the label map by `one_rater(labels, spacing_mm, classes)`, which checks."
IMAGE_DOOR = "Take the image by `require_image(image, label_map)`, which checks."


def unknown_class(recipe: ModuleType, case: SmallCase) -> None:
    """An id beyond the classes is named with its count."""
    wrong = case.labels.copy()
    wrong.flat[:3] = 9
    require_refused(recipe, case, "{9: 3}", f"Of labels with an unknown class: {DOOR}", labels=wrong)


def float_labels(recipe: ModuleType, case: SmallCase) -> None:
    """Labels that are no integers are refused."""
    require_refused(recipe, case, "integers", f"Of float labels: {DOOR}", labels=case.labels.astype(np.float32))


def spacing(recipe: ModuleType, case: SmallCase) -> None:
    """A spacing of another length, or of 0 mm, is refused."""
    for bad in (case.spacing_mm[:-1], (0.0, *case.spacing_mm[1:])):
        require_refused(recipe, case, "spacing_mm", f"Of the spacing {bad}: {DOOR}", spacing_mm=bad)


def rater_axis(recipe: ModuleType, case: SmallCase) -> None:
    """Labels without the axis of raters are refused."""
    bare = case.labels[0, 0] if case.dims == 2 else case.labels[0, 0, 0]
    require_refused(recipe, case, "labels", f"Of labels without an axis of raters: {DOOR}", labels=bare)


def image(recipe: ModuleType, case: SmallCase) -> None:
    """A missing image, one on another grid and one with NaN are refused."""
    damaged = case.image.copy()
    damaged.flat[0] = np.nan
    for what, bad, words in (
        ("no image", None, "is None"),
        ("an image on another grid", case.image[:, 1:], "one grid"),
        ("an image with NaN", damaged, "NaN"),
    ):
        require_refused(recipe, case, words, f"Of {what}: {IMAGE_DOOR}", image=bad)


def _reads_labels_alone(recipe: ModuleType) -> str:
    return "" if recipe.NEEDS_IMAGE else "looks at labels alone"


CONTRACTS = (
    Contract("unknown classes", unknown_class),
    Contract("float labels", float_labels),
    Contract("bad spacing", spacing),
    Contract("no rater axis", rater_axis),
    Contract("bad images", image, _reads_labels_alone),
)
