"""Jobs of which Snakemake remembers nothing look again at their pieces."""

from pathlib import Path

import pytest
from softbench.jobs import launch, marks

DATA = Path("results/data/phantom/manifest.json")
SOFT = Path("results/soft_labels/phantom/ls/manifest.json")
RUN = Path("results/runs/tiny/net/ls/batch-0.json")
LONG = Path("results/soft_labels/phantom", "l" * 200, "manifest.json")
BESIDE = Path("results/maps/phantom/slic/shard-0.provenance.json")


@pytest.fixture(autouse=True)
def _results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path in (DATA, SOFT, RUN, LONG, BESIDE):
        path.parent.mkdir(parents=True)
        path.touch()


def remember(*paths: Path, text: str = '{"params": []}') -> None:
    for path in paths:
        marks.record_of(path).parent.mkdir(parents=True, exist_ok=True)
        marks.record_of(path).write_text(text)


def test_without_any_memory_every_list_counts_as_not_finished() -> None:
    assert launch.look_again(Path("results")) == 4
    assert [marks.is_unfinished(path) for path in (DATA, SOFT, LONG, BESIDE, RUN)] == [
        True,
        True,
        True,
        False,
        True,
    ]
    assert all(path.exists() for path in (DATA, SOFT, LONG, BESIDE, RUN))


def test_what_snakemake_remembers_stays() -> None:
    remember(DATA, SOFT, RUN, LONG)
    assert launch.look_again(Path("results")) == 0
    assert not marks.is_unfinished(RUN)


def test_record_that_a_power_cut_left_half_written_counts_as_none() -> None:
    remember(DATA, RUN, LONG)
    remember(SOFT, text='{"params": [')
    assert launch.look_again(Path("results")) == 1
    assert not marks.is_unfinished(DATA)
    assert marks.is_unfinished(SOFT)


def test_record_that_a_list_of_several_methods_names_is_no_output() -> None:
    remember(DATA, SOFT, RUN, LONG)
    row = Path("results/runs/tiny/net/oracle/batch-0.json")
    joint = Path("results/runs/tiny/net/sanity.json")
    row.parent.mkdir()
    row.touch()
    joint.write_text('{"pieces": [{"method": "oracle", "path": "oracle/batch-0.json", "hash": "h"}]}')
    assert row not in launch.lists(Path("results"))
    assert launch.look_again(Path("results")) == 1
    assert (marks.is_unfinished(row), marks.is_unfinished(joint)) == (False, True)


def test_memory_in_a_database_is_not_looked_into() -> None:
    marks.DATABASE.parent.mkdir()
    marks.DATABASE.touch()
    assert launch.look_again(Path("results")) == 0
