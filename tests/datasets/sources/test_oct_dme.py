"""OCT-DME: MATLAB files in its layout become B-scans with seven layers and fluid by two graders, made level."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.io import savemat
from softbench import InputError, datasets
from softbench.datasets import phantoms, splits
from softbench.datasets.case import Archive
from softbench.datasets.fetch.fetch import fetch, location
from softbench.datasets.prepare import prepare
from softbench.datasets.sources import oct_dme

SPLIT = Path(__file__).parents[3] / "workflow" / "splits" / "oct_dme" / "main.csv"
HEIGHT, WIDTH, SCANS = 120, 96, 7
GRADED = (1, 3, 4, 6)  # B-scans, from 0
SEEN = slice(10, 86)  # columns that were graded
TOPS = np.array([30, 36, 44, 50, 54, 70, 73, 78])  # rows of the boundaries, from 1, before the tilt
Folder = Callable[..., Path]


def tilt() -> np.ndarray:
    """How many rows each column is shifted: a whole number, from -8 to 8."""
    return np.rint(np.linspace(-8, 8, WIDTH)).astype(int)


def boundaries(grader: int) -> np.ndarray:
    """Boundaries (8, W); the second grader draws the first two a row deeper."""
    drawn = (TOPS[:, None] + tilt()).astype(float)
    drawn[:2] += grader == 2
    drawn[:, : SEEN.start] = np.nan
    drawn[:, SEEN.stop :] = np.nan
    return drawn


def fluid(grader: int) -> np.ndarray:
    """Two numbered pockets of 4 x 5 and 3 x 6 pixels in layers 5 and 3; NaN elsewhere in the first grader's file."""
    drawn = np.full((HEIGHT, WIDTH), np.nan if grader == 1 else 0.0)
    drawn[57:61, 40:45] = 1
    drawn[44:47, 60:66] = 2
    return drawn


def image(rng: np.random.Generator) -> np.ndarray:
    """A B-scan with layers by brightness and speckle."""
    level = np.array([20, 150, 110, 70, 90, 50, 190, 210, 60])
    rows = np.arange(1, HEIGHT + 1)[:, None]
    passed = (rows[None] >= (TOPS[:, None] + tilt())[:, None]).sum(axis=0)
    return np.clip(level[passed] * rng.gamma(20, 1 / 20, (HEIGHT, WIDTH)), 0, 255).astype(np.uint8)


def subject(number: int) -> dict[str, np.ndarray]:
    """The variables of a file."""
    rng = np.random.default_rng(number)
    content = {"images": np.stack([image(rng) for _ in range(SCANS)], axis=2)}
    for grader in (1, 2):
        layers, wet = np.full((8, WIDTH, SCANS), np.nan), np.zeros((HEIGHT, WIDTH, SCANS))
        for scan in GRADED:
            layers[:, :, scan], wet[:, :, scan] = boundaries(grader), fluid(grader)
        content |= {f"manualLayers{grader}": layers, f"manualFluid{grader}": wet}
    return content | {"automaticLayersDME": np.zeros((8, WIDTH, SCANS))}


@pytest.fixture
def release(tmp_path: Path) -> Folder:
    """A function that makes a folder as the archive unpacks; `changes` replace variables of the last subject."""

    def make(subjects: int = 2, **changes: Any) -> Path:
        folder = tmp_path / "published" / "2015_BOE_Chiu"
        folder.mkdir(parents=True)
        for number in range(1, subjects + 1):
            content = subject(number) | (changes if number == subjects else {})
            content = {name: array for name, array in content.items() if array is not None}
            savemat(folder / f"Subject_{number:02d}.mat", content, do_compression=True)
        (folder / "._Subject_01.mat").write_bytes(b"left by macOS")
        return folder.parent

    return make


def run(raw: Path, output: Path, **settings: Any) -> datasets.Dataset:
    prepare.run("oct_dme", raw, output, versions={}, settings={"rows": [70, 30]} | settings, log=lambda line: None)
    return datasets.open(output)


