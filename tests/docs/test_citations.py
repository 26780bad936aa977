"""CITATION.cff has an entry for each source that the pages on losses, soft labels and calibrations cite."""

import re
from pathlib import Path

import pytest
import yaml

PAGES = ("losses", "methods", "posthoc", "reported", "tuning")
CITED = re.compile(
    r"\b([A-Z]\w+)\s+(?:et\s+al\.|&\s+[A-Z]\w+)"  # the first author and the others
    r",?\s+\(?(?:[A-Z]\w+,?\s)?(\d{4}(?:,\s\d{4})*)"  # where it appeared, perhaps, and the years
)


def cited(text: str) -> set[tuple[str, int]]:
    """Return the first authors and years that a text cites."""
    return {(author, int(year)) for author, years in CITED.findall(text) for year in years.split(", ")}


@pytest.fixture(scope="module")
def entries(root: Path) -> set[tuple[str, int]]:
    """The first author and the year of each reference."""
    content = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    return {(entry["authors"][0]["family-names"], entry["year"]) for entry in content["references"]}


@pytest.mark.parametrize("page", PAGES)
def test_each_source_of_a_page_has_an_entry(root: Path, page: str, entries: set[tuple[str, int]]) -> None:
    found = cited((root / "docs" / f"{page}.md").read_text(encoding="utf-8"))
    assert found, "the page cites nothing, so the pattern is wrong"
    assert sorted(found - entries) == []


def test_pages_cite_what_they_are_known_to(root: Path) -> None:
    """So that a change of the pattern or of the pages' style does not leave most sources unread."""
    found = set().union(*(cited((root / "docs" / f"{page}.md").read_text(encoding="utf-8")) for page in PAGES))
    known = {("Barfoot", 2024), ("Barfoot", 2025), ("Murugesan", 2022), ("Murugesan", 2023), ("Murugesan", 2025)}
    known |= {("Noothout", 2022), ("Lin", 2017), ("Wang", 2019), ("Zhang", 2020), ("Zadrozny", 2002), ("Dodge", 2019)}
    assert known <= found
    assert len(found) >= 35


def test_entries_are_read_and_one_that_is_missing_is_found(entries: set[tuple[str, int]]) -> None:
    assert len(entries) >= 35
    assert cited("(Nobody & Else 1999; Lin et al., ICCV 2017)") - entries == {("Nobody", 1999)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Lin et al. 2017; `gamma: 0`", {("Lin", 2017)}),
        ("Zhang\net al., MICCAI 2020, whose", {("Zhang", 2020)}),
        ("Murugesan et al. 2023, 2025", {("Murugesan", 2023), ("Murugesan", 2025)}),
        ("Wang et al. (NeurIPS 2023)", {("Wang", 2023)}),
        ("Liebel & Körner 2018", {("Liebel", 2018)}),
        ("of 2017 and 12 networks", set()),
    ],
)
def test_forms_of_a_citation(text: str, found: set[tuple[str, int]]) -> None:
    assert cited(text) == found
