"""Small data sets of nnU-Net, preprocessed by nnU-Net itself, with plans of a small network."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

THREE = {"background": 0, "ball": 1, "core": 2}


@pytest.fixture
def nnunet() -> Iterator[None]:
    """Skip where nnU-Net is not installed; one thread, for patches are small."""
    pytest.importorskip("nnunetv2", reason="nnU-Net is not installed: pip install 'softlabelbench[nnunet]'")
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def volume(number: int, shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """An image and a label map: a ball with a core, off the centre; the image is 0 in the first two layers."""
    rng = np.random.default_rng(number)
    centre = np.array(shape) / 2 + rng.uniform(-1, 1, 3)
    away = np.sqrt(sum((axis - at) ** 2 for axis, at in zip(np.indices(shape), centre, strict=True)))
    labels = (away < min(shape) / 3).astype(np.int16) + (away < min(shape) / 6)
    image = (labels * 50 + 100 + rng.normal(0, 20, shape)).astype(np.float32)
    for axis, length in enumerate(shape):
        rim = np.arange(length) < 2
        image[tuple(rim if a == axis else slice(None) for a in range(3))] = 0
    return image, labels


def network(dims: int) -> dict[str, Any]:
    """The architecture of the plans: a U-Net of two stages."""
    return {
        "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
        "arch_kwargs": {
            "n_stages": 3, "features_per_stage": [4, 8, 8], "conv_op": f"torch.nn.modules.conv.Conv{dims}d",
            "kernel_sizes": [[3] * dims] * 3, "strides": [[1] * dims, [2] * dims, [2] * dims],
            "n_conv_per_stage": [1, 1, 1], "n_conv_per_stage_decoder": [1, 1], "conv_bias": True,
            "norm_op": f"torch.nn.modules.instancenorm.InstanceNorm{dims}d",
            "norm_op_kwargs": {"eps": 1e-5, "affine": True}, "dropout_op": None, "dropout_op_kwargs": None,
            "nonlin": "torch.nn.LeakyReLU", "nonlin_kwargs": {"inplace": True},
        },
        "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
    }  # fmt: skip


def configuration(dims: int, spacing: list[float], patch: list[int]) -> dict[str, Any]:
    how = {"is_seg": False, "order_z": 0, "force_separate_z": None}
    return {
        "data_identifier": f"nnUNetPlans_{dims}d", "preprocessor_name": "DefaultPreprocessor", "batch_size": 2,
        "patch_size": patch, "median_image_size_in_voxels": [18.0] * dims, "spacing": spacing,
        "normalization_schemes": ["ZScoreNormalization"], "use_mask_for_norm": [True],
        "resampling_fn_data": "resample_data_or_seg_to_shape", "resampling_fn_data_kwargs": {**how, "order": 3},
        "resampling_fn_seg": "resample_data_or_seg_to_shape",
        "resampling_fn_seg_kwargs": {**how, "is_seg": True, "order": 1},
        "resampling_fn_probabilities": "resample_data_or_seg_to_shape",
        "resampling_fn_probabilities_kwargs": {**how, "order": 1},
        "batch_dice": dims == 2, "architecture": network(dims),
    }  # fmt: skip


class Made:
    """A data set: where it lies among the preprocessed ones, and its cases as they were given."""

    def __init__(self, folder: Path, given: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
        self.folder, self.given = folder, given

    def open(self, name: str = "3d_fullres") -> Any:
        from softbench.for_nnunet.data_set import DataSet, Place

        raw = self.folder.parents[1] / "raw" / self.folder.name
        return DataSet(Place(self.folder, "nnUNetPlans", name, raw))


@pytest.fixture
def data_set(nnunet: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Made]:
    """Makes a data set of four cases in the folders that nnU-Net's variables name."""
    for name in ("raw", "preprocessed", "results"):
        monkeypatch.setenv(f"nnUNet_{name}", str(tmp_path / name))
        (tmp_path / name).mkdir()
    monkeypatch.setenv("nnUNet_n_proc_DA", "0")
    monkeypatch.delenv("nnUNet_extTrainer", raising=False)

    def make(**how: Any) -> Made:
        return build(tmp_path, **how)

    return make


def build(
    root: Path,
    *,
    labels: dict[str, Any] | None = None,
    order: list[str] | None = None,
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0),
    wanted: tuple[float, float, float] = (1.0, 1.0, 1.0),
    transpose: tuple[int, int, int] = (0, 1, 2),
    edit: Callable[[np.ndarray], None] | None = None,
    cases: int = 4,
) -> Made:
    """Write raw files, plans and preprocessed cases.

    Args:
        root: holds raw/, preprocessed/ and results/.
        labels: of dataset.json. order: its `regions_class_order`.
        spacing: of the files, mm, (z, y, x). wanted: of the plans, after `transpose`.
        edit: changes a label map in place.
        cases: how many.
    """
    import SimpleITK
    from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    name = "Dataset900_Ball"
    raw, folder = root / "raw" / name, root / "preprocessed" / name
    described = {
        "channel_names": {"0": "made"},
        "labels": labels or THREE,
        "numTraining": cases,
        "file_ending": ".nii.gz",
    }
    if order:
        described["regions_class_order"] = order
    plans = {
        "dataset_name": name, "plans_name": "nnUNetPlans", "original_median_spacing_after_transp": [1.0] * 3,
        "original_median_shape_after_transp": [18] * 3, "image_reader_writer": "SimpleITKIO",
        "transpose_forward": list(transpose), "transpose_backward": [int(n) for n in np.argsort(transpose)],
        "experiment_planner_used": "ExperimentPlanner", "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {"0": {}},
        "configurations": {
            "3d_fullres": configuration(3, list(wanted), [16, 16, 16]),
            "2d": configuration(2, list(wanted)[1:], [16, 16]),
            "3d_cascade_fullres": {"inherits_from": "3d_fullres", "previous_stage": "3d_lowres"},
        },
    }  # fmt: skip
    for place in (raw / "imagesTr", raw / "labelsTr", folder / "gt_segmentations"):
        place.mkdir(parents=True)
    given = {}
    for number in range(cases):
        case = f"ball_{number}"
        image, label = volume(number, (18, 20, 22))
        if edit is not None:
            edit(label)
        given[case] = (image, label)
        for array, file_name in ((image, f"imagesTr/{case}_0000.nii.gz"), (label, f"labelsTr/{case}.nii.gz")):
            file = SimpleITK.GetImageFromArray(array)
            file.SetSpacing(spacing[::-1])
            SimpleITK.WriteImage(file, str(raw / file_name))
        shutil.copy(raw / "labelsTr" / f"{case}.nii.gz", folder / "gt_segmentations")
    for path, content in {
        raw / "dataset.json": described, folder / "dataset.json": described, folder / "nnUNetPlans.json": plans,
        folder / "dataset_fingerprint.json": {},
        folder / "splits_final.json": [{"train": list(given)[:-1], "val": list(given)[-1:]}],
    }.items():  # fmt: skip
        path.write_text(json.dumps(content), encoding="utf-8")
    manager = PlansManager(plans)
    for dims, chosen in ((3, "3d_fullres"), (2, "2d")):
        place = folder / f"nnUNetPlans_{dims}d"
        place.mkdir()
        for case in given:
            files = [str(raw / "imagesTr" / f"{case}_0000.nii.gz")]
            DefaultPreprocessor(verbose=False).run_case_save(
                str(place / case), files, str(raw / "labelsTr" / f"{case}.nii.gz"),
                manager, manager.get_configuration(chosen), described,
            )  # fmt: skip
    return Made(folder, given)
