"""What all recipes (algorithms of soft labels) share: checks of input, tensors as well as arrays, unlabelled voxels.

A recipe is a module with `VERSION`, `NEEDS_IMAGE`, `RATERS` ("one" or "many"), `KIND` ("computed" where it is cheap
enough to be made when it is needed, "mapped" where it mixes maps, "stored" otherwise), `SETTINGS` (each setting's
default), optionally `ALLOWED` (each setting's type, range and meaning in the words of JSON Schema, to which config is
held when it is read; without it, to the type of the default; `BELOW`: a setting -> the one it must be below) and the
functions `soften(labels, image, spacing_mm, *, classes, **settings)` and `is_normalised(**settings)`; a computed one
has `soften_batch` too. A mapped one has `MAP_SETTINGS`, `make_map` and `apply_map`, and, where its maps have numbers
that a reader should see, `map_facts` and `doubt` (see `superpixel`); one on another grid than its labels has `grid`;
one that reads shares kept through resampling has `NEEDS_SHARES = True`, and its `soften` takes `shares` (C, ...) or
None; one that counts voxels of its own has `NEEDS_VALID = True`, and its `soften` takes `valid` (...) bool or None; one
of many raters whose label is not the mean of theirs has `WEIGHS_RATERS = True`; one that needs a teacher's
probabilities (`training.teacher`) has `NEEDS_TEACHER = True`, and its `soften` takes `teacher` (C, ...) or None; where
it needs numbers of the whole training part, its `learn(pairs, classes)` returns them as further arguments of `soften`.
A stored one without an image may have `needed_around_mm(labels, spacing_mm, *, classes, settings)`: how many mm around
the structures give the labels of the whole image (inf: all of it); any recipe may have `soften_each`, which gives the
labels of several settings in one go (see `distance`). All but those with `NEEDS_VALID` see the labels of voxels that
nobody labelled filled in (`fill`).

The image of a recipe that reads one is that of `Case.intensities`: before normalisation unless the setting
`intensities` (of the map, or of the soft label where it has none) says `normalised`. The workflow takes this setting:
it is none of `SETTINGS`, and reaches no function of the recipe.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from softbench.checks import require_finite, require_label_map, require_same_shape, require_spacing
from softbench.errors import InputError

VERSION = 1
Soften = Callable[..., Any]


def one_rater(labels: np.ndarray, spacing_mm: Sequence[float], classes: int) -> np.ndarray:
    """Check labels (1, D, H, W) or (1, H, W) and return the label map without the rater axis.

    Raises: InputError: if there is more than one rater, an axis too few or many, an unknown class or a bad spacing.
    """
    many_raters(labels, spacing_mm, classes)
    if labels.shape[0] != 1:
        raise InputError(
            f"this recipe reads one rater, but `labels` holds {labels.shape[0]}. "
            "Choose one (labels[:1]) or use a recipe for many raters."
        )
    return labels[0]


def many_raters(labels: np.ndarray, spacing_mm: Sequence[float], classes: int) -> np.ndarray:
    """Check labels (R, D, H, W) or (R, H, W) and return them.

    Raises: InputError: if there is no rater, an axis too few or many, an unknown class or a bad spacing.
    """
    if labels.ndim not in (3, 4) or len(labels) == 0:
        raise InputError(
            f"`labels` must be (R, D, H, W) or (R, H, W), rater first, but its shape is {labels.shape}. "
            "Give a single label map as labels[None]."
        )
    if not (isinstance(classes, int | np.integer) and classes >= 2):
        raise InputError(f"`classes` must be a whole number of at least 2, background included, but is {classes!r}.")
    require_spacing(spacing_mm, labels.ndim - 1)
    require_label_map("labels", labels, classes)
    return labels


def require_image(image: np.ndarray | None, labels: np.ndarray) -> np.ndarray:
    """Return the image (M, ...) as float32; raise if it is missing, on another grid, or not finite."""
    if image is None:
        raise InputError("this recipe reads the image as well as the labels, but `image` is None.")
    require_same_shape("image", image.shape[1:], "labels", labels.shape)
    require_finite("image", image)
    return np.asarray(image, np.float32)


def for_tensors_too(soften: Soften) -> Soften:
    """Let a `soften` that works on arrays take tensors as well: tensor in, tensor out, on the same device."""

    @functools.wraps(soften)
    def accept(labels: Any, image: Any, spacing_mm: Sequence[float], **settings: Any) -> Any:
        if not hasattr(labels, "detach"):
            return soften(labels, image, spacing_mm, **settings)
        import torch

        pixels = None if image is None else image.detach().cpu().numpy()
        soft = soften(labels.detach().cpu().numpy(), pixels, spacing_mm, **settings)
        return torch.from_numpy(soft).to(labels.device)

    return accept


def batched(soften: Soften) -> Soften:
    """Return `soften` for a batch: labels (B, R, ...) and images (B, M, ...) or None give (B, C, ...)."""

    @functools.wraps(soften)
    def soften_batch(labels: Any, images: Any, spacing_mm: Sequence[float], **settings: Any) -> Any:
        pairs = zip(labels, [None] * len(labels) if images is None else images, strict=True)
        soft = [soften(raters, image, spacing_mm, **settings) for raters, image in pairs]
        if not hasattr(labels, "detach"):
            return np.stack(soft)
        import torch

        return torch.stack(soft)

    return soften_batch


def fill(labels: np.ndarray, valid: np.ndarray, spacing_mm: Sequence[float]) -> np.ndarray:
    """Give each voxel that is not valid the label of the nearest valid one, so that softening sees no edge there.

    Args:
        labels: (R, D, H, W) or (R, H, W), class ids; what stands at voxels that are not valid does not matter.
        valid: (D, H, W) or (H, W) bool.
        spacing_mm: one number an axis; "nearest" is in mm.
    Returns: labels of the same shape and type.
    Raises: InputError: if the grids differ, or no voxel is valid.
    """
    from scipy import ndimage

    require_same_shape("valid", valid.shape, "labels", labels.shape[1:])
    if not valid.any():
        raise InputError("no voxel is valid: the case has no label at all. Leave it out of the split.")
    nearest = ndimage.distance_transform_edt(
        ~valid, sampling=tuple(spacing_mm), return_distances=False, return_indices=True
    )
    filled: np.ndarray = labels[(slice(None), *nearest)]
    return filled
