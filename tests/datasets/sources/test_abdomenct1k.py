"""AbdomenCT-1K: three zips of scans and a 7z of masks become cases; scans without a mask are told apart."""

import functools
import hashlib
import threading
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import py7zr
import pytest
from softbench import InputError, datasets, images
from softbench.datasets import splits
from softbench.datasets.fetch.fetch import fetch, location
from softbench.datasets.prepare import prepare
from softbench.datasets.sources import abdomenct1k, flare2021

from .ct_phantoms import phantom

IDS = ("Case_00001", "Case_00002", "Case_00401", "Case_00801")
PARTS = (1, 1, 2, 3)  # which archive holds the scan
WHOLE: dict[str, Any] = {"spacing_mm": None, "crop": None}  # the grid of the phantoms
Release = Callable[..., Path]


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A function that makes a folder with the archives unpacked: all scans, and masks of the first so many."""

    def make(masks: int = 4) -> Path:
        folder = tmp_path / "AbdomenCT-1K"
        for number, (name, part) in enumerate(zip(IDS, PARTS, strict=True)):
            image, labels, affine = phantom(number)
            images.write(folder / f"AbdomenCT-1K-ImagePart{part}" / f"{name}_0000.nii.gz", image, affine, "LPS")
            if number < masks:
                images.write(folder / "Mask" / f"{name}.nii.gz", labels.astype(np.float64), affine, "LPS")
        return folder

    return make


@pytest.fixture
def publisher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """A folder, and the address under which its files are served."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    (tmp_path / "published").mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    handler = functools.partial(Handler, directory=str(tmp_path / "published"))
    running = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield tmp_path / "published", f"http://127.0.0.1:{running.server_address[1]}"
    running.shutdown()
    running.server_close()
    thread.join()


def pack(folder: Path, target: Path) -> None:
    """Pack the folders as published: the zips hold their folder, the 7z only its files."""
    for part in (1, 2, 3):
        name = f"AbdomenCT-1K-ImagePart{part}"
        with zipfile.ZipFile(target / f"{name}.zip", "w") as archive:
            for path in sorted((folder / name).iterdir()):
                archive.write(path, f"{name}/{path.name}")
    with py7zr.SevenZipFile(target / "Mask.7z", "w") as archive:
        for path in sorted((folder / "Mask").iterdir()):
            archive.write(path, path.name)


def run(raw: Path, output: Path, **settings: Any) -> datasets.Dataset:
    prepare.run("abdomenct1k", raw, output, versions={}, settings=settings, log=lambda line: None)
    return datasets.open(output)


def test_published_archives_become_the_dataset(
    release: Release, publisher: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served, address = publisher
    pack(release(), served)
    data = {archive.name: (served / archive.name).read_bytes() for archive in abdomenct1k.ARCHIVES}
    sums = {n: {"md5": hashlib.md5(b).hexdigest(), "sha256": hashlib.sha256(b).hexdigest()} for n, b in data.items()}
    local = [replace(one, url=f"{address}/{one.name}", **sums[one.name]) for one in abdomenct1k.ARCHIVES]
    monkeypatch.setattr(abdomenct1k, "ARCHIVES", tuple(local))
    monkeypatch.setattr(abdomenct1k, "SIZE_GB", (0.001, 0.001))
    fetch("abdomenct1k", tmp_path / "raw", log=lambda line: None, pause_s=0)
    raw = location(tmp_path / "raw", None)
    assert (raw / "Mask" / "Case_00401.nii.gz").exists()
    dataset = run(raw, tmp_path / "out", **WHOLE, window=None, normalise="none")
    for number, name in enumerate(IDS):
        image, labels, affine = phantom(number)
        loaded = dataset.load(name)
        np.testing.assert_array_equal(loaded.images[0], image)
        np.testing.assert_array_equal(loaded.labels[0], labels)
        np.testing.assert_allclose(loaded.affine, affine, atol=1e-4)


def test_scan_without_a_mask_is_left_out_with_its_reason(release: Release, tmp_path: Path) -> None:
    folder = release(masks=3)
    assert [case.id for case in abdomenct1k.find_cases(folder)] == list(IDS[:3])
    assert abdomenct1k.find_dropped(folder) == {"Case_00801": "published without a mask"}
    assert list(run(folder, tmp_path / "out", **WHOLE).cases["case"]) == list(IDS[:3])


def test_folder_without_any_mask_is_answered_with_the_layout(release: Release, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no cases of AbdomenCT-1K.*masks Case_#####\.nii\.gz"):
        run(release(masks=0), tmp_path / "out")


def test_scan_and_masks_may_lie_in_any_folders(release: Release) -> None:
    folder = release()
    nested = folder / "AbdomenCT-1K-ImagePart1"
    nested.rename(folder / "moving")
    nested.mkdir()
    (folder / "moving").rename(nested / "AbdomenCT-1K-ImagePart1")  # as some unpackers do
    (folder / "Mask" / "._Case_00001.nii.gz").write_bytes(b"left by macOS")
    (folder / "Mask" / "notes.txt").write_text("")
    cases = abdomenct1k.find_cases(folder)
    assert [(case.id, len(case.images), len(case.labels)) for case in cases] == [(name, 1, 1) for name in IDS]


def spoil(name: str, folder: Path) -> None:
    """Do to the second case what `name` says."""
    image = folder / "AbdomenCT-1K-ImagePart1" / "Case_00002_0000.nii.gz"
    mask = folder / "Mask" / "Case_00002.nii.gz"
    match name:
        case "no image":
            image.unlink()
        case "mask twice":
            (folder / "Case_00002.nii.gz").write_bytes(mask.read_bytes())
        case "other id":
            labels = phantom(1)[1].copy()
            labels[0, :2, :4] = 5
            images.write(mask, labels, phantom(1)[2], "LPS")


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("no image", "has a label map .* but no image"),
        ("mask twice", r"is there 2 times"),
        ("other id", r"must hold the ids \[0, 1, 2, 3, 4\], but holds \{5: 8\}"),
    ],
)
def test_case_that_is_not_right_is_refused_by_name(what: str, message: str, release: Release, tmp_path: Path) -> None:
    folder = release()
    spoil(what, folder)
    with pytest.raises(InputError, match=rf"(?s)1 case\(s\) of abdomenct1k .*Case_00002: .*{message}"):
        run(folder, tmp_path / "out", **WHOLE)


def test_classes_structures_and_preparation_are_those_of_flare2021() -> None:
    assert abdomenct1k.CLASSES == flare2021.CLASSES
    assert abdomenct1k.STRUCTURES == flare2021.STRUCTURES
    assert abdomenct1k.DEFAULTS == flare2021.DEFAULTS


def test_split_follows_by_a_rule() -> None:
    cases = {f"Case_{number:05d}": f"Case_{number:05d}" for number in range(1, 1001)}
    split = splits.by_patient(cases, abdomenct1k.SPLITS["main"])
    assert Counter(split["part"]) == {"train": 700, "val": 100, "test": 200}


def test_network_is_trained_a_step_and_scored(release: Release, tmp_path: Path, scores_after_one_step: Any) -> None:
    run(release(), tmp_path / "data", **WHOLE)
    scores = scores_after_one_step(tmp_path / "data", zip(IDS, IDS, strict=True), (8, 16, 16))
    assert set(abdomenct1k.STRUCTURES) <= set(scores["structure"])
