"""The store keeps probabilities to 16 bits, sums exactly, bytes the same."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from softbench import InputError, store


def random_soft(classes: int = 4, shape: tuple[int, ...] = (5, 6, 7)) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.dirichlet(np.ones(classes), size=shape).transpose(-1, *range(len(shape))).astype(np.float32)


def test_normalised_voxels_sum_to_one_exactly_as_stored() -> None:
    codes = store.encode(random_soft())
    assert (codes.sum(axis=0, dtype=np.int64) == 65535).all()


def test_error_is_less_than_one_step(tmp_path: Path) -> None:
    soft = random_soft()
    store.write(tmp_path, "a", soft)
    assert np.abs(store.read(tmp_path, "a") - soft).max() < 1 / 65535


def test_thirds_sum_to_one() -> None:
    codes = store.encode(np.full((3, 2, 2, 2), 1 / 3, np.float32))
    assert (codes.sum(axis=0, dtype=np.int64) == 65535).all()
    assert set(np.unique(codes)) == {21845}  # 65535 / 3 exactly


def test_first_of_equal_probabilities_stays_the_largest() -> None:
    """65535 is odd, so of two halves one is rounded down: the later class, or a tie would go to it when read."""
    shares = np.array([[0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0], [0.375, 0.25, 0.375, 0], [0.25] * 4, [0.1, 0.3, 0.3, 0.3]])
    codes = store.encode(shares.T.astype(np.float32))
    np.testing.assert_array_equal(codes.argmax(axis=0), [0, 1, 0, 0, 1])
    np.testing.assert_array_equal(codes[:, 0], [32768, 32767, 0, 0])
    assert (codes.sum(axis=0, dtype=int) == 65535).all()


@pytest.mark.parametrize("voxels", [4, 9, 16, 64])
def test_any_shares_of_a_window_keep_their_order_when_stored(voxels: int) -> None:
    counts = np.random.default_rng(0).multinomial(voxels, [0.25] * 4, size=5000).T
    codes = store.encode((counts / voxels).astype(np.float32))
    np.testing.assert_array_equal(codes.argmax(axis=0), counts.argmax(axis=0))


def test_authors_sums_above_one_are_kept() -> None:
    soft = np.stack([np.full((2, 2, 2), 0.9), np.full((2, 2, 2), 0.3)]).astype(np.float32)
    assert np.abs(store.decode(store.encode(soft)).sum(axis=0) - 1.2).max() < 2 / 65535


def test_rewriting_gives_the_same_bytes_and_hash(tmp_path: Path) -> None:
    soft = random_soft()
    first = store.write(tmp_path, "a", soft)
    before = store.path_of(tmp_path, "a").read_bytes()
    assert store.write(tmp_path, "a", soft) == first
    assert store.path_of(tmp_path, "a").read_bytes() == before


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_values_outside_zero_to_one_are_refused(value: float) -> None:
    soft = random_soft()
    soft[0, 0, 0, 0] = value
    with pytest.raises(InputError, match=r"\[0, 1\]"):
        store.encode(soft)


def test_missing_case_names_the_case(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'b'"):
        store.read(tmp_path, "b")


def test_truncated_file_says_what_to_do(tmp_path: Path) -> None:
    store.write(tmp_path, "a", random_soft())
    path = store.path_of(tmp_path, "a")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match="Delete it"):
        store.read(tmp_path, "a")


def test_export_lies_where_the_image_lies(tmp_path: Path) -> None:
    soft = random_soft(3, (4, 5, 6))
    affine = np.array([[0, 0, 1.5, -10], [0, 2.0, 0, -20], [3.0, 0, 0, -30], [0, 0, 0, 1]])  # (d, h, w) -> mm
    store.write(tmp_path, "a", soft, affine=affine)
    store.export_nifti(tmp_path, "a", tmp_path / "a.nii.gz")
    file = nib.load(tmp_path / "a.nii.gz")
    assert file.shape == (6, 5, 4, 3)  # x, y, z, class
    np.testing.assert_allclose(file.affine @ [5, 4, 3, 1], affine @ [3, 4, 5, 1])
    np.testing.assert_allclose(file.get_fdata()[5, 4, 3], soft[:, 3, 4, 5], atol=1 / 65535)


def test_two_dimensional_export(tmp_path: Path) -> None:
    store.write(tmp_path, "a", random_soft(3, (5, 6)))
    store.export_nifti(tmp_path, "a", tmp_path / "a.nii.gz")
    assert nib.load(tmp_path / "a.nii.gz").shape == (6, 5, 1, 3)


def test_plain_integers_of_another_program_are_read(tmp_path: Path) -> None:
    codes = store.encode(random_soft())
    store.path_of(tmp_path, "a").parent.mkdir()
    np.savez(store.path_of(tmp_path, "a"), probabilities=codes)
    np.testing.assert_array_equal(store.read_codes(tmp_path, "a"), codes)


def test_floats_of_another_program_are_refused(tmp_path: Path) -> None:
    store.path_of(tmp_path, "a").parent.mkdir()
    np.savez(store.path_of(tmp_path, "a"), probabilities=random_soft())
    with pytest.raises(InputError, match="holds float32 where a store holds uint16"):
        store.read(tmp_path, "a")
