"""Bad cases are refused before anything is prepared, in one error, each with its reason; nothing finished is lost."""

import gzip
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from softbench import InputError
from softbench.datasets.prepare import prepare
from softbench.jobs import pieces

Folder = Callable[..., Path]
Write = Callable[..., None]
SHAPE = (5, 6, 7)  # of the files of `msd`, (x, y, z)


def run(raw: Path, output: Path, workers: int = 1, **settings: object) -> None:
    """Prepare the source `hippocampus`."""
    prepare.run("hippocampus", raw, output, versions={}, settings=settings, workers=workers, log=lambda line: None)


IMAGE, LABEL = "imagesTr/hippocampus_002.nii.gz", "labelsTr/hippocampus_002.nii.gz"


def with_voxel(value: float) -> np.ndarray:
    """An image with one odd voxel."""
    array = np.arange(210, dtype=np.float32).reshape(SHAPE)
    array[0, 0, 0] = value
    return array


def spoil(name: str, raw: Path, write: Write) -> None:
    """Do to the second case what `name` says."""
    image, label = raw / IMAGE, raw / LABEL
    match name:
        case "image without label":
            label.unlink()
        case "label without image":
            image.unlink()
        case "other shape":
            write(label, np.zeros((5, 6, 8), np.uint8))
        case "other affine":  # half a millimetre along x
            write(label, np.zeros(SHAPE, np.uint8), nib.affines.from_matvec(np.eye(3), [0.5, 0, 0]))
        case "truncated":
            image.write_bytes(image.read_bytes()[:600])
        case "id twice":
            (raw / IMAGE.removesuffix(".gz")).write_bytes(gzip.decompress(image.read_bytes()))
        case _:
            write(*{key: (raw / path, array) for key, path, array in ODD_ARRAYS}[name])


ODD_ARRAYS = (
    ("NaN", IMAGE, with_voxel(np.nan)),
    ("Inf", IMAGE, with_voxel(np.inf)),
    ("constant", IMAGE, np.full(SHAPE, 7.0)),
    ("unknown id", LABEL, np.full(SHAPE, 9, np.uint8)),
    ("half label", LABEL, np.full(SHAPE, 0.5)),
    ("4-D", IMAGE, np.random.default_rng(0).normal(size=(*SHAPE, 2))),
)
REASONS = {
    "image without label": "has an image .* but no label map",
    "label without image": "has a label map .* but no image",
    "other shape": r"\(8, 6, 5\), but .*\(7, 6, 5\)",
    "other affine": "affines differ by up to 0.5 mm",
    "truncated": "cut short or damaged",
    "id twice": "is there 2 times: ",
    "NaN": r"1 value\(s\) that are NaN or infinite of 210",
    "Inf": r"1 value\(s\) that are NaN or infinite of 210",
    "constant": r"is constant: every voxel is 7\.0",
    "unknown id": r"holds \{9: 210\} \(id: voxels\)",
    "half label": "must hold whole numbers",
    "4-D": "must be 3-D, but its shape is",
}


@pytest.mark.parametrize("name", REASONS)
def test_bad_case_is_named_with_its_reason_and_the_others_are_kept(
    name: str, msd: Folder, write: Write, tmp_path: Path
) -> None:
    raw, out = msd(), tmp_path / "out"
    spoil(name, raw, write)
    with pytest.raises(InputError, match=rf"1 case\(s\) of hippocampus.*\n  hippocampus_002: .*{REASONS[name]}"):
        run(raw, out)
    assert not (out / "manifest.json").exists()
    kept = [n for n in (1, 2, 3) if pieces.read_record(out / "cases", f"hippocampus_{n:03d}")]
    assert kept == [1, 3]


def test_all_bad_cases_are_listed_in_one_error(msd: Folder, write: Write, tmp_path: Path) -> None:
    raw = msd()
    (raw / LABEL).unlink()
    write(raw / "imagesTr" / "hippocampus_003.nii.gz", np.full(SHAPE, 7.0))
    with pytest.raises(
        InputError, match=r"(?s)2 case\(s\).*hippocampus_002: has.*hippocampus_003: .*constant.*1 others"
    ):
        run(raw, tmp_path / "out", workers=2)


def test_empty_folder_is_answered_with_the_layout(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no cases of Hippocampus.*Expected in it: imagesTr/hippocampus_###"):
        run(tmp_path, tmp_path / "out")
    with pytest.raises(InputError, match="is missing or no folder"):
        run(tmp_path / "absent", tmp_path / "out")


@pytest.mark.parametrize(
    "settings", [{"normalize": "zscore"}, {"normalise": "histogram"}, {"dtype": "int8"}, {"seed": 1}]
)
def test_unknown_setting_stops_with_the_known_ones(settings: dict[str, object], msd: Folder, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be one of"):
        run(msd(), tmp_path / "out", **settings)


def test_intensities_that_half_precision_cannot_hold_are_refused(msd: Folder, write: Write, tmp_path: Path) -> None:
    raw = msd(cases=1)
    write(raw / "imagesTr" / "hippocampus_001.nii.gz", with_voxel(1.7e6))
    with pytest.raises(InputError, match=r"up to 1\.7e\+06 do not fit into float16"):
        run(raw, tmp_path / "out", normalise="none", dtype="float16")
