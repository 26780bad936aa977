"""Every way in reads a file alike: prepare, score, soften and make dataset."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from softbench import InputError
from softbench.datasets.case import RawCase
from softbench.datasets.sources import reading
from softbench.images import NONE, Choices
from softbench.tools import new, soften
from softbench.tools.score import volumes
from softbench.tools.score.inputs import Files, Settings

from .conftest import Write

SFORM, QFORM = np.diag([1, 1, 0.8, 1]), np.diag([1, 1, 0.6, 1])
SOURCE = ModuleType("source")
SOURCE.MODALITIES, SOURCE.CLASSES = ("ct",), ("background", "a", "b")  # type: ignore[attr-defined]
Way = Callable[[Path, Path, Choices], tuple[float, ...]]


def prepare(image: Path, labels: Path, choices: Choices) -> tuple[float, ...]:
    return reading.read_case(RawCase("a", "a", (image,), (labels,), choices=choices), SOURCE).spacing_mm


def score(image: Path, labels: Path, choices: Choices) -> tuple[float, ...]:
    settings = Settings({"a": (1,)}, 3, choices=choices)
    return volumes.read_case(Files(labels), volumes.read_raters([labels], settings), settings).spacing_mm


def softened(image: Path, labels: Path, choices: Choices) -> tuple[float, ...]:
    return soften._read([labels], [image], choices)[0].spacing_mm


def made(image: Path, labels: Path, choices: Choices) -> tuple[float, ...]:
    return tuple(new.collect_grids([RawCase("a", "a", (image,), (labels,))], choices)[1][0])


WAYS = (prepare, score, softened, made)


@pytest.mark.parametrize("way", WAYS)
def test_two_affines_are_refused_or_chosen(write: Write, way: Way) -> None:
    files = write(SFORM, QFORM), write(SFORM, QFORM, name="l.nii")
    with pytest.raises(InputError, match="holds two affines"):
        way(*files, NONE)
    assert way(*files, Choices("sform")) == pytest.approx((0.8, 1, 1))
    assert way(*files, Choices("qform")) == pytest.approx((0.6, 1, 1))


@pytest.mark.parametrize("way", WAYS)
def test_units_and_axes_of_length_one_are_read(write: Write, way: Way) -> None:
    shape, micron = (3, 4, 5, 1, 1), np.diag([1000, 1000, 800, 1])
    files = [write(micron, micron, shape=shape, xyzt_units=3, name=name) for name in ("a.nii", "l.nii")]
    assert way(*files, NONE) == pytest.approx((0.8, 1, 1))


@pytest.mark.parametrize("way", WAYS)
def test_label_map_with_a_scale_is_refused_or_meant(write: Write, way: Way) -> None:
    files = write(SFORM, scl_slope=2, scl_inter=5), write(SFORM, scl_slope=-1, scl_inter=2, name="l.nii")
    with pytest.raises(InputError, match=r"l\.nii is a label map, but its header scales it: scl_slope -1"):
        way(*files, NONE)
    assert way(*files, Choices(rescale_labels=True)) == pytest.approx((0.8, 1, 1))


@pytest.mark.parametrize("way", [prepare, softened])
def test_file_without_orientation_is_read_alone_and_refused_beside_another_grid(write: Write, way: Way) -> None:
    lone = write(pixdim=[1, 1, 0.8])
    assert way(lone, write(pixdim=[1, 1, 0.8], name="l.nii"), NONE) == pytest.approx((0.8, 1, 1))
    with pytest.raises(InputError, match=r"Resample|header that is wrong"):
        way(lone, write(SFORM, name="l.nii"), NONE)
