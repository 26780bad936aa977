"""The list behind docs/fidelity.md names only what exists, and leaves out no table, figure, claim or method."""

from pathlib import Path

import pytest
import yaml
from make import fidelity
from make.fidelity import Element
from softbench import InputError
from softbench.papers import published
from softbench.plan.config import Config, read

ROOT = Path(__file__).parents[2]
CLAIMS = ROOT / "workflow" / "published" / "claims.yaml"


@pytest.fixture(scope="module")
def config() -> Config:
    return read(ROOT)


@pytest.fixture(scope="module")
def named() -> set[str]:
    return {name for one in fidelity.all_elements() for name in (*one.where, *one.shown)}


def test_all_that_is_named_exists(config) -> None:
    assert fidelity.stale(fidelity.all_elements(), ROOT, config) == []


def test_what_does_not_exist_is_found(config) -> None:
    where = ("workflow/none.py", "config/methods.yaml: methods.none", "config/methods.yaml: methods.svls")
    where += ("config/papers/svls.yaml: methods.svls", "config.yaml: methods.svls")
    shown = (
        "tests/docs/test_fidelity_page.py::test_none",
        "results/tables/none.md",
        "results/tables/svls_1_open.md",
    )
    wrong = Element("svls", "x", "method", "Sec. 1", "x", "printed", "", where, shown)
    assert len(fidelity.stale([wrong], ROOT, config)) == 6


def test_every_printed_table_has_an_element(named) -> None:
    assert {f"results/tables/{name}.md" for name in published.names()} <= named


def test_every_figure_of_the_papers_that_is_drawn_has_an_element(named, config) -> None:
    assert {f"results/figures/{name}.png" for name in config.values["figures"]} <= named


def test_every_method_of_a_printed_table_has_an_element(named) -> None:
    printed = {cell.place.method for name in published.names() for cell in published.read(name).cells}
    assert {f"methods.{method}" for method in printed} <= {name.partition(": ")[2] for name in named}


def test_every_claim_has_an_element() -> None:
    known = {f"{one.paper}.{one.name}" for one in fidelity.all_elements() if one.kind == "claim"}
    claims = yaml.safe_load(CLAIMS.read_text())
    assert set(claims) <= known


@pytest.mark.parametrize("paper", published.reader.PAPERS)
def test_names_are_unique_and_every_kind_is_there(paper) -> None:
    found = fidelity.elements(paper)
    assert len({one.name for one in found}) == len(found)
    assert {one.kind for one in found} == set(fidelity.KINDS)


def test_a_choice_of_ours_without_its_reason_is_refused(tmp_path, monkeypatch) -> None:
    (tmp_path / "fidelity").mkdir()
    entry = {
        "name": "x",
        "kind": "loss",
        "place": "Eq. 1",
        "what": "x",
        "status": "ours",
        "where": ["a"],
        "shown": ["b"],
    }
    (tmp_path / "fidelity" / "none.yaml").write_text(yaml.safe_dump([entry]))
    monkeypatch.setattr(fidelity, "FOLDER", tmp_path)
    with pytest.raises(InputError, match="because"):
        fidelity.elements("none")


def test_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "fidelity.md").read_text(encoding="utf-8") == fidelity.page(), "run `make docs`"
