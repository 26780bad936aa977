"""The target of a study of raters: one command, and a recipe dropped in as a rule is in it without another edit."""

from collections.abc import Callable

import pandas as pd
import pytest

SMALL = (
    "rater_studies={phantom_nodule: {size: tiny, cases: 3}}",
    "rater_sweeps={geols: {values: [0.1]}, superpixel: {values: [500]}}",
)


PANELS = ("rater_laboratory={cases: 3, raters: 2, people: 20}",)


@pytest.mark.slow
def test_panels_of_simulated_raters_are_one_command(make_clone: Callable) -> None:
    clone = make_clone("panels")
    target = "results/rater_laboratory/paragraph.txt"
    clone.run(target, "--config", *PANELS, config="tests/workflow/tiny.yaml")
    folder = clone.path / "results" / "rater_laboratory"
    table = pd.read_csv(folder / "table.csv")
    assert {"one_hot", "svls", "blur_mm", "distance", "majority", "staple"} == set(table["label"])
    assert clone.jobs(target, "--config", *PANELS) == {}
    clone.raise_version("datasets/phantoms/annotators.py")
    assert clone.jobs(target, "--config", *PANELS).keys() >= {"measure_panels", "report_panels"}


@pytest.mark.slow
def test_study_is_one_command_and_has_a_recipe_that_was_dropped_in(make_clone: Callable) -> None:
    clone = make_clone("raters")
    soft_labels, rules = (clone.path / "workflow" / part for part in ("softbench/soft_labels", "rules/soft_labels"))
    (soft_labels / "mine.py").write_text((soft_labels / "one_hot.py").read_text())
    (rules / "mine.smk").write_text((rules / "svls.smk").read_text().replace("svls", "mine"))
    told = clone.run("rater_study_phantom_nodule", "--config", *SMALL, config="tests/workflow/tiny.yaml")
    folder = clone.path / "results" / "rater_study" / "phantom_nodule"
    table = pd.read_csv(folder / "table.csv").set_index("line")
    assert table["against_one_hot"]["mine"] == "cannot tell: the same numbers"
    assert {"others", "one_hot", "blur_mm", "geols", "superpixel"} <= set(table.index)
    assert "`resampled`: it reads labels kept soft through resampling" in (folder / "table.md").read_text()
    assert "results/rater_study/phantom_nodule/table.md" in told
    assert clone.jobs("rater_study_phantom_nodule", "--config", *SMALL) == {}
    clone.raise_version("soft_labels/blur.py")
    assert clone.jobs("rater_study_phantom_nodule", "--config", *SMALL).keys() >= {"measure_raters", "report_raters"}
