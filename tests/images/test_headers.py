"""Which affine counts, in which unit, and what is refused because nobody can know."""

import gzip

import nibabel as nib
import numpy as np
import pytest
from softbench import InputError, images
from softbench.images import Choices

from .conftest import Write
from .mutations import rotation

SFORM, QFORM = np.diag([1, 1, 0.8, 1]), np.diag([1, 1, 0.6, 1])


def shifted(affine: np.ndarray, mm: float) -> np.ndarray:
    return affine + np.array([[0, 0, 0, mm], *[[0] * 4] * 3])


@pytest.mark.parametrize("other", [QFORM, shifted(SFORM, 0.5), SFORM[:, [1, 0, 2, 3]], np.diag([-1, 1, 0.8, 1])])
def test_two_affines_that_differ_are_printed_and_refused_unless_one_is_chosen(write: Write, other: np.ndarray) -> None:
    path = write(SFORM, other)
    with pytest.raises(
        InputError, match=r"(?s)a\.nii holds two affines .*sform .*0 0 0\.8 0\], qform .*--affine sform"
    ):
        images.read(path)
    np.testing.assert_allclose(images.read_header(path, Choices("sform")).affine, SFORM)
    np.testing.assert_allclose(images.read_header(path, Choices("qform")).affine, other, atol=1e-6)


def test_affines_that_differ_look_different_far_from_the_origin(write: Write) -> None:
    near, far = shifted(SFORM, 123456.5), shifted(SFORM, 123456.53125)  # both are numbers of 32 bits
    with pytest.raises(InputError, match=r"1 0 0 123456\.5; .*1 0 0 123456\.5312; "):
        images.read(write(near, far))


def test_places_of_small_voxels_must_agree_to_a_part_of_a_voxel(write: Write) -> None:
    fine = np.diag([0.001, 0.001, 0.001, 1])  # mm
    assert images.read(write(fine, shifted(fine, 0.00005))).spacing_mm == pytest.approx((0.001,) * 3)
    with pytest.raises(InputError, match="two affines that differ"):
        images.read(write(fine, shifted(fine, 0.005)))


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.8, "0.8"), (0.00001234567, "1.23457e-05"), (-1234567, "-1234567"), (1e30, "1e+30"), (np.nan, "nan"), (0, "0")],
)
def test_number_is_printed_to_a_ten_thousandth(value: float, text: str) -> None:
    assert images.in_digits(value) == images.in_digits(np.float64(value)) == text


def test_choice_is_of_no_account_where_the_two_agree_or_one_is_set(write: Write) -> None:
    for path in (write(SFORM, SFORM), write(SFORM, None, pixdim=[1, 1, 0.6]), write(None, SFORM)):
        for affine in (None, "sform", "qform"):
            assert images.read(path, Choices(affine)).spacing_mm == pytest.approx((0.8, 1, 1))


def test_qform_written_from_the_sform_passes_near_half_turns_too(write: Write) -> None:
    rng = np.random.default_rng(5)
    for index in range(200):
        affine = np.eye(4)
        affine[:3, :3] = rotation(rng) * rng.uniform(0.1, 8, 3)
        affine[:3, 3] = rng.uniform(-900, 900, 3)
        if index % 5 == 0:
            affine[:3, 0] += 0.1 * affine[:3, 1]  # a shear, which a qform leaves out
        read = images.read_header(write(affine, affine))
        np.testing.assert_allclose(read.affine, affine, rtol=1e-6, atol=1e-4)


def test_qform_a_little_further_off_is_refused(write: Write) -> None:
    affine = np.eye(4)
    affine[:3, :3] = rotation(np.random.default_rng(2)) * [1, 2, 3]
    for field, value in (("qoffset_y", 0.011), ("quatern_c", 1.5e-4)):
        path = write(affine, affine)
        header = nib.load(path).header
        with pytest.raises(InputError, match="two affines"):
            images.read(write(affine, affine, **{field: header[field] + value}))
        images.read(write(affine, affine, **{field: header[field] + value / 2}))
    with pytest.raises(InputError, match="two affines"):
        images.read(write(affine, affine, pixdim=[1, 2, 3.0004]))


def test_negative_qfac_reverses_the_third_axis_and_zero_does_not(write: Write) -> None:
    for qfac, sign in ((-1, -1), (1, 1), (0, 1)):
        path = write(None, QFORM, pixdim=[1, 1, 0.6])
        content = bytearray(path.read_bytes())
        content[76:80] = np.float32(qfac).tobytes()
        path.write_bytes(content)
        np.testing.assert_allclose(images.read_header(path).affine, np.diag([1, 1, 0.6 * sign, 1]), atol=1e-7)


def test_without_affine_voxels_have_a_size_and_no_orientation(write: Write) -> None:
    path = write(pixdim=[1, 2, 3])
    image = images.read(path)
    assert not image.oriented
    assert image.spacing_mm == (3, 2, 1)
    assert image.axcodes == "LPS"


