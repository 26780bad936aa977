"""Bad files of a case: each is refused with the case, what was found and the next step, and the other cases are kept.

The folder is that of `msd`: three cases in the layout of the source `hippocampus`, of which the second is spoilt.
"""

import gzip
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from softbench import InputError, datasets
from softbench.datasets.case import RawCase
from softbench.datasets.prepare import prepare
from softbench.jobs import pieces

Folder = Callable[..., Path]
Spoil = Callable[[Path, Path], object]  # takes the image and the label map of the second case
SHAPE = (5, 6, 7)  # of the files of `msd`, (x, y, z)
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
AGAIN = r"cut short or damaged: copy or download it again\."
FIX = r"Fix the file or leave the case out\."
HEADER = r"Fix its header \(sform, qform, pixdim\), or leave the case out\."
RESAMPLE = r"esample one onto the other"
ONE_VOLUME = r"Give one volume \(x, y, z\) a file\."
RELEASE = r"\(id: voxels\)\. Is it an image, or a label map of another release\? Fix it, or leave the case out\."
ROUND = r"Put the label map in its place, or round it\."
COLOURS = r"holds colours or complex numbers .*Store one channel a file\."

IMAGE = np.random.default_rng(0).normal(100, 20, SHAPE).astype(np.float32)
LABEL = np.zeros(SHAPE, np.uint8)
LABEL[2, 3, 4] = 1
COUNT = np.arange(210, dtype=np.int16).reshape(SHAPE)
RGB = np.zeros(SHAPE, [("R", "u1"), ("G", "u1"), ("B", "u1")])
HUGE = 2**15 - 1  # the largest number of voxels along an axis: with 8 bytes each, more than an address can name


def save(path: Path, array: np.ndarray, affine: np.ndarray | None = None) -> None:
    nib.save(nib.Nifti1Image(array, np.eye(4) if affine is None else affine), path)


def image(array: np.ndarray) -> Spoil:
    return lambda image, label: save(image, array)


def label(array: np.ndarray) -> Spoil:
    return lambda image, label: save(label, array)


def odd(value: float, kind: Any = np.float64) -> np.ndarray:
    """The image with one odd voxel."""
    array = IMAGE.astype(kind)
    array[1, 2, 3] = value
    return array


def content(change: Callable[[bytes], bytes]) -> Spoil:
    """Change the bytes of the image's file."""
    return lambda image, label: image.write_bytes(change(image.read_bytes()))


def flip(data: bytes, place: int) -> bytes:
    return (
        data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :] if place >= 0 else flip(data, len(data) + place)
    )


def rename(suffix: str) -> Spoil:
    return lambda image, label: image.rename(image.with_name("hippocampus_002" + suffix))


def header(**fields: Any) -> Spoil:
    """Write both files with these fields in their headers, as no library would."""

    def spoil(*paths: Path) -> None:
        for path, array in zip(paths, (IMAGE, LABEL), strict=True):
            start = nib.Nifti1Image(array, np.eye(4)).header
            for name, value in ({"vox_offset": 352} | fields).items():
                start[name] = value
            path.write_bytes(gzip.compress(start.binaryblock + bytes(4) + array.tobytes(order="F")))

    return spoil


def untold(*pixdim: float) -> Spoil:
    """Leave the size of voxels to pixdim."""
    return header(pixdim=[1, *pixdim, 1, 1, 1, 1], sform_code=0, qform_code=0)


def cut_uncompressed(image: Path, label: Path) -> None:
    image.with_suffix("").write_bytes(gzip.decompress(image.read_bytes())[:-40])
    image.unlink()


def make_folder(image: Path, label: Path) -> None:
    image.unlink()
    image.mkdir()


def make_link(image: Path, label: Path) -> None:
    image.unlink()
    image.symlink_to(".git/annex/x")


def second_format(image: Path, label: Path) -> None:
    image.with_suffix("").write_bytes(gzip.decompress(image.read_bytes()))


