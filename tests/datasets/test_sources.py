"""Sources are found by being there, and each keeps the contract of the room."""

from collections.abc import Callable
from pathlib import Path

import pytest
import softbench
from softbench import InputError, datasets
from softbench.datasets.fetch import fetch
from softbench.datasets.sources import reading

WANTED = {
    "open": (),
    "tcia": ("SERIES",),
    "token": ("TOKEN", "STEPS"),
    "manual": ("STEPS",),
    "own": ("SPLITS",),
    "made": (),
}


@pytest.mark.parametrize("name", datasets.names())
def test_source_keeps_the_contract(name: str) -> None:
    source = datasets.source(name)
    assert isinstance(source.VERSION, int)
    assert all(text.strip() for text in (source.TITLE, source.LICENCE, source.CITATION))
    assert source.ACCESS in fetch.KINDS
    assert source.CLASSES[0] == "background"
    assert len(set(source.MODALITIES)) == len(source.MODALITIES) > 0
    for ids in source.STRUCTURES.values():
        assert set(ids) <= set(range(1, len(source.CLASSES)))
    wanted = ("SIZES", "CASES", "make") if source.ACCESS == "made" else ("LAYOUT", "find_cases")
    assert all(hasattr(source, attribute) for attribute in (*wanted, *WANTED[source.ACCESS]))


@pytest.mark.parametrize("name", [name for name in datasets.names() if datasets.source(name).ACCESS != "made"])
def test_downloads_of_a_source_are_well_formed(name: str) -> None:
    source = datasets.source(name)
    archives = fetch.list_archives(source)
    assert archives or source.ACCESS in ("tcia", "token", "manual", "own")
    assert len({archive.name for archive in archives}) == len(archives)
    assert len({archive.url for archive in archives if archive.url}) == len([a for a in archives if a.url])
    for archive in archives:
        assert "/" not in archive.name
        assert archive.url.startswith("https://") or source.ACCESS == "manual"
        assert not Path(archive.path).is_absolute()
        assert not {"..", "."} & set(Path(archive.path).parts + Path(archive.into).parts)
        assert not (archive.unpack and archive.path)
        assert not (archive.into or archive.nested) or archive.unpack
        assert len(archive.sha256 or "0" * 64) == 64
        assert len(archive.md5 or "0" * 32) == 32
    assert getattr(source, "SIZE_GB", None) is None or len(source.SIZE_GB) == 2
    assert all(isinstance(step, str) and step.endswith(".") for step in getattr(source, "STEPS", ()))


@pytest.mark.parametrize("name", [name for name in datasets.names() if datasets.source(name).ACCESS != "made"])
def test_other_releases_have_ids_that_this_one_has_not(name: str) -> None:
    """Else nothing could tell them apart, and a message would name the release that the files are of."""
    source = datasets.source(name)
    own = {*reading.label_ids(source), *reading.ignored_ids(source)}
    assert all(set(ids) - own for ids in reading.other_releases(source).values())


def test_machinery_is_no_source() -> None:
    assert {"hippocampus", "phantom_brain"} <= set(datasets.names())
    assert not {"fetch", "prepare", "case", "phantom_fields", "phantom_brain_image"} & set(datasets.names())


def test_version_can_be_read_from_the_text_of_a_source() -> None:
    text = datasets.locate("phantom_brain").read_text()
    assert f"\nVERSION = {datasets.source('phantom_brain').VERSION}\n" in text


def test_unknown_source_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"no source 'hipocampus'; known are .*hippocampus"):
        datasets.source("hipocampus")


def test_parts_of_the_room_are_imported_when_named() -> None:
    assert "phantom_brain" in softbench.datasets.phantoms.names()
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = datasets.nothing


def test_hippocampus_is_found_in_its_folder_or_one_above(msd: Callable[..., Path]) -> None:
    folder = msd(cases=2)
    source = datasets.source("hippocampus")
    inside, above = source.find_cases(folder), source.find_cases(folder.parent)
    assert inside == above
    assert [case.id for case in inside] == ["hippocampus_001", "hippocampus_002"]
    assert inside[0].labels == (folder / "labelsTr" / "hippocampus_001.nii.gz",)


def test_files_left_by_macos_are_no_cases(msd: Callable[..., Path]) -> None:
    cases = datasets.source("hippocampus").find_cases(msd(cases=3))
    assert len(cases) == 3
    assert not any(path.name.startswith(".") for case in cases for path in (*case.images, *case.labels))


def test_folder_without_the_layout_holds_no_case(tmp_path: Path) -> None:
    assert datasets.source("hippocampus").find_cases(tmp_path) == []
