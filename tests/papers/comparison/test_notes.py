"""Under a table that shows some of a printed table's data sets stands nothing about the others."""

from pathlib import Path

import pytest
from softbench.papers import published
from softbench.papers.comparison.build import Block, build
from softbench.papers.comparison.notes import footnotes
from softbench.plan.plan import Plan

NAMES = {  # what a sentence about a data set holds
    "brats2019_svls": ("BraTS", "WT", "66 cases"),
    "brats2019_geols": ("BraTS", "WT"),
    "kits2019_svls": ("KiTS", "comp: ", "42 cases"),
    "prostatex_zones": ("ProstateX", "20 cases"),
    "lidc": ("LIDC", "OH_all", "rater map"),
    "flare2021": ("FLARE", "liver"),
    "mrbrains18": ("MRBrainS", "two test subjects"),
    "oct_dme": ("OCT", "2-D", "retina"),
}
ONE_BY_ONE = [(name, key) for name in published.names() for key in published.read(name).datasets]


@pytest.mark.parametrize(("name", "key"), ONE_BY_ONE)
def test_notes_are_those_of_the_data_set_that_is_shown(name: str, key: str) -> None:
    whole = published.read(name)
    places = {(cell.place.dataset, cell.place.arm) for cell in whole.cells if cell.place.dataset == key}
    table = build(whole.restricted(places), [Block(*place) for place in places])
    foreign = [
        word for other, words in NAMES.items() if other != key for word in words if word not in NAMES.get(key, ())
    ]
    for note in footnotes(table):
        assert not [word for word in foreign if word in note], note
    assert (table.title.endswith(f"({whole.datasets[key].title} alone)")) == (len(whole.datasets) > 1)


def test_facts_about_a_data_set_stand_where_it_is_shown() -> None:
    of_paper, table = published.paper("svls"), published.read("svls_1")
    told = of_paper.facts_of(table)
    assert len([fact for fact in told if "KiTS" in fact]) == 2
    assert not [fact for fact in told if "OH_all" in fact]
    assert [fact for fact in of_paper.facts_of(published.read("svls_2")) if "OH_all" in fact]


def test_restricted_table_with_all_its_places_is_the_table() -> None:
    for name in published.names():
        table = published.read(name)
        assert table.restricted({(cell.place.dataset, cell.place.arm) for cell in table.cells}) == table


def test_table_of_svls_as_released_speaks_of_brats_alone(root: Path) -> None:
    plan = Plan.read(root)
    notes = " ".join(plan.paper_tables["svls_1_code"]["choices"].values())
    assert not [word for word in ("KiTS", "Kidney", "ProstateX") if word in notes]
