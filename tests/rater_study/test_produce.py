"""A whole small study: its pieces, what a killed one leaves, its table, figures and words."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from softbench.errors import InputError
from softbench.rater_study import measure, shown
from softbench.rater_study.collect import collect
from softbench.rater_study.cut import Prepared
from softbench.rater_study.judge import judge, too_rare
from softbench.rater_study.produce import Study, produce, read_facts
from softbench.rater_study.report import about, report

SWEEPS = {
    "one_hot": {"recipe": "one_hot"},
    "blur": {"recipe": "blur", "settings": {"units": "mm"}, "over": "sigma", "values": [0.4, 0.8, 1.6], "unit": "mm"},
    "svls": {"recipe": "svls"},
}
RECIPES = {"one_hot": {"one_hot": 1}, "blur": {"blur": 1}, "svls": {"svls": 1}, "msvls": {"msvls": 1}}


def make(output: Path, number: int = 34, sweeps: dict = SWEEPS, recipes: dict = RECIPES) -> list[str]:
    lines: list[str] = []
    study = Study("phantom_nodule", 3.0, 6.0, "tiny", number)
    produce(study, Path(), output, sweeps=sweeps, versions=recipes, version={"v": 1}, log=lines.append)
    return lines


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("study")
    make(output)
    shown.write(output, {"blur": "Blur"})
    return output


def test_table_has_a_row_a_line_and_the_ends(folder: Path) -> None:
    table = pd.read_csv(folder / "table.csv").set_index("line")
    assert list(table.index) == ["others", "one_hot", "blur", "svls", "msvls"]
    assert table["brier_band"]["others"] == pytest.approx(0, abs=1e-9)
    assert table["against_one_hot"]["blur"] == "better"
    assert table["minus_one_hot"]["blur"] == pytest.approx(table["brier_band"]["blur"] - table["brier_band"]["one_hot"])
    assert table["mixed"]["blur"] == pytest.approx(table["minus_one_hot"]["blur"])
    assert table["low"]["blur"] < table["minus_one_hot"]["blur"] < table["high"]["blur"]


def test_recipe_without_a_line_is_in_the_table_and_known_as_the_same_function(folder: Path) -> None:
    """The SVLS of one rater is that of several, of whom there is one."""
    study = collect(folder)
    found = judge(study, "nodule")
    assert found.lines["msvls"].brier == pytest.approx(found.lines["svls"].brier)
    leader = found.lines[found.leader]
    assert leader.line.name == "blur"
    text = (folder / "table.md").read_text()
    assert "| msvls |" in text
    assert "Mean of the other raters" in text


def test_words_and_pictures_are_there(folder: Path) -> None:
    said = (folder / "paragraph.txt").read_text()
    assert said.startswith(
        "Phantom lung nodule, four raters: 34 patients, 34 cases, 4 raters. Nodule (34 patients): two "
    )
    assert "Best widths: Blur" in said
    for name in ("widths.png", "widths.pdf", "reliability.png", "table.html"):
        assert (folder / name).stat().st_size > 1000
    assert "10⁻³" in (folder / "table.md").read_text()


def test_table_of_widths_stands_beside_each_floor(folder: Path) -> None:
    text = (folder / "table.md").read_text()
    assert "| Soft label | By Brier score | Interval for the width | By CE, floor 10⁻² |" in text
    numbers = pd.read_csv(folder / "table.csv").set_index("line")
    study = collect(folder)
    for floor, name in enumerate(("0.01", "0.001", "0.0001")):
        means = study.by_patient("blur", "cross_entropy", "nodule", "band")[..., floor].mean(axis=1)
        assert numbers[f"best_by_cross_entropy_{name}"]["blur"] == SWEEPS["blur"]["values"][means.argmin()]


def test_verdicts_are_adjusted_for_all_pairs(folder: Path) -> None:
    """Four labels are six pairs, one of which (SVLS of one rater, and mSVLS) is the same function."""
    numbers = pd.read_csv(folder / "table.csv").set_index("line")
    assert "adjusted by Holm's method for the 5 tests of this study" in (folder / "table.md").read_text()
    assert "Verdicts are adjusted by Holm's method for 5 tests." in (folder / "paragraph.txt").read_text()
    assert (numbers["p_adjusted"].dropna() >= numbers["p"].dropna()).all()
    assert numbers["p_adjusted"]["blur"] < 0.05


def test_second_run_measures_nothing_and_an_interrupted_one_goes_on(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[str] = []
    real = measure.measure
    stop = {"after": 7}

    def count(cut: Prepared, line: object, *, classes: int) -> dict[str, np.ndarray]:
        if len(measured) == stop["after"]:
            raise KeyboardInterrupt
        measured.append(f"{cut.id} {line.name}")
        return real(cut, line, classes=classes)

    monkeypatch.setattr(measure, "measure", count)
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, number=3)
    assert not (tmp_path / "manifest.json").exists()
    stop["after"] = -1
    make(tmp_path, number=3)
    assert len(measured) == len(set(measured)) == 3 * 5
    make(tmp_path, number=3)
    assert len(measured) == 15
    make(tmp_path, number=3, recipes={**RECIPES, "ls": {"ls": 1}})
    assert measured[15:] == [f"phantom_nodule_00{case} ls" for case in range(3)]
    make(tmp_path, number=4)
    assert measured[18:] == [f"phantom_nodule_003 {line}" for line in ("others", "one_hot", "blur", "svls", "msvls")]


def test_dropped_case_is_left_out_and_named_and_the_others_are_not_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, number=3)
    monkeypatch.setattr(measure, "measure", None)  # would be called
    study = Study("phantom_nodule", 3.0, 6.0, "tiny", 3, drop={"phantom_nodule_001": "the raters saw another scan"})
    produce(study, Path(), tmp_path, sweeps=SWEEPS, versions=RECIPES, version={"v": 1}, log=lambda line: None)
    held = collect(tmp_path)
    assert held.manifest["cases"] == ["phantom_nodule_000", "phantom_nodule_002"]
    assert "Left out: phantom_nodule_001 (the raters saw another scan)." in about(held)


def test_few_patients_have_points_and_the_reason(tmp_path: Path) -> None:
    make(tmp_path, number=4)
    shown.write(tmp_path, {})
    text = (tmp_path / "table.md").read_text()
    assert "no valid CI: 4 patients, at least 30 are needed: these patients' means are shown without." in text
    assert "lower here" in text
    assert "(lowest; no range)" in text
    assert "there is no range (no valid CI: 4 patients" in (tmp_path / "widths.txt").read_text()


def test_more_lines_than_colours_are_drawn(tmp_path: Path) -> None:
    """A recipe that a user adds must not be one too many."""
    widths = {"recipe": "blur", "settings": {"units": "mm"}, "over": "sigma", "values": [0.4, 0.8], "unit": "mm"}
    make(tmp_path, 2, {"one_hot": {"recipe": "one_hot"}, **{f"blur_{n}": widths for n in range(10)}}, {})
    shown.write(tmp_path, {})
    assert (tmp_path / "widths.png").stat().st_size > 1000


def test_structure_that_two_halves_cannot_share_is_named(folder: Path) -> None:
    study = collect(folder)
    for of_line in study.scores.values():
        for values in of_line.values():
            values[1:] = np.nan if values.dtype.kind == "f" else 0
    assert too_rare(study) == {"nodule": 1}
    assert "two halves need two patients: nodule (drawn in 1 patient(s))" in about(study)
    with pytest.raises(InputError, match=r"no structure was drawn in two patients, .*: nodule \(drawn in 1 patient"):
        report(study, {})


def test_cases_of_different_numbers_of_raters_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def of_one_fewer(output: Path, case: str) -> dict[str, Any]:
        return {**read_facts(output, case), **({"raters": 3} if case.endswith("_002") else {})}

    monkeypatch.setattr("softbench.rater_study.collect.read_facts", of_one_fewer)
    with pytest.raises(InputError, match=r"_002 has 3 rater\(s\), but most cases have 4; 1 of 34 cases are so"):
        collect(folder)
