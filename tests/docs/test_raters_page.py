"""The numbers on docs/raters.md are those that the studies wrote."""

from pathlib import Path

import pandas as pd
import pytest
from make import raters
from softbench import InputError


def study(folder: Path, name: str) -> None:
    """What a study leaves, with few rows."""
    place = folder / name
    place.mkdir(parents=True)
    (place / "paragraph.txt").write_text(f"Of {name}.\n")
    (place / "table.md").write_text("### A table\n")
    (place / "widths.txt").write_text("Scores.\n")
    (place / "reliability.txt").write_text("Diagrams.\n")
    lines = ["one_hot", "ls", "svls", "blur_mm", "distance"]
    rows = {"structure": "kidney_and_mass", "line": lines, "patients": 48, "disagreement_mm": 0.251}
    pd.DataFrame({**rows, "brier_band": 0.02, "best_words": "0.5 mm"}).to_csv(place / "table.csv", index=False)


def test_section_has_paragraph_pictures_and_table(tmp_path: Path) -> None:
    study(tmp_path, "lidc")
    text = raters.section(tmp_path, "lidc")
    assert text.index("Of lidc.") < text.index("(pictures/raters_lidc_widths.png)") < text.index("### A table")


def test_summary_is_a_row_a_structure(tmp_path: Path) -> None:
    study(tmp_path, "kits2023")
    row = raters.summary(tmp_path, ["kits2023"]).splitlines()[-1]
    assert row.startswith("| KiTS 2023 | kidney and mass | 48 | 0.25 | 0.5 mm | 0.5 mm | 0.0200 |")


def test_content_stands_between_the_marks_of_its_study() -> None:
    begin, end = (mark.format("lidc") for mark in raters.MARKS)
    text = f"a\n{begin}\nold\n{end}\nb\n"
    assert raters.fill(text, "lidc", "new") == f"a\n{begin}\n\nnew\n\n{end}\nb\n"
    with pytest.raises(InputError, match="lacks the lines"):
        raters.fill(text, "chase_db1", "new")


def test_page_has_the_marks_of_all_studies() -> None:
    page = raters.PAGE.read_text()
    for name in (*raters.STUDIES, raters.OBSERVERS, "summary", "laboratory", "answers"):
        raters.fill(page, name, "")


def test_answers_are_those_of_the_table(tmp_path: Path) -> None:
    """A row of SVLS for each number of raters has the answer."""
    rows = [
        {"population": population, "label": label, "raters": number, "enough": enough, "worth": worth}
        for population, enough, worth in (("small_jitter", "2", 1.7), ("mixed", "none up to 8", 1.234))
        for label in ("one_hot", "svls")
        for number in (1, 2)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "table.csv", index=False)
    said = " ".join(raters.answers(tmp_path).split())
    assert "2 (small jitter), none up to 8 (mixed)." in said
    assert "has 1.2 times the Brier score" in said
    with pytest.raises(InputError, match="snakemake --cores all rater_laboratory`"):
        raters.laboratory(tmp_path / "rater_laboratory")


def test_table_of_observers_has_all_columns_and_its_first_part_alone(tmp_path: Path) -> None:
    first = "| Method | DSC | clDice | NSD |\n| :-- | --: | --: | --: |\n| One-hot | 0.6 | 0.6 | 0.5 |"
    (tmp_path / "t.md").write_text(
        f"### A title\n\nEach cell: a mean.\n\n{first}\n\n**Difference.**\n\n| Method | a |\n"
    )
    assert raters.observers(tmp_path / "t.md") == first


def test_networks_are_told_with_their_differences(tmp_path: Path) -> None:
    shared = {"metric": "brier_truth", "roi": "band", "n_seeds": 3, "difference_low": -0.02, "difference_high": 0.01}
    rows = [
        {"method": "one_hot", "title": "One-hot", "mean": 0.1},
        {"method": "svls", "title": "SVLS", "mean": 0.09, "control": "one_hot", "difference": -0.01},
        {
            "method": "moh_2",
            "title": "mOH of 2",
            "mean": 0.08,
            "control": "svls",
            "difference": -0.01,
            "beyond_noise": True,
        },
        {"method": "chance", "title": "Chance", "mean": 0.3, "n_seeds": 1},
    ]
    pd.DataFrame([{**shared, **row} for row in rows]).to_csv(tmp_path / "trained.csv", index=False)
    said = raters.trained(tmp_path / "trained.csv")
    assert "over 3 seeds: One-hot 0.1000, SVLS 0.0900, mOH of 2 0.0800." in said
    assert "mOH of 2 minus SVLS \N{MINUS SIGN}0.0100 [\N{MINUS SIGN}0.0200, 0.0100]" in said
    assert "Chance" not in said


def test_study_that_was_not_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="snakemake --cores all rater_study_lidc"):
        raters.section(tmp_path, "lidc")
