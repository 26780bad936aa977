"""nnU-Net's layout and the Decathlon's: which files are a case, and what cannot be one."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from softbench import InputError
from softbench.datasets.sources import nnunet

SHAPE = (5, 6, 7)  # of the file, (x, y, z)
SOURCE = SimpleNamespace(MODALITIES=("t2", "adc"), CLASSES=("background", "zone"))


def fill(folder: Path, write, *names: str, shape: tuple[int, ...] = SHAPE) -> None:
    """Write an image of random numbers under each name."""
    for place, name in enumerate(names):
        array = np.random.default_rng(place).normal(place, 1, shape).astype(np.float32)
        write(folder / "imagesTr" / f"{name}.nii.gz", array)


def label(folder: Path, write, *names: str) -> None:
    for name in names:
        write(folder / "labelsTr" / f"{name}.nii.gz", np.ones(SHAPE, np.uint8))


def test_channels_of_a_case_come_in_their_order(tmp_path: Path, write) -> None:
    fill(tmp_path, write, "a_0001", "b_0000", "a_0000", "b_0001")
    label(tmp_path, write, "a", "b")
    cases = nnunet.find_cases(tmp_path, 2)
    assert [case.id for case in cases] == ["a", "b"]
    assert [path.name for path in cases[0].images] == ["a_0000.nii.gz", "a_0001.nii.gz"]
    volumes = nnunet.read(cases[0], SOURCE)
    assert volumes.channels.shape == (2, *SHAPE[::-1])
    assert volumes.channels[0].mean() > volumes.channels[1].mean() + 1  # written third, so with mean 2, and 0


def test_one_file_of_all_channels_reads_as_a_file_each(tmp_path: Path, write) -> None:
    fill(tmp_path, write, "a", shape=(*SHAPE, 2))
    label(tmp_path, write, "a")
    (case,) = nnunet.find_cases(tmp_path, 2)
    assert nnunet.read(case, SOURCE).channels.shape == (2, *SHAPE[::-1])


def test_file_that_lacks_a_channel_is_named(tmp_path: Path, write) -> None:
    fill(tmp_path, write, "a", shape=(*SHAPE, 3))
    label(tmp_path, write, "a")
    (case,) = nnunet.find_cases(tmp_path, 2)
    with pytest.raises(InputError, match=r"a\.nii\.gz must hold 2 channels \(t2, adc\), but holds 3"):
        nnunet.read(case, SOURCE)


def test_case_that_lacks_a_channel_or_its_labels_stays_and_is_refused(tmp_path: Path, write) -> None:
    fill(tmp_path, write, "a_0000", "b_0000", "b_0001")
    label(tmp_path, write, "a", "c")
    a, b, c = nnunet.find_cases(tmp_path, 2)
    for case, problem in ((a, "has 1 images"), (b, "but no label map"), (c, "but no image")):
        with pytest.raises(InputError, match=problem):
            nnunet.read(case, SOURCE)


def test_two_label_maps_of_a_name_make_two_cases(tmp_path: Path, write) -> None:
    fill(tmp_path, write, "a_0000", "a_0001")
    label(tmp_path, write, "a")
    write(tmp_path / "labelsTr" / "a.nii", np.ones(SHAPE, np.uint8))
    assert [case.id for case in nnunet.find_cases(tmp_path, 2)] == ["a", "a"]


def test_number_that_the_label_maps_have_too_is_part_of_the_name(tmp_path: Path, write) -> None:
    """The Decathlon's layout with names of four digits, the first of them 0000."""
    fill(tmp_path, write, "scan_0000", "scan_0001", "scan_0002")
    label(tmp_path, write, "scan_0000", "scan_0001", "scan_0002")
    cases = nnunet.find_cases(tmp_path, 1)
    assert [case.id for case in cases] == ["scan_0000", "scan_0001", "scan_0002"]
    assert [len(case.images) for case in cases] == [1, 1, 1]


def test_patients_are_what_the_function_says(tmp_path: Path, write) -> None:
    fill(tmp_path, write, "p1_pre_0000", "p1_post_0000")
    label(tmp_path, write, "p1_pre", "p1_post")
    cases = nnunet.find_cases(tmp_path, 1, patient_of=lambda case: case.split("_")[0])
    assert {case.patient for case in cases} == {"p1"}


def test_empty_folder_holds_no_case(tmp_path: Path) -> None:
    assert nnunet.find_cases(tmp_path, 1) == []
