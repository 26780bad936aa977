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
from softbench.plan.processes import PROCESS_MB, processes


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


def test_memory_bounds_the_processes(studies: RaterStudies) -> None:
    """A study stays below 4 GiB on any machine; `--resources mem_mb=` lowers what a job is given."""
    asked = studies.memory_mb(of("kits2023"), 1)
    assert asked * 1e6 < 4 * 2**30
    assert studies.memory_mb(of("phantom_nodule"), 2) == 2 * PROCESS_MB
    assert [processes(8, memory) for memory in (asked, 2 * asked, 2 * PROCESS_MB, 100)] == [3, 6, 2, 1]
    assert processes(1, asked) == 1


def test_titles_decide_no_number(studies: RaterStudies) -> None:
    assert all("title" not in entry for entry in studies.sweeps(of("lidc")).values())
    assert studies.titles(of("lidc"))["blur_mm"] == "Blur (mm)"


def test_what_was_asked_for_is_said_at_the_end(studies: RaterStudies) -> None:
    assert studies.asked(["rater_study_lidc", "--cores"]) == ["results/rater_study/lidc/table.md"]
    usual = [name for name in studies.plan.config["rater_studies"] if name != "curvas"]
    assert studies.asked(["rater_study"]) == [files(name)[1] for name in usual]
    assert studies.asked(["rater_study", "rater_study_curvas"])[-1] == files("curvas")[1]
    assert studies.asked(["hippocampus"]) == []


BLUR = {"recipe": "blur", "over": "sigma", "values": [1.0, 2.0]}
MAPS = {"source": "lidc", "images": False}
RIM = {"recipe": "boundary_uncertainty", "over": "outer"}


@pytest.mark.parametrize(
    ("section", "entry", "said"),
    [
        ("rater_studies", {"source": "hippocampus"}, "whose cases have one rater"),
        ("rater_studies", {"source": "lidk"}, "does not exist"),
        ("rater_studies", {"source": "lidc", "cases": 3}, "'lidc' is no phantom, and all its cases are read"),
        ("rater_studies", {"source": "phantom_nodule", "size": "huge"}, "is 'huge'. .*Known: small"),
        ("rater_studies", MAPS | {"band_mm": 13}, "is 13 mm, but labels are looked at no further than 12 mm"),
        ("rater_studies", MAPS | {"margin_mm": 4}, "is 5 mm, but .* no further than 4 mm .* `margin_mm: 5` or more"),
        ("rater_studies", MAPS | {"margin_mm": 11}, "is 11 mm, but 'blur_mm' .* goes to 2.8 mm.* Write 11.2 or more"),
        ("rater_sweeps", BLUR | {"values": [1, 4], "unit": "mm"}, "is 12 mm, but 'mine' .* goes to 4 mm.* Write 16"),
        ("rater_sweeps", {"recipe": "blur", "over": "sigma"}, "both `over` and `values`"),
        ("rater_sweeps", BLUR | {"values": [2, 1]}, r"must rise: write \[1, 2\]"),
        ("rater_sweeps", BLUR | {"over": "width"}, "is 'width', but must be sigma"),
        ("rater_sweeps", BLUR | {"over": "units"}, "is 'units', but must be sigma"),
        ("rater_sweeps", BLUR | {"values": [0, 1]}, "is 0, but must be a number above 0"),
        ("rater_sweeps", BLUR | {"values": ["wide"]}, "is 'wide'"),
        (
            "rater_sweeps",
            {"recipe": "staple", "over": "iterations", "values": [1, 2]},
            "is 'iterations', but there is nothing to choose from .'staple' has no number to vary.* Leave it out",
        ),
        ("rater_sweeps", {"recipe": "ls", "over": "alpha", "values": [0.5, 1.5]}, "is 1.5"),
        ("rater_sweeps", {"recipe": "epd", "over": "factor", "values": [2.5]}, "is 2.5"),
        ("rater_sweeps", {"recipe": "geols", "over": "alpha", "values": [0.1, 7]}, "is 7"),
        ("rater_sweeps", BLUR | {"settings": {"unit": "mm"}}, "unit.* 'units'"),
        ("rater_sweeps", BLUR | {"settings": {"units": "metre"}}, "is 'metre'"),
        ("rater_sweeps", BLUR | {"settings": {"sigma": 1.0}}, "sets 'sigma' twice"),
        ("rater_sweeps", BLUR | {"together": {"sigma": [1.0, 2.0]}}, "sets 'sigma' twice"),
        ("rater_sweeps", {"recipe": "blurr"}, "does not exist"),
        ("rater_sweeps", {"recipe": "one_hot"}, "second line of 'one_hot'"),
        ("rater_sweeps", BLUR | {"title": "One-hot"}, "is 'One-hot', the title of 'one_hot' too"),
        ("rater_sweeps", BLUR | {"title": "SVLS"}, "is 'SVLS', the title of 'svls' too"),
        ("rater_sweeps", RIM | {"values": [0.1, 0.95]}, "`outer` 0.95 and `inner` 0.9, but `outer` must be below"),
        ("rater_sweeps", RIM | {"values": [0.1], "together": {"inner": [0.9, 0.8]}}, r"has 2 value\(s\), but"),
        ("rater_sweeps", {"recipe": "boundary_uncertainty", "together": {"inner": [0.9]}}, "both `over` and `values`"),
        ("soft_labels", {"recipe": "boundary_uncertainty", "inner": 0.05}, "`outer` 0.1 and `inner` 0.05"),
    ],
)  # fmt: skip
def test_entries_that_do_not_fit(
    section: str, entry: dict[str, Any], said: str, config: dict[str, Any], accepted: Callable[[dict[str, Any]], Plan]
) -> None:
    config[section]["mine"] = entry
    with pytest.raises(InputError, match=said):
        accepted(config)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("others", "is the name of the mean of the other raters"),
        ("case", "is the name of the facts of a case"),
        ("shuffled", "is the name of a recipe, but the line is of 'blur'"),
        ("one_hot", "is the name of a recipe, but the line is of 'blur'"),
    ],
)
def test_names_that_are_taken(
    name: str, said: str, config: dict[str, Any], accepted: Callable[[dict[str, Any]], Plan]
) -> None:
    config["rater_sweeps"][name] = BLUR
    with pytest.raises(InputError, match=said):
        accepted(config)


def test_entries_that_fit(config: dict[str, Any], accepted: Callable[[dict[str, Any]], Plan]) -> None:
    config["rater_sweeps"] |= {
        "rim": RIM | {"values": [0.1, 0.4], "together": {"inner": [0.8, 0.7]}, "title": "Rim"},
        "thick": {"recipe": "epd", "settings": {"factor": [1, 2, 2]}},
        "narrow": {"recipe": "blur", "settings": {"units": "mm", "sigma": 0.1}},
    }
    accepted(config)