def test_graded_scans_are_the_cases(release: Folder) -> None:
    folder = release()
    found = oct_dme.find_cases(folder)
    assert [case.id for case in found] == [f"subject_{s:02d}_scan_{k:02d}" for s in (1, 2) for k in (1, 2, 3, 4)]
    assert [case.details["b_scan"] for case in found[:4]] == list(GRADED)
    assert {case.patient for case in found} == {"subject_01", "subject_02"}
    assert found == oct_dme.find_cases(folder / "2015_BOE_Chiu")


def test_boundaries_enclose_layers() -> None:
    drawn = np.array([[3.0, 3], [5, 5], [5, 4], [8, 8], [9, 9], [10, 10], [11, 11], [12, np.nan]])
    labels, known = oct_dme.label(drawn, np.zeros((14, 2)))
    # rows from 1: layer 1 is 3 and 4, layer 2 (5 to 5) is empty, layer 3 is 5 to 7, then one row each, 12 is below
    assert labels[:, 0].tolist() == [0, 0, 1, 1, 3, 3, 3, 4, 5, 6, 7, 0, 0, 0]
    assert known[:, 0].all()
    assert not known[:, 1].any()
    assert not labels[:, 1].any()


def test_boundary_above_the_one_before_lies_on_it() -> None:
    drawn = np.array([3.0, 6, 5, 8, 9, 10, 11, 12])[:, None]
    labels, _ = oct_dme.label(drawn, np.zeros((12, 1)))
    assert labels[:, 0].tolist() == [0, 0, 1, 1, 1, 3, 3, 4, 5, 6, 7, 0]


def test_both_graders_layers_and_fluid(release: Folder, tmp_path: Path) -> None:
    dataset = run(release(1), tmp_path / "out", flatten=False, rows=None, denoise="none", normalise="none")
    loaded = dataset.load("subject_01_scan_02")
    assert loaded.labels.shape == (2, HEIGHT, WIDTH)
    columns, thick = SEEN.stop - SEEN.start, np.diff(TOPS)  # 76 columns; 6, 8, 6, 4, 16, 3, 5 rows
    first, second = (np.bincount(rater.ravel(), minlength=9) for rater in loaded.labels)
    dry = thick * columns
    dry[4] -= 4 * 5  # rows 58 to 61: layer 5 (54 to 69, tilt at most 1 there)
    dry[2] -= 3 * 6  # rows 45 to 47: layer 3 (44 to 49, tilt 2 or 3: from 47) and layer 2
    moved = (second - first)[1:8]
    assert moved.tolist() == [0, -columns, 0, 0, 0, 0, 0]  # layer 1 moves, layer 2 loses a row
    assert first[8] == second[8] == 4 * 5 + 3 * 6
    assert first[5] == dry[4]
    assert first[2] + first[3] == thick[1] * columns + dry[2]
    assert first[[1, 4, 6, 7]].tolist() == dry[[0, 3, 5, 6]].tolist()
    assert loaded.valid is not None
    assert loaded.valid.sum() == columns * HEIGHT
    assert loaded.spacing_mm == (0.00387, 0.01133)
    np.testing.assert_array_equal(loaded.images[0], subject(1)["images"][:, :, 3])
    assert [len(ids) for ids in dataset.structures.values()] == [1] * 8


def test_membrane_is_found_under_speckle_and_a_pocket() -> None:
    rng = np.random.default_rng(0)
    drawn = image(rng).astype(float)
    drawn[40:68, 30:50] = 8  # fluid: its lower edge is a steep rise above the ellipsoid zone
    true = TOPS[7] - 1 + tilt()  # rows from 0
    assert np.abs(oct_dme.membrane(drawn) - true).max() <= 2


def test_membrane_of_the_phantom_is_found() -> None:
    errors = []
    for number in range(6):
        case = phantoms.make("phantom_retina", 2000 + number)
        found = oct_dme.membrane(case.images[0])
        below = [np.flatnonzero(column == 7).max(initial=-1) + 1 for column in case.labels[0].T]
        errors.append(np.median(np.abs(found - below)))
    assert max(errors) <= 2.5  # rows; the phantom's membrane is no parabola