BAD: dict[str, tuple[Spoil, str]] = {
    # files that are no whole NIfTI file
    "gzip cut in the middle": (content(lambda data: data[: len(data) // 2]), r"cannot be read as NIfTI: .*" + AGAIN),
    "gzip without its last bytes": (content(lambda data: data[:-4]), r"end-of-stream marker.*" + AGAIN),
    "gzip with a flipped byte": (content(lambda data: flip(data, -300)), AGAIN),
    "gzip with another checksum": (content(lambda data: flip(data, -6)), r"CRC check failed.*" + AGAIN),
    "bytes after the gzip": (content(lambda data: data + b"more"), r"Not a gzipped file.*" + AGAIN),
    "empty file": (content(lambda data: b""), r"\(0 bytes\) cannot be read.*" + AGAIN),
    "wrong magic": (content(lambda d: gzip.compress(gzip.decompress(d).replace(b"n+1\0", b"abc\0"))), AGAIN),
    "random bytes": (content(lambda data: np.random.default_rng(1).bytes(900)), AGAIN),
    "zip under its name": (content(lambda data: b"PK\x03\x04" + data), AGAIN),
    "uncompressed and cut": (cut_uncompressed, r"Expected 840 bytes, got 800.*" + AGAIN),
    "LFS pointer": (content(lambda data: POINTER), r"\(63 bytes\).*is a Git LFS pointer.*: run `git lfs pull`"),
    "HTML page": (content(lambda data: b"\n<!DOCTYPE html>Log in"), r"is a web page that was saved.*Download the file"),
    "not compressed": (content(gzip.decompress), r"is not compressed: rename it to hippocampus_002\.nii\."),
    "compressed without .gz": (rename(".nii"), r"is compressed: rename it to hippocampus_002\.nii\.gz\."),
    "folder in its place": (make_folder, r"cannot be opened \(Is a directory\)\. Put a file there that you may read"),
    "link to nowhere": (
        make_link,
        r"is a link to \.git/annex/x, which is not there\. Fetch the file that it names",
    ),
    "shape beyond memory": (
        header(dim=[3, HUGE, HUGE, HUGE, 1, 1, 1, 1], datatype=64, bitpix=64),
        r"does not fit into memory: its header says \(32767, 32767, 32767\) voxels.*copy or download it again",
    ),
    "unknown type of data": (header(datatype=777), r"data code 777 not recognized.*" + AGAIN),
    # grids
    "other shape": (label(np.zeros((5, 6, 8), np.uint8)), r"\(8, 6, 5\), but .*\(7, 6, 5\).*" + RESAMPLE),
    "other affine": (
        lambda image, label: save(label, LABEL, nib.affines.from_matvec(np.eye(3), [0.5, 0, 0])),
        r"affines differ by up to 0\.5 mm.*" + RESAMPLE,
    ),
    "other spacing": (
        lambda image, label: save(label, LABEL, np.diag([1.0, 1.0, 2.5, 1.0])),
        r"same shape, but their affines differ by up to 1\.5 mm.*" + RESAMPLE,
    ),
    "spacing of zero": (untold(1, 0, 1), r"voxels of 1 x 0 x 1 mm along x, y, z\. " + HEADER),
    "negative spacing": (untold(1, 1, -2), r"voxels of 1 x 1 x -2 mm along x, y, z\. " + HEADER),
    "spacing that is no number": (untold(1, 1, np.nan), r"NaN or infinity in it.*" + HEADER),
    "affine with NaN": (header(srow_x=[1, 0, 0, np.nan]), r"affine with NaN or infinity in it.*" + HEADER),
    "affine without an axis": (header(srow_y=[0, 0, 0, 0]), r"voxels of 1 x 0 x 1 mm along x, y, z\. " + HEADER),
    "affine of one plane": (header(srow_y=[1, 0, 0, 0], srow_x=[1, 0, 0, 0]), r"voxels of .* 0 x 1 mm.*" + HEADER),
    "affine whose axes agree": (header(srow_x=[1, 1, 0, 0], srow_y=[1, 1, 0, 0]), r"axes lie in one plane.*" + HEADER),
    "4-D image": (image(np.stack([IMAGE, IMAGE], -1)), r"must be 3-D, but its shape is \(5, 6, 7, 2\)\. " + ONE_VOLUME),
    "4-D label map": (label(np.stack([LABEL, LABEL], -1)), r"must be 3-D, but .* \(5, 6, 7, 2\)\. " + ONE_VOLUME),
    "5-D image": (image(IMAGE[..., None, None].repeat(2, 4)), r"\(5, 6, 7, 1, 2\)\. " + ONE_VOLUME),
    "2-D image": (image(IMAGE[..., 0]), r"has the shape \(7, 6, 5\), but .* \(1, 6, 5\) \(D, H, W\)\. Resample"),
    "no voxels": (image(IMAGE[:0]), r"must be a volume \(x, y, z\), .* but its shape is \(0, 6, 7\)\. Write it so"),
    # intensities
    "NaN": (image(odd(np.nan)), r"1 value\(s\) that are NaN or infinite of 210\. Fix or leave out the image"),
    "Inf": (image(odd(-np.inf)), r"1 value\(s\) that are NaN or infinite of 210\. Fix or leave out the image"),
    "beyond 32 bits": (image(odd(1e300)), r"up to 1e\+300, beyond what 32 bits can hold.*" + FIX),
    "constant image": (image(np.full(SHAPE, 7.0)), r"is constant: every voxel is 7\.0\. " + FIX),
    "image of zeros": (image(np.zeros(SHAPE)), r"is constant: every voxel is 0\.0\. " + FIX),
    "one voxel": (
        lambda image, label: (save(image, IMAGE[:1, :1, :1]), save(label, LABEL[:1, :1, :1])),
        r"is constant.*" + FIX,
    ),
    "RGB image": (image(RGB), COLOURS),
    "complex image": (image(IMAGE.astype(np.complex64)), COLOURS),
    # label maps
    "unknown ids": (label(LABEL * 9), r"must hold the ids \[0, 1, 2\], but holds \{9: 1\} " + RELEASE),
    "negative id": (label(LABEL.astype(np.int16) * -1), r"but holds \{-1: 1\} " + RELEASE),
    "CT in place of the label map": (
        label(np.arange(210, dtype=np.int16).reshape(SHAPE)),
        r"and 199 ids more " + RELEASE,
    ),
    "MR in place of the label map": (label(IMAGE), r"must hold whole numbers .* not, as 10\d\.\d+\. .*" + ROUND),
    "half labels": (label(LABEL * 0.5), r"must hold whole numbers .* not, as 0\.5\. .*" + ROUND),
    "label that is NaN": (label(np.where(LABEL, np.nan, 0.0)), r"must hold whole numbers .* not, as nan\. .*" + ROUND),
    "RGB label map": (label(RGB), COLOURS),
    "complex label map": (label(LABEL.astype(np.complex64)), COLOURS),
    # what belongs together
    "image without label map": (
        lambda image, label: label.unlink(),
        r"has an image \(hippocampus_002\.nii\.gz\) but no label map\. Add the label or take the image away\.",
    ),
    "label map without image": (
        lambda image, label: image.unlink(),
        r"has a label map \(hippocampus_002\.nii\.gz\) but no image\. Add the image or take the label away\.",
    ),
    "image in two formats": (
        second_format,
        r"is there 2 times: Task04_Hippocampus/imagesTr/hippocampus_002\.nii, Task.*labelsTr/.*\. Keep one of each\.",
    ),
}


def run(raw: Path, output: Path, **settings: object) -> datasets.Dataset:
    prepare.run("hippocampus", raw, output, versions={}, settings=settings, log=lambda line: None)
    return datasets.open(output)


def second(raw: Path) -> tuple[Path, Path]:
    return raw / "imagesTr" / "hippocampus_002.nii.gz", raw / "labelsTr" / "hippocampus_002.nii.gz"


@pytest.mark.filterwarnings("ignore::RuntimeWarning:nibabel")
@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_refused_by_case_with_the_next_step(name: str, msd: Folder, tmp_path: Path) -> None:
    raw, out = msd(), tmp_path / "out"
    spoil, message = BAD[name]
    spoil(*second(raw))
    wanted = rf"(?s)^1 case\(s\) of hippocampus cannot be used:\n  hippocampus_002: [^\n]*{message}"
    with pytest.raises(InputError, match=rf"{wanted}.*leave them out .*`drop: .*run again; the 2 others are finished"):
        run(raw, out)
    assert not (out / "manifest.json").exists()
    assert [n for n in (1, 2, 3) if pieces.read_record(out / "cases", f"hippocampus_{n:03d}")] == [1, 3]
    assert len(run(raw, out, drop={"hippocampus_002": "spoilt"}).cases) == 2  # the way out that it names


NAMES = {"space": "hippocampus 002", "letter": "hippocampus_é", "sign": "a+b", "hidden start": "-é"}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_id_that_is_no_name_for_a_file_everywhere_is_refused(name: str, msd: Folder, tmp_path: Path) -> None:
    raw = msd()
    for path in second(raw):
        path.rename(path.with_name(f"{name}.nii.gz"))
    wanted = rf"\n  {re.escape(name)}: has the id '{re.escape(name)}', but an id is made of .*\. Rename its files\."
    with pytest.raises(InputError, match=wanted):
        run(raw, tmp_path / "out")


@pytest.mark.parametrize("name", ["a/b", "../outside", ".hidden", ""])
def test_id_that_would_lead_elsewhere_is_refused(
    name: str, publish: Callable[..., ModuleType], msd: Folder, tmp_path: Path
) -> None:
    """No folder gives such an id, but a source's table might."""
    image, label = second(msd())
    source = {"MODALITIES": ("t1",), "CLASSES": ("background", "a", "b"), "STRUCTURES": {}}
    publish(**source, find_cases=lambda folder: [RawCase(name, "p", (image,), (label,))])
    with pytest.raises(
        InputError, match=rf"\n  {name}: has the id '{name}', but .* not begin with `\.`\. Rename its files"
    ):
        run(tmp_path, tmp_path / "out" / "data")
    assert not list(tmp_path.rglob("images.npy"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"window": {"hu": [500, 600]}}, "all 210 voxels that `zscore` looks at have one value"),
        ({"crop": {"size": [1, 1, 1]}}, "all 1 voxels that `zscore` looks at have one value"),
        ({"window": {"hu": [500, 600]}, "normalise": "minmax"}, "all 210 voxels have one value, 500"),
    ],
)
def test_image_that_window_or_crop_leave_constant_is_refused(
    settings: dict[str, Any], message: str, msd: Folder, tmp_path: Path
) -> None:
    with pytest.raises(
        InputError, match=rf"hippocampus_001: after `window` and `crop`, {message}.* Change these settings"
    ):
        run(msd(cases=1), tmp_path / "out", **settings)


def test_drop_of_an_unknown_case_is_named(msd: Folder, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"`drop` names hippocampus_02, which hippocampus does not have\. Correct"):
        run(msd(), tmp_path / "out", drop={"hippocampus_02": "typing error"})


HANDLED: dict[str, Spoil] = {
    "whole numbers stored as floats": label(LABEL.astype(np.float64)),
    "one volume stored in 4-D": lambda image, label: (save(image, IMAGE[..., None]), save(label, LABEL[..., None])),
    "spacing of zero beside an sform, which counts": header(pixdim=[1, 0, 1, 1, 1, 1, 1, 1]),
    "zeros after the gzip, as tapes leave them": content(lambda data: data + bytes(512)),
    "file of macOS beside it": lambda image, label: shutil.copy(image, image.with_name("._" + image.name)),
}


@pytest.mark.parametrize("name", HANDLED)
def test_odd_but_sound_file_is_taken(name: str, msd: Folder, tmp_path: Path) -> None:
    raw = msd()
    for path, array in zip(second(raw), (IMAGE, LABEL), strict=True):
        save(path, array)
    sound = run(raw, tmp_path / "sound").manifest["cases"]
    HANDLED[name](*second(raw))
    assert run(raw, tmp_path / "odd").manifest["cases"] == sound


def test_case_in_which_nothing_is_labelled_is_kept_as_background(msd: Folder, tmp_path: Path) -> None:
    raw = msd()
    save(second(raw)[1], np.zeros(SHAPE, np.uint8))
    table = run(raw, tmp_path / "out", crop={"size": [3, 3, 3], "at": "foreground"}).cases.set_index("case")
    assert list(table.loc["hippocampus_002", "voxels"]) == [27, 0, 0]


@pytest.fixture
def two_raters(publish: Callable[..., ModuleType], tmp_path: Path) -> Folder:
    """A function that makes one case of two modalities and two raters, and a source that finds it."""

    def make(images: int = 2, labels: int = 2) -> Path:
        files = {f"{kind}_{n}": tmp_path / f"{kind}_{n}.nii.gz" for kind in ("image", "rater") for n in (1, 2)}
        for name, path in files.items():
            save(path, LABEL if name.startswith("rater") else IMAGE)
        case = RawCase(
            "case_1",
            "p",
            tuple(files[f"image_{n}"] for n in range(1, images + 1)),
            tuple(files[f"rater_{n}"] for n in range(1, labels + 1)),
        )
        facts = {"MODALITIES": ("t1", "t2"), "CLASSES": ("background", "a"), "STRUCTURES": {"a": (1,)}}
        publish(**facts, find_cases=lambda folder: [case])
        return tmp_path

    return make


def test_missing_modality_is_refused(two_raters: Folder, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"case_1: has 1 images \(image_1\.nii\.gz\) where 2 are expected\. Add those that are missing"
    ):
        run(two_raters(images=1), tmp_path / "out")


def test_case_of_nothing_is_refused(two_raters: Folder, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"case_1: holds neither image nor label map\. Add them, or delete its folder\."
    ):
        run(two_raters(images=0, labels=0), tmp_path / "out")


@pytest.mark.parametrize("name", ["image_2", "rater_2"])
def test_second_modality_or_rater_on_another_grid_is_named(name: str, two_raters: Folder, tmp_path: Path) -> None:
    folder = two_raters()
    save(folder / f"{name}.nii.gz", IMAGE[:4] if name == "image_2" else LABEL[:4])
    with pytest.raises(
        InputError, match=rf"case_1: .*{name}\.nii\.gz has the shape \(7, 6, 4\), but .*image_1\.nii\.gz \(7, 6, 5\)"
    ):
        run(folder, tmp_path / "out")


def test_empty_rater_counts_as_one_who_saw_nothing(two_raters: Folder, tmp_path: Path) -> None:
    folder = two_raters()
    save(folder / "rater_2.nii.gz", np.zeros(SHAPE, np.uint8))
    dataset = run(folder, tmp_path / "out")
    assert list(dataset.cases["raters"]) == [2]
    assert dataset.load("case_1").labels.sum(axis=(1, 2, 3)).tolist() == [1, 0]


def test_missing_rater_shows_in_the_table_where_no_number_is_fixed(two_raters: Folder, tmp_path: Path) -> None:
    assert list(run(two_raters(labels=1), tmp_path / "out").cases["raters"]) == [1]


def test_a_fault_of_many_cases_is_one_line_and_a_list_names_them_all(msd: Folder, tmp_path: Path) -> None:
    raw, out = msd(14), tmp_path / "out"
    for number in range(1, 13):
        label(COUNT + number)(*(raw / kind / f"hippocampus_{number:03d}.nii.gz" for kind in ("imagesTr", "labelsTr")))
    (raw / "labelsTr" / "hippocampus_013.nii.gz").unlink()
    with pytest.raises(InputError) as refused:
        run(raw, out)
    lines = str(refused.value).splitlines()
    assert lines[0] == "13 case(s) of hippocampus cannot be used:"
    three = "hippocampus_001, hippocampus_002, hippocampus_003 and 9 more"
    shared = [line for line in lines if line.startswith(f"  12 cases ({three}), the first: ")]
    assert len(shared) == 1
    assert len([line for line in lines if line.startswith("  hippocampus_013: ")]) == 1
    assert f"Each is listed in {out / 'refused.csv'}." in lines
    listed = (out / "refused.csv").read_text(encoding="utf-8").splitlines()
    assert (len(listed), listed[0]) == (14, "case,reason")
    left_out = {f"hippocampus_{number:03d}": "spoilt" for number in range(1, 14)}
    assert len(run(raw, out, drop=left_out).cases) == 1
    assert not (out / "refused.csv").exists()
