"""Results without Snakemake's memory are looked at again by every job."""

from pathlib import Path

import pytest
from softbench import arrival


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("results/data/phantom/manifest.json")
    path.parent.mkdir(parents=True)
    path.touch()
    return path


@pytest.mark.parametrize("folder", [None, arrival.MEMORY])
def test_lists_of_data_go_when_the_memory_is_gone_or_empty(manifest: Path, folder: Path | None) -> None:
    if folder:
        folder.mkdir(parents=True)
    assert arrival.forgotten(Path("results")) == [manifest]
    assert arrival.look_again(Path("results")) == 1
    assert not manifest.exists()
    assert arrival.look_again(Path("results")) == 0


def test_what_snakemake_remembers_stays(manifest: Path) -> None:
    arrival.MEMORY.mkdir(parents=True)
    (arrival.MEMORY / "cmVzdWx0cw==").touch()
    assert arrival.look_again(Path("results")) == 0
    assert manifest.exists()
