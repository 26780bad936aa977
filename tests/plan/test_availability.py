"""Whether a job can have the files of a source."""

from pathlib import Path

import pytest
from softbench.plan.modules import reason_missing

CONFIG = {"folders": {}, "mirror": None, "data": "published"}


@pytest.mark.parametrize("source", ["phantom_brain", "hippocampus", "lidc"])
def test_made_and_open_data_can_be_had(source: str, tmp_path: Path) -> None:
    assert reason_missing(source, CONFIG, tmp_path) is None


def test_login_needs_a_person(tmp_path: Path) -> None:
    assert reason_missing("brats2019", CONFIG, tmp_path) == "its data is behind a login and needs a person to get it"


@pytest.mark.parametrize("change", [{"folders": {"brats2019": "/data"}}, {"mirror": "/archives"}])
def test_login_is_no_matter_where_files_or_archives_are_named(change: dict, tmp_path: Path) -> None:
    assert reason_missing("brats2019", CONFIG | change, tmp_path) is None


def test_mirror_is_no_way_where_no_archive_is_known(tmp_path: Path) -> None:
    assert reason_missing("flare2021", CONFIG | {"mirror": "/archives"}, tmp_path) is not None


def test_files_put_by_hand_lie_there(tmp_path: Path) -> None:
    files = tmp_path / "brats2019" / "files"
    files.mkdir(parents=True)
    assert reason_missing("brats2019", CONFIG, tmp_path) is not None  # an empty folder holds nothing
    (files / "case").touch()
    assert reason_missing("brats2019", CONFIG, tmp_path) is None


def test_here_fetches_nothing(tmp_path: Path) -> None:
    here = CONFIG | {"data": "here"}
    assert reason_missing("hippocampus", here, tmp_path) == "its data does not lie here, and `data: here` fetches none"
    (tmp_path / "hippocampus").mkdir()
    (tmp_path / "hippocampus" / "manifest.json").touch()
    assert reason_missing("hippocampus", here, tmp_path) is None
