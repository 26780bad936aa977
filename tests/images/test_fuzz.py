"""Files changed at random are read as SimpleITK reads them, or refused."""

import resource
import time
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from softbench import InputError, images

from . import mutations

SAMPLE, ALL = 60, 500
SECONDS, BYTES = 2.0, 1 << 27


def compare(path: Path) -> None:
    """Compare voxels, spacing and direction with SimpleITK's; with an sform alone, it takes the spacing of pixdim."""
    values, header = images.load(path)
    edges = header.affine[:3, :3] / np.linalg.norm(header.affine[:3, :3], axis=0)
    if np.abs(edges.T @ edges - np.eye(3)).max() > 1e-5:
        return  # SimpleITK reads no shear
    other = sitk.ReadImage(str(path))
    np.testing.assert_allclose(sitk.GetArrayFromImage(other).T, values, rtol=1e-5, atol=1e-6)
    lengths = np.linalg.norm(header.affine[:3, :3], axis=0)
    if not mutations.has_sform_alone(path):
        np.testing.assert_allclose(other.GetSpacing(), lengths, rtol=1e-3)
    direction = np.reshape(other.GetDirection(), (3, 3)) * np.array([-1, -1, 1])[:, None]
    np.testing.assert_allclose(direction, header.affine[:3, :3] / lengths, atol=2e-3)


def read_or_refuse(seed: int, folder: Path) -> bool:
    """Return whether the file of a seed is read; a valid one must be."""
    path = folder / f"{seed}.nii{'.gz' if seed % 2 else ''}"
    is_valid = mutations.make(seed, path)
    start = time.process_time()
    try:
        images.read(path)
    except InputError:
        assert not is_valid, seed
        return False
    finally:
        assert time.process_time() - start < SECONDS
    compare(path)
    return True


def count(seeds: range, folder: Path) -> int:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read = sum(read_or_refuse(seed, folder) for seed in seeds)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < BYTES
    return read


@pytest.mark.filterwarnings("ignore")
def test_changed_files_are_read_as_simpleitk_reads_them_or_refused(tmp_path: Path) -> None:
    assert count(range(SAMPLE), tmp_path) >= 0.3 * SAMPLE


@pytest.mark.torture
@pytest.mark.filterwarnings("ignore")
def test_five_hundred_changed_files_are_read_as_simpleitk_reads_them_or_refused(tmp_path: Path) -> None:
    assert count(range(ALL), tmp_path) >= 150
