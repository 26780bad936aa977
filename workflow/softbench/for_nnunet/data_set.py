"""A data set as nnU-Net preprocessed it for one configuration: where its files lie, and how it reads and resamples."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from batchgenerators.utilities.file_and_folder_operations import load_json, load_pickle
from nnunetv2.training.dataloading.nnunet_dataset import infer_dataset_class
from nnunetv2.utilities.dataset_name_id_conversion import maybe_convert_to_dataset_name
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
from nnunetv2.utilities.utils import get_filenames_of_train_images_and_targets

from softbench.errors import InputError, in_words
from softbench.jobs import pieces

VERSION = 1
PREPROCESSED, RAW = "nnUNet_preprocessed", "nnUNet_raw"
OF_TARGETS = ("spacing", "preprocessor_name", "resampling_fn_probabilities", "resampling_fn_probabilities_kwargs")


@dataclass(frozen=True)
class Place:
    """A data set, plans and a configuration by their names, as nnU-Net's commands take them.

    folder: of the data set among the preprocessed ones. raw: of the data set as it was given; None where nnU-Net is not
    told where raw data sets lie.
    """

    folder: Path
    plans: str
    configuration: str
    raw: Path | None = None


class DataSet:
    """A preprocessed data set, opened.

    plans, configuration, labels: nnU-Net's managers of these. classes: C, background included, a label to ignore not.
    """

    def __init__(self, place: Place) -> None:
        """Read the plans.

        Raises: InputError: if a file is missing, there is no such configuration, the configuration is the second stage
            of a cascade, or label ids are not 0, 1, 2, …
        """
        self.place = place
        path = place.folder / f"{place.plans}.json"
        if not path.is_file():
            raise InputError(f"there are no plans {path}. Make them: nnUNetv2_plan_and_preprocess, or name others.")
        self.plans: Any = PlansManager(load_json(str(path)))
        self.described: dict[str, Any] = load_json(str(place.folder / "dataset.json"))
        known = self.plans.available_configurations
        if place.configuration not in known:
            raise InputError(f"{path} has no configuration {place.configuration!r}; it has {in_words(known)}.")
        self.configuration: Any = self.plans.get_configuration(place.configuration)
        if self.configuration.previous_stage_name is not None:
            raise InputError(
                f"{place.configuration} is the second stage of a cascade: its networks read the first stage's label "
                "maps beside the image, and no soft label was made for that. Take 3d_fullres, 3d_lowres or 2d."
            )
        self.labels: Any = self.plans.get_label_manager(self.described)
        ids = [int(label) for label in self.labels.all_labels]
        self.classes = len(ids)
        if ids != list(range(self.classes)):
            raise InputError(f"label ids must be 0, 1, 2, …, as nnU-Net asks, but {place.folder.name} has {ids}.")

    @property
    def folder(self) -> Path:
        """Where the preprocessed cases of the configuration lie."""
        return self.place.folder / str(self.configuration.data_identifier)

    def cases(self) -> list[str]:
        """Return the ids of all cases, sorted.

        Raises: InputError: if the configuration has not been preprocessed.
        """
        cases = sorted(infer_dataset_class(str(self.folder)).get_identifiers(str(self.folder))) if _filled(self) else []
        if not cases:
            raise InputError(
                f"{self.folder} holds no preprocessed case. Make them: nnUNetv2_preprocess -d "
                f"{self.place.folder.name} -plans_name {self.place.plans} -c {self.place.configuration}"
            )
        return cases

    def segmentation(self, case: str) -> np.ndarray:
        """Return the preprocessed label map of a case, (1, ...); -1 where nnU-Net found the image empty."""
        known = infer_dataset_class(str(self.folder))(str(self.folder), [case])
        return np.asarray(known.load_case(case)[1][:])

    def segmentation_file(self, case: str) -> Path:
        """Return the file of the preprocessed label map of a case: blosc2, or the npz of data sets of old."""
        path = self.folder / f"{case}_seg.b2nd"
        return path if path.is_file() else self.folder / f"{case}.npz"

    def properties(self, case: str) -> dict[str, Any]:
        """Return what nnU-Net noted when it preprocessed a case."""
        noted: dict[str, Any] = load_pickle(str(self.folder / f"{case}.pkl"))
        return noted

    def label_file(self, case: str) -> Path:
        """Return the label map of a case as it was given: the copy that nnU-Net keeps beside the preprocessed cases.

        Raises: InputError: if it is missing.
        """
        path = self.place.folder / "gt_segmentations" / f"{case}{self.described['file_ending']}"
        if not path.is_file():
            raise InputError(f"{path}, which nnU-Net copies when it preprocesses, is missing. Preprocess again.")
        return path

    def image_files(self) -> dict[str, list[str]]:
        """Return the files of each case's image, one a channel.

        Raises: InputError: if nnU-Net is not told where raw data sets lie, or this one is not there.
        """
        raw = self.place.raw
        if raw is None or not raw.is_dir():
            where = "the variable nnUNet_raw is not set" if raw is None else f"{raw} is missing"
            raise InputError(f"the recipe reads the image as it was before nnU-Net normalised it, but {where}.")
        listed = get_filenames_of_train_images_and_targets(str(raw), self.described)
        return {case: [str(file) for file in files["images"]] for case, files in listed.items()}

    def facts(self) -> dict[str, Any]:
        """Return what decides the grid of the preprocessed cases, and the classes: what targets need of the plans."""
        return {
            "plans": self.place.plans,
            "configuration": self.place.configuration,
            "reader": self.plans.plans["image_reader_writer"],
            "transpose": list(self.plans.transpose_forward),
            "labels": self.described["labels"],
            **{name: self.configuration.configuration[name] for name in OF_TARGETS},
        }

    def key(self) -> str:
        """Return the hash of these facts."""
        return pieces.key_of(**self.facts())


def find(data_set: str, plans: str, configuration: str) -> Place:
    """Return where a data set lies, by its number or name, in the folders that nnU-Net's variables name.

    Raises: InputError: if a variable is not set, or there is no such data set.
    """
    preprocessed, raw = os.environ.get(PREPROCESSED), os.environ.get(RAW)
    if not preprocessed:
        raise InputError(f"the variable {PREPROCESSED} is not set; nnU-Net's own commands need it, too.")
    try:
        name = str(maybe_convert_to_dataset_name(data_set))
    except (RuntimeError, ValueError, AssertionError) as error:
        raise InputError(f"{data_set!r} names no data set of nnU-Net: {error}") from error
    folder = Path(preprocessed) / name
    if not folder.is_dir():
        raise InputError(f"{folder} is missing. Make it: nnUNetv2_plan_and_preprocess -d {data_set}")
    return Place(folder, plans, configuration, Path(raw) / name if raw else None)


def _filled(data_set: DataSet) -> bool:
    return data_set.folder.is_dir() and any(data_set.folder.iterdir())
