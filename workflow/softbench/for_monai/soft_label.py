"""Soft labels as transforms of MONAI: `SoftLabel` of label maps, `SoftLabeld` of those in a dictionary."""

import inspect
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.config.type_definitions import KeysCollection
from monai.data.meta_obj import get_track_meta
from monai.data.meta_tensor import MetaTensor
from monai.transforms.transform import MapTransform, Transform
from monai.utils.enums import TransformBackends

from softbench import resolution, soft_labels
from softbench.errors import InputError, listed, meant
from softbench.for_monai.grids import affine_of, as_array, class_ids, spacing_of
from softbench.soft_labels.contract import fill
from softbench.soft_labels.load import load

VERSION = None  # calls recipes
ARRAYS = ("valid", "teacher", "shares")  # what a recipe may read besides labels and image; none is a setting


class SoftLabel(Transform):
    """Turn the label maps of a case into its soft label, by any recipe of `softbench.soft_labels`.

    What it gives is what `soft_labels.<recipe>.soften` gives for the same labels, image, spacing and settings. It draws
    no random numbers of its own. A network's trainer would use it before random crops, so that no edge of a crop
    changes the label, and an image-aware recipe before the image is normalised, as the trainer of this package does.

    Args:
        recipe: its name, e.g. "svls"; `soft_labels.names()` lists them.
        classes: number of classes C, background included.
        spacing_mm: one number an axis, in the order of the array's axes. None: that of the labels' affine.
        settings: of the recipe, by name, e.g. `sigma=2.0`; those left out take its defaults (`recipe(name).SETTINGS`).
    Raises: InputError: if there is no such recipe or setting, or the recipe takes labels or image from another case.

    >>> import torch
    >>> from softbench.for_monai import SoftLabel
    >>> labels = torch.zeros(1, 4, 6)  # channel first: one rater
    >>> labels[0, :, 3:] = 1
    >>> soften = SoftLabel("ls", classes=2, spacing_mm=(1.0, 1.0), alpha=0.2)
    >>> soft = soften(labels)
    >>> print(tuple(soft.shape), [round(float(share), 2) for share in soft[1, 0]])
    (2, 4, 6) [0.1, 0.1, 0.1, 0.9, 0.9, 0.9]
    """

    backend = [TransformBackends.NUMPY]  # noqa: RUF012  (as MONAI declares it)

    def __init__(
        self, recipe: str, *, classes: int, spacing_mm: Sequence[float] | None = None, **settings: Any
    ) -> None:
        """Take the recipe and what it needs; see the class."""
        module = soft_labels.recipe(recipe)
        if hasattr(module, "SWAPS"):
            raise InputError(
                f"the recipe {recipe!r} takes the {module.SWAPS} of another case, which a transform of one case does "
                f"not have. Call `soft_labels.{recipe}.soften` with both."
            )
        if "intensities" in settings:
            raise InputError(
                "`intensities` is a setting of the workflow: this transform hands over the image as it comes. "
                "Put it before the transform that normalises the image for what the workflow calls `prepared`."
            )
        parameters = inspect.signature(module.soften).parameters.values()
        named = [one.name for one in parameters if one.kind is one.KEYWORD_ONLY and one.name != "classes"]
        self.taken = tuple(name for name in named if name in ARRAYS)
        known = [name for name in named if name not in ARRAYS]
        for name in settings:
            if name not in known:
                said = f"the recipe {recipe!r} has no setting {name!r}; its settings: {listed(name, known)}."
                raise InputError(f"{said}{meant(name, known)}")
        if classes < 2:
            raise InputError(f"`classes` of {recipe!r} must be at least 2, background included, but is {classes!r}.")
        self.recipe, self.classes, self.settings = recipe, classes, settings
        self.spacing_mm = None if spacing_mm is None else tuple(spacing_mm)
        self.needs_image = bool(module.NEEDS_IMAGE)

    def __call__(self, data: Any, image: Any = None, **arrays: Any) -> torch.Tensor:
        """Return the soft label of a case.

        Args:
            data: label maps, (1, ...) class ids, or (R, ...) one label map a rater for recipes of many; 2-D or 3-D.
                Floats must be whole numbers.
            image: (M, ...), for recipes that read it.
            arrays: `valid` (1, ...), voxels that somebody labelled: others take the label of the nearest; `teacher`
                (C, ...) probabilities and `shares` (C, ...), for recipes that take them.
        Returns: (C, ...) float32 on the labels' device; a MetaTensor with their metadata where they are one. Its affine
            is theirs, of a recipe on a coarser grid (`epd`) that of its voxels.
        Raises: InputError: as the recipe, whose name and settings the message begins with; or if nothing says how far
            apart voxels are.
        """
        try:
            soft = torch.from_numpy(self._soften(data, image, arrays)).to(getattr(data, "device", "cpu"))
        except InputError as error:
            raise InputError(f"soft label {self}: {error}") from error
        if not (isinstance(data, MetaTensor) and get_track_meta()):
            return soft
        result = MetaTensor(soft)
        result.copy_meta_from(data)  # type: ignore[no-untyped-call]
        if "factor" in getattr(load(self.recipe), "SETTINGS", {}):
            result.affine = data.affine @ self._coarser(data.ndim - 1, len(data.affine))
        return result

    def __str__(self) -> str:
        """Return the recipe as it was asked for: `svls (sigma=2.0)`."""
        chosen = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"{self.recipe} ({chosen})" if chosen else self.recipe

    def _soften(self, labels: Any, image: Any, arrays: Mapping[str, Any]) -> np.ndarray:
        module = load(self.recipe)
        stack, spacing = class_ids("labels", labels), self._spacing(labels)
        given = {name: as_array(array) for name, array in arrays.items() if array is not None}
        for name in given:
            if name not in self.taken and name != "valid":
                raise InputError(f"this recipe takes no `{name}`; it takes {listed(name, ('valid', *self.taken))}.")
        if "valid" in given:
            given["valid"] = _one_channel("valid", given["valid"], stack.shape) != 0
            if "valid" not in self.taken:
                stack = fill(stack, given.pop("valid"), spacing)
        pixels = as_array(image) if self.needs_image and image is not None else None
        soft: np.ndarray = module.soften(stack, pixels, spacing, classes=self.classes, **self.settings, **given)
        return soft

    def _spacing(self, labels: Any) -> tuple[float, ...]:
        affine = affine_of(labels)
        if self.spacing_mm is not None:
            return self.spacing_mm
        if affine is None:
            raise InputError(
                "the labels carry no affine, so that the distance of voxels is unknown. Give `spacing_mm`, "
                "or a MetaTensor, as LoadImaged makes it."
            )
        return spacing_of(affine, labels.ndim - 1)

    def _coarser(self, dims: int, size: int) -> torch.Tensor:
        """Return what takes an index of the coarser grid to one of the labels' grid: to the centre of its window."""
        factor = self.settings.get("factor", load(self.recipe).SETTINGS["factor"])
        steps = torch.eye(size, dtype=torch.float64)
        for axis, step in enumerate(resolution.factors(factor, dims)):
            steps[axis, axis], steps[axis, -1] = step, (step - 1) / 2
        return steps