@pytest.mark.parametrize("beside", ["simpleitk", "nibabel"])
def test_file_without_orientation_lies_as_what_either_library_wrote_beside_it(write: Write, beside: str) -> None:
    lone = write(pixdim=[1, 2, 3])
    affine = np.diag([-1.0, -2, 3, 1]) if beside == "simpleitk" else nib.load(lone).affine
    written = images.read(write(affine, name="b.nii"))
    turned, same = images.on_one_grid([images.read(lone), written])
    assert same is written
    np.testing.assert_array_equal(turned.array, written.array)
    np.testing.assert_allclose(turned.affine, written.affine)


@pytest.mark.parametrize(("code", "mm"), [(0, 1), (2, 1), (1, 1000), (3, 1e-3), (3 + 8, 1e-3), (10, 1)])
@pytest.mark.parametrize("which", ["sform", "qform", "both", "neither"])
def test_places_are_in_the_unit_of_the_header(write: Write, code: int, mm: float, which: str) -> None:
    affine = shifted(np.diag([2, 3, 4, 1]), 50)
    forms = {"sform": (affine, None), "qform": (None, affine), "both": (affine, affine), "neither": (None, None)}
    read = images.read_header(write(*forms[which], pixdim=[2, 3, 4], xyzt_units=code))
    np.testing.assert_allclose(np.linalg.norm(read.affine[:3, :3], axis=0), np.multiply([2, 3, 4], mm))
    if which != "neither":
        np.testing.assert_allclose(read.affine[0, 3], 50 * mm)


@pytest.mark.parametrize("code", [4, 5, 6, 7, 15])
def test_unit_that_is_no_length_is_refused(write: Write, code: int) -> None:
    with pytest.raises(InputError, match=rf"unit that is no length \(xyzt_units {code}\).*2 for mm"):
        images.read(write(SFORM, xyzt_units=code))


@pytest.mark.parametrize(
    ("shape", "channels"),
    [
        ((3, 4), None), ((3, 4, 1), None), ((3, 4, 5), None), ((3, 4, 5, 1), None), ((3, 4, 5, 1, 1), None),
        ((3, 4, 5, 2), 2), ((3, 4, 5, 1, 2), 2), ((3, 4, 1, 1, 2), 2), ((3, 4, 5, 2, 1, 1), 2),
    ],
)  # fmt: skip
def test_one_axis_after_the_third_may_be_longer_than_one(write: Write, shape: tuple[int, ...], channels: int) -> None:
    path = write(SFORM, shape=shape)
    places = (*shape, 1)[:3][::-1]
    assert images.read_header(path).channels == channels
    assert [channel.array.shape for channel in images.read_channels(path)] == [places] * (channels or 1)
    if channels is None:
        assert images.read(path).array.shape == places
    else:
        with pytest.raises(InputError, match=r"must be 3-D, but its shape is .*\. Give one volume \(x, y, z\) a file"):
            images.read(path)


def test_two_axes_after_the_third_are_refused(write: Write) -> None:
    with pytest.raises(InputError, match=r"its shape is \(3, 4, 5, 2, 2\)\. Write it so"):
        images.read_channels(write(SFORM, shape=(3, 4, 5, 2, 2)))


def test_slope_that_some_programs_take_for_none_is_refused(write: Write) -> None:
    with pytest.raises(InputError, match=r"scales its voxels by 1e-30 \(scl_slope\), [^(]*with the scl_slope 1\.$"):
        images.read(write(SFORM, scl_slope=1e-30, scl_inter=0))


def test_voxels_that_would_begin_in_the_header_are_refused(write: Write) -> None:
    with pytest.raises(InputError, match=r"its voxels begin at byte 0 \(vox_offset\), but they begin at a whole byte"):
        images.read(write(SFORM, SFORM, vox_offset=0))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("offset", [1, 348, 351, 352.5, 353, 500, 1e9, -16, np.nan, np.inf])
def test_offset_of_voxels_that_cannot_be_is_named(write: Write, offset: float, packed: bool) -> None:
    path = write(SFORM, vox_offset=offset, shape=(30, 40, 50))
    if packed:
        if offset in (353, 500):
            pytest.skip("how long a compressed file is, only its end tells")
        path = path.with_name("a.nii.gz")
        path.write_bytes(gzip.compress(path.with_suffix("").read_bytes()))
    with pytest.raises(InputError, match=rf"begin at byte {offset:.10g} \(vox_offset\).* Write it again with "):
        images.read(path)


@pytest.mark.parametrize("inter", [np.inf, np.nan])
def test_intercept_that_is_no_number_is_named(write: Write, inter: float) -> None:
    with pytest.raises(InputError, match=rf"the intercept {inter:g} \(scl_inter\) beside the slope 2 .*0 for none"):
        images.read(write(SFORM, scl_slope=2, scl_inter=inter))


@pytest.mark.parametrize("slope", [0, np.inf, np.nan])
def test_intercept_beside_no_slope_is_refused(write: Write, slope: float) -> None:
    with pytest.raises(InputError, match=r"the intercept 1 \(scl_inter\) beside the slope .*Set scl_inter to 0"):
        images.read(write(SFORM, SFORM, scl_slope=slope, scl_inter=1))
    assert images.read(write(SFORM, SFORM, scl_slope=slope, scl_inter=0)).spacing_mm == pytest.approx((0.8, 1, 1))
