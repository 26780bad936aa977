"""What nnU-Net's data loader and augmentation are given, so that they carry the channels of a soft target."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from batchgeneratorsv2.transforms.base.basic_transform import BasicTransform
from batchgeneratorsv2.transforms.utils.compose import ComposeTransforms
from batchgeneratorsv2.transforms.utils.deep_supervision_downsampling import DownsampleSegForDSTransform

from softbench.for_nnunet import targets

VERSION = 1


class Joined:
    """The image of a case and, behind its channels, those of its target, as one array that is read where it is sliced.

    nnU-Net's loader crops it like an image: outside it pads with 0, which is background in a target's channels.
    """

    def __init__(self, image: Any, codes: Any) -> None:
        """Take (M, ...) and (K, ...) arrays of one grid, from memory or blosc2."""
        self.image, self.codes = image, codes
        self.shape = (image.shape[0] + codes.shape[0], *image.shape[1:])
        self.ndim, self.dtype = len(self.shape), np.dtype(np.float32)

    def __getitem__(self, index: Any) -> np.ndarray:
        """Return a part of all channels, float32; the first index is `:`."""
        soft = np.asarray(self.codes[index], np.float32) / targets.ONE
        return np.concatenate([np.asarray(self.image[index], np.float32), soft])


class WithTargets:
    """A data set of nnU-Net whose cases have their targets behind the image's channels."""

    def __init__(self, cases: Any, folder: Path) -> None:
        """Take nnU-Net's data set, and the folder of the targets."""
        self.cases, self.folder = cases, folder
        self.identifiers = cases.identifiers

    def load_case(self, identifier: str) -> tuple[Any, Any, Any, dict[str, Any]]:
        """Return the image with its target, the label map, that of an earlier stage (None), and what was noted."""
        image, segmentation, earlier, noted = self.cases.load_case(identifier)
        return Joined(image, targets.read(self.folder, identifier)), segmentation, earlier, noted


class TakeApart(BasicTransform):  # type: ignore[misc]
    """First: what the loader cropped as one array becomes image and `regression_target`, which nnU-Net's spatial
    transforms treat alike (bilinear, 0 outside) and its others leave alone."""

    def __init__(self, channels: int) -> None:
        """Take the number of channels of the image."""
        super().__init__()
        self.channels = channels

    def apply(self, data_dict: dict[str, Any], **params: Any) -> dict[str, Any]:
        """Return the parts."""
        both = data_dict["image"]
        data_dict["image"], data_dict["regression_target"] = both[: self.channels], both[self.channels :]
        return data_dict


class PutTogether(BasicTransform):  # type: ignore[misc]
    """Last: class ids and the channels of the target become one array, `segmentation`, (1 + K, ...) float32."""

    def apply(self, data_dict: dict[str, Any], **params: Any) -> dict[str, Any]:
        """Return the array in the place of the label map."""
        soft = data_dict.pop("regression_target").clamp(0, 1)
        data_dict["segmentation"] = torch.cat([data_dict["segmentation"].to(soft.dtype), soft])
        return data_dict


def transforms(theirs: Any, channels: int, scales: Sequence[Sequence[float]] | None) -> Any:
    """Return nnU-Net's transforms with the target carried along.

    Args:
        theirs: nnU-Net's, without regions and deep supervision.
        channels: of the image.
        scales: of deep supervision, coarser targets are taken as nnU-Net takes its label maps, from the nearest voxel;
            None: there is none.
    """
    steps = [TakeApart(channels), theirs, PutTogether()]
    return ComposeTransforms([*steps, *([DownsampleSegForDSTransform(scales)] if scales is not None else [])])
