"""Which intensities a soft label sees: a setting of every map, and of every recipe without a map, that reads the image.

The setting says what the workflow hands over as `image`, so it never reaches `soften` or `make_map`.
"""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from softbench.checks import require_one_of
from softbench.datasets.case import INTENSITIES
from softbench.datasets.folder import Dataset

VERSION = 1
SETTING = "intensities"
DEFAULT = "prepared"  # as the authors of GeoLS run their script: on the published intensities, not the network's
ALLOWED = {"intensities": {"constant": "datasets/case.py:INTENSITIES", "description": "of the image that is seen"}}


def default(recipe: ModuleType) -> dict[str, str]:
    """Return the setting with its default for a recipe that reads the image, and nothing for one that does not."""
    return {SETTING: DEFAULT} if recipe.NEEDS_IMAGE else {}


def apart(settings: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return which intensities the settings ask for, and the settings that a recipe takes itself.

    Raises: InputError: if there are no such intensities.
    """
    kind = settings.get(SETTING, DEFAULT)
    require_one_of(SETTING, kind, INTENSITIES)
    return kind, {name: value for name, value in settings.items() if name != SETTING}


def hashes(dataset: Dataset, case: str, settings: Mapping[str, Any]) -> list[str]:
    """Return the hashes that decide what a recipe with these settings sees of a case.

    Args:
        dataset: a prepared dataset.
        case: id of the case.
        settings: complete; without the setting where the recipe reads no image.
    Raises: InputError: if they ask for intensities that the dataset does not keep.
    """
    of_case: str = dataset.manifest["cases"][case]
    return [of_case, dataset.prepared_hash(case)] if settings.get(SETTING) == "prepared" else [of_case]