def test_flat_retina_lies_on_one_row(release: Folder, tmp_path: Path) -> None:
    loaded = run(release(1), tmp_path / "out").load("subject_01_scan_01")
    assert loaded.images.shape == (1, 100, WIDTH)
    deepest = np.array([np.flatnonzero(column == 7).max() for column in loaded.labels[0].T[SEEN]])
    assert np.abs(deepest + 1 - 70).max() <= 2  # Bruch's membrane is row 70, below `above` rows
    assert (np.diff(deepest) == 0).mean() > 0.6  # before, it fell by 16 rows over 96 columns
    assert loaded.valid is not None
    assert not loaded.valid[:, : SEEN.start].any()


def test_flattening_changes_no_count(release: Folder, tmp_path: Path) -> None:
    folder = release(1)
    flat = run(folder, tmp_path / "flat").cases["voxels"].iloc[0]
    still = run(folder, tmp_path / "still", flatten=False, rows=None).cases["voxels"].iloc[0]
    assert list(flat[1:]) == list(still[1:])


def test_shifted_rows_beyond_the_image_are_not_valid() -> None:
    window = oct_dme.Window.of(np.array([2.0, 3.4]), [4, 2], height=5)
    taken = window.take(np.arange(10.0).reshape(5, 2), -1)
    assert taken.T.tolist() == [[-1, -1, 0, 2, 4, 6], [-1, 1, 3, 5, 7, 9]]


def test_rows_that_would_cut_the_retina_are_refused(release: Folder, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"subject_01_scan_01: the rows that are kept, 40 above .* cut off \d+ labelled"
    ):
        run(release(1), tmp_path / "out", rows=[40, 30])


def test_denoising_lowers_noise_and_keeps_edges() -> None:
    rng = np.random.default_rng(1)
    clean = np.repeat([50.0, 150.0], 32)[:, None] * np.ones(64)
    noisy = (clean + rng.normal(0, 10, clean.shape)).astype(np.float32)
    assert abs(oct_dme.noise(noisy) - 10) < 1.5
    better = oct_dme.denoised(noisy, how="nl_means")
    assert np.sqrt(((better - clean) ** 2).mean()) < 5
    np.testing.assert_array_equal(oct_dme.denoised(noisy, how="none"), noisy)


def write_weights(path: Path, level: float) -> None:
    """A network of two layers that says the noise is `level` of 255 everywhere."""
    state = {"model.0.weight": torch.zeros(2, 1, 3, 3), "model.0.bias": torch.zeros(2)}
    state |= {"model.2.weight": torch.zeros(1, 2, 3, 3), "model.2.bias": torch.full((1,), level / 255)}
    torch.save(state, path)


def test_weights_beside_the_data_denoise_it_and_decide_the_key(release: Folder, tmp_path: Path) -> None:
    folder = release(1)
    settings = {"denoise": "dncnn", "normalise": "none"}
    with pytest.raises(InputError, match=r"dncnn_gray_blind\.pth, which are not there.*nl_means"):
        run(folder, tmp_path / "data", **settings)
    plain = run(folder, tmp_path / "plain", denoise="none", normalise="none", flatten=False)
    write_weights(folder / oct_dme.WEIGHTS, 3.0)
    less = run(folder, tmp_path / "data", **settings, flatten=False)
    case = less.cases["case"][0]
    np.testing.assert_allclose(less.load(case).images, plain.load(case).images - 3, atol=1e-3)
    keys = less.manifest["key"]
    write_weights(folder / oct_dme.WEIGHTS, 5.0)
    again = run(folder, tmp_path / "data", **settings, flatten=False)
    assert again.manifest["key"] != keys
    np.testing.assert_allclose(again.load(case).images, plain.load(case).images - 5, atol=1e-3)
    write_weights(folder / "2015_BOE_Chiu" / "own.pth", 7.0)
    own = run(folder, tmp_path / "own", **settings, flatten=False, weights="own.pth")
    np.testing.assert_allclose(own.load(case).images, plain.load(case).images - 7, atol=1e-3)


