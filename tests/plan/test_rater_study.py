"""The studies of raters, as config and rules see them."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from softbench import InputError
from softbench.plan.answers.rater_study import RaterStudies, files
from softbench.plan.code.graph import Code
from softbench.plan.code.stages import Stages
from softbench.plan.plan import Plan


@pytest.fixture(scope="module")
def studies(root: Path) -> RaterStudies:
    return RaterStudies(Plan.read(root), Stages(Code(root / "workflow")))


def of(study: str) -> Any:
    return SimpleNamespace(study=study)


def test_label_maps_are_fetched_without_images_where_a_source_has_them_apart(studies: RaterStudies) -> None:
    assert studies.raw("kits2023") == ["results/raw_labels/kits2023/manifest.json"]
    assert studies.raw("lidc") == ["results/raw_labels/lidc/manifest.json"]
    assert studies.raw("chase_db1") == ["results/raw/chase_db1/manifest.json"]
    assert studies.raw("phantom_nodule") == []


def test_each_recipe_with_a_rule_is_asked_with_its_versions(studies: RaterStudies) -> None:
    recipes = studies.recipes(of("lidc"))
    assert set(recipes) == set(studies.plan.found.recipes)
    assert recipes["msvls"]["softbench/soft_labels/svls.py"] >= 1


def test_source_decides_how_cases_are_read(studies: RaterStudies) -> None:
    """And no metric does: a new one of them measures nothing again."""
    reached = {
        name: studies.stages.code.reached(*studies.stages.entries("raters", source=name))
        for name in ("lidc", "chase_db1")
    }
    assert "softbench/datasets/sources/lidc.py" in reached["lidc"]
    assert "softbench/datasets/sources/lidc.py" not in reached["chase_db1"]
    assert "softbench/rater_study/sums.py" in reached["chase_db1"]
    assert not any(path.startswith("softbench/metrics/") for path in reached["lidc"])


def test_study_of_a_large_download_is_asked_for_by_its_name_and_sees_no_image(studies: RaterStudies) -> None:
    assert not set(files("curvas")) & set(studies.all(of("")))
    assert set(files("lidc")) <= set(studies.all(of("")))
    assert "rater_study_curvas" in studies.targets
    settings = studies.settings(of("curvas"))
    assert (settings["images"], settings["left_out"]) == (False, ["UKCHLL007", "UKCHLL082"])


def test_titles_decide_no_number(studies: RaterStudies) -> None:
    assert all("title" not in entry for entry in studies.sweeps(of("lidc")).values())
    assert studies.titles(of("lidc"))["blur_mm"] == "Blur (mm)"


def test_what_was_asked_for_is_said_at_the_end(studies: RaterStudies) -> None:
    assert studies.asked(["rater_study_lidc", "--cores"]) == ["results/rater_study/lidc/table.md"]
    usual = [name for name in studies.plan.config["rater_studies"] if name != "curvas"]
    assert studies.asked(["rater_study"]) == [files(name)[1] for name in usual]
    assert studies.asked(["rater_study", "rater_study_curvas"])[-1] == files("curvas")[1]
    assert studies.asked(["hippocampus"]) == []


@pytest.mark.parametrize(
    ("section", "entry", "said"),
    [
        ("rater_studies", {"source": "hippocampus"}, "whose cases have one rater"),
        ("rater_studies", {"source": "lidk"}, "does not exist"),
        ("rater_sweeps", {"recipe": "blur", "over": "sigma"}, "both `over` and `values`"),
        ("rater_sweeps", {"recipe": "blur", "over": "sigma", "values": [2, 1]}, r"must rise: write \[1, 2\]"),
        ("rater_sweeps", {"recipe": "blur", "over": "width", "values": [1]}, "'width', which the recipe has not"),
        ("rater_sweeps", {"recipe": "blur", "settings": {"unit": "mm"}}, "'unit', which the recipe has not"),
        ("rater_sweeps", {"recipe": "blurr"}, "does not exist"),
    ],
)
def test_entries_that_do_not_fit(
    section: str, entry: dict[str, Any], said: str, config: dict[str, Any], accepted: Callable[[dict[str, Any]], Plan]
) -> None:
    config[section]["mine"] = entry
    with pytest.raises(InputError, match=said):
        accepted(config)