def _one_channel(name: str, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if array.shape != (1, *shape[1:]):
        raise InputError(f"`{name}` must be {(1, *shape[1:])}, channel first, but its shape is {array.shape}.")
    one: np.ndarray = array[0]
    return one


class SoftLabeld(MapTransform):
    """`SoftLabel` for dictionaries: adds the soft label of each label map under a key of its own.

    Args:
        keys: of the label maps, (1, ...) or (R, ...).
        recipe, classes, spacing_mm, settings: as `SoftLabel`.
        image_key: of the image, for recipes that read it.
        valid_key, teacher_key, shares_key: of further arrays, see `SoftLabel`.
        postfix: the soft label of `label` gets the key `label_soft`; "" puts it in the place of the label map.
        allow_missing_keys: whether a dictionary may lack some of `keys`.
    Raises: InputError: as `SoftLabel`; or if a recipe that reads the image has no `image_key`, or a dictionary lacks
        what such a key names.

    >>> import torch
    >>> from softbench.for_monai import SoftLabeld
    >>> labels = torch.zeros(1, 4, 6)
    >>> labels[0, :, 3:] = 1
    >>> soften = SoftLabeld("label", "svls", classes=2, spacing_mm=(1.0, 1.0), sigma=1.0)
    >>> case = soften({"label": labels})
    >>> print(sorted(case), tuple(case["label_soft"].shape))
    ['label', 'label_soft'] (2, 4, 6)
    """

    backend = SoftLabel.backend

    def __init__(
        self,
        keys: KeysCollection,
        recipe: str,
        *,
        classes: int,
        image_key: Hashable | None = None,
        valid_key: Hashable | None = None,
        teacher_key: Hashable | None = None,
        shares_key: Hashable | None = None,
        spacing_mm: Sequence[float] | None = None,
        postfix: str = "_soft",
        allow_missing_keys: bool = False,
        **settings: Any,
    ) -> None:
        """Take the keys, the recipe and what it needs; see the class."""
        super().__init__(keys, allow_missing_keys)
        self.soften = SoftLabel(recipe, classes=classes, spacing_mm=spacing_mm, **settings)
        if self.soften.needs_image and image_key is None:
            raise InputError(f"the recipe {recipe!r} reads the image: give its key as `image_key`.")
        named = {"image": image_key, "valid": valid_key, "teacher": teacher_key, "shares": shares_key}
        self.others = {name: key for name, key in named.items() if key is not None}
        self.postfix = postfix

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Return the dictionary with the soft labels in it."""
        case = dict(data)
        for name, key in self.others.items():
            if key not in case:
                raise InputError(
                    f"soft label {self.soften}: there is no {key!r}, the `{name}_key`, among {list(case)}."
                )
        others = {name: case[key] for name, key in self.others.items()}
        for key in self.key_iterator(case):
            case[f"{key}{self.postfix}" if self.postfix else key] = self.soften(case[key], **others)
        return case