def test_weights_that_cannot_be_had_do_not_stop_the_data(
    release: Folder, server: Any, pack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, mirror, said = release(1), tmp_path / "mirror", []
    mirror.mkdir()
    body = pack({p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*.mat"))})
    (mirror / "2015_BOE_Chiu2.zip").write_bytes(body)
    fetch("oct_dme", tmp_path / "raw", mirror=mirror, log=said.append, pause_s=0)
    assert any("holds no dncnn_gray_blind.pth" in line and "the fetch goes on" in line for line in said)
    assert oct_dme.find_cases(location(tmp_path / "raw", None))
    write_weights(mirror / oct_dme.WEIGHTS, 3.0)
    fetch("oct_dme", tmp_path / "raw", mirror=mirror, log=said.append, pause_s=0)
    assert (location(tmp_path / "raw", None) / oct_dme.WEIGHTS).is_file()
    (mirror / "2015_BOE_Chiu2.zip").unlink()
    with pytest.raises(InputError, match=r"holds no 2015_BOE_Chiu2\.zip"):
        fetch("oct_dme", tmp_path / "other", mirror=mirror, log=said.append, pause_s=0)


def one_grader_only() -> np.ndarray:
    return np.full((8, WIDTH, SCANS), np.nan)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"manualLayers2": one_grader_only()},
            r"4 case\(s\).*subject_02_scan_01: grader 2 drew no complete boundaries",
        ),
        ({"manualFluid1": np.zeros((9, WIDTH, SCANS))}, r"manualFluid1 has \(9, 96\) a B-scan, but \(120, 96\)"),
        ({"images": None}, r"lacks the variable\(s\) images"),
        ({"manualLayers1": one_grader_only(), "manualLayers2": one_grader_only()}, r"subject_02: .* but no label map"),
    ],
)
def test_subject_that_cannot_be_used_is_refused_by_name(
    changes: dict[str, Any], message: str, release: Folder, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=rf"(?s){message}"):
        run(release(2, **changes), tmp_path / "out")


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(512), "version 7.3"),
        (b"<!DOCTYPE html>" + bytes(600), "cannot be read as a MATLAB file"),
    ],
)
def test_other_file_is_told_apart(head: bytes, message: str, release: Folder) -> None:
    folder = release(1)
    (folder / "2015_BOE_Chiu" / "Subject_02.mat").write_bytes(head)
    with pytest.raises(InputError, match=rf"Subject_02.mat .*{message}"):
        oct_dme.find_cases(folder)


def test_archive_is_downloaded_and_gives_the_same_cases(
    release: Folder, server: Any, pack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = release(1)
    server.body = pack({p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*.mat"))})
    monkeypatch.setattr(oct_dme, "ARCHIVES", (Archive(f"{server.address}/x", "2015_BOE_Chiu2.zip"),))
    fetch("oct_dme", tmp_path / "raw", log=lambda line: None, pause_s=0)
    fetched = run(location(tmp_path / "raw", None), tmp_path / "one")
    assert fetched.manifest["cases"] == run(folder, tmp_path / "other").manifest["cases"]


def test_network_is_trained_a_step_and_scored(release: Folder, tmp_path: Path, scores_after_one_step: Any) -> None:
    dataset = run(release(2), tmp_path / "data")
    rows = dataset.cases.iloc[[0, 1, 2, 4]]
    cases = list(zip(rows["case"], rows["patient"], strict=True))
    scores = scores_after_one_step(tmp_path / "data", cases, (32, 32))
    assert set(oct_dme.STRUCTURES) <= set(scores["structure"])
    assert {"1", "2"} <= set(scores["rater"].astype(str))


def test_committed_split_has_the_papers_parts() -> None:
    split = splits.read(SPLIT)
    assert Counter(split["part"]) == {"train": 44, "val": 11, "test": 55}  # 55 and 55; one of five subjects validates
    assert set(split.loc[split["part"] == "test", "patient"]) == {f"subject_{n:02d}" for n in range(6, 11)}
    assert Counter(split["patient"]) == {f"subject_{n:02d}": 11 for n in range(1, 11)}
    first = {f"subject_{n:02d}": f"subject_{n:02d}" for n in range(1, 6)}
    drawn = splits.permuted(first, train=4, val=1, test=0)
    assert set(split.loc[split["part"] == "val", "patient"]) == set(drawn.loc[drawn["part"] == "val", "case"])
