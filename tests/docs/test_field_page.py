"""The numbers of tuned methods on docs/field.md and in README.md are those of their tables."""

from pathlib import Path

import pandas as pd
import pytest
from make import field
from make.between_marks import fill
from softbench import InputError

NAME = field.FIRST
TITLES = {"one_hot_tuned": "One-hot (tuned)", "one_hot": "One-hot", "nacl_tuned": "NACL (tuned)", "x": "X (A, tuned)"}
NLL = {"one_hot_tuned": 0.03, "one_hot": 0.034, "nacl_tuned": 0.029, "x": 0.028}


def row(method: str, metric: str, roi: str, mean: float, verdict: str) -> dict[str, object]:
    gap = {} if method == field.BASELINE else {"difference": mean - NLL[field.BASELINE], "p": 0.01}
    names = {"method": method, "title": TITLES[method], "metric": metric, "roi": roi, "verdict": verdict}
    better = "higher" if metric == "dsc" else "lower"
    return {
        **names,
        "seeds": 5,
        "better": better,
        "mean": mean,
        "sd_over_seeds": 0.001,
        **gap,
        "low": -0.1,
        "high": 0.1,
    }


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Tables of four methods; `nacl_tuned` is better in NLL, `x` worse in DSC."""
    for name in ("tables", "figures"):
        (tmp_path / name).mkdir()
    rows = []
    for method, nll in NLL.items():
        for metric, roi in field.SAID:
            verdict = {("nacl_tuned", "nll"): "better", ("x", "dsc"): "worse"}.get((method, metric), "")
            rows.append(row(method, metric, roi, nll, verdict))
    pd.DataFrame(rows).to_csv(tmp_path / "tables" / f"baseline_{NAME}.csv", index=False)
    tried = [
        {"method": method, "setting": f"alpha = {alpha}", "chosen": alpha == 0.1}
        for method in ("one_hot_tuned", "nacl_tuned", "x")
        for alpha in (0.05, 0.1, 0.2)
    ]
    pd.DataFrame(tried).to_csv(tmp_path / "tables" / f"tuning_{NAME}.csv", index=False)
    for kind in field.FIGURES:
        (tmp_path / "figures" / f"{kind}_{NAME}.txt").write_text("A picture.\n")
    return tmp_path


def test_the_answer_comes_first_and_names_who_is_better(results: Path) -> None:
    said = " ".join(field.section(results, NAME).split())
    assert said.startswith(
        "**A lower NLL than tuned one-hot labels with a temperature, beyond noise: NACL.** 2 methods"
    )
    assert "had 3 settings each" in said
    assert "the 21 differences of the comparison" in said
    assert "DSC: worse: X (A)." in said
    assert "NLL: better: NACL." in said
    assert "ECE, foreground: no difference beyond noise." in said


def test_nobody_better_is_said_first(results: Path) -> None:
    path = results / "tables" / f"baseline_{NAME}.csv"
    pd.read_csv(path).assign(verdict="").to_csv(path, index=False)
    assert field.first(results).startswith("**No method has a lower NLL than tuned one-hot")


def test_rows_are_ordered_by_nll_below_the_baseline_and_hold_the_chosen_setting(results: Path) -> None:
    lines = [line for line in field.section(results, NAME).splitlines() if line.startswith("| ")][2:]
    assert [line.split(" | ")[0] for line in lines] == ["| One-hot", "| X (A)", "| NACL", "| One-hot"]
    assert lines[2].startswith("| NACL | alpha = 0.1 | 0.029 ± 0.001 | 0.0290 ± 0.0010 |")
    assert "| **0.0290** ± 0.0010 | −0.0010 [−0.1000, 0.1000] |" in lines[2]
    assert "| not tuned |" in lines[3]
    assert lines[0].endswith("| – |")


def test_a_claim_from_elsewhere_stands_beside_ours(results: Path) -> None:
    assert "A claim from elsewhere" not in field.section(results, NAME)
    numbers = {"printed_difference": 0.03, "ours_difference": -0.015, "ours_low": -0.024, "ours_high": -0.006}
    claim = {
        "claim": "monai_2072.dice",
        "paper": "A tutorial",
        "place": "one run",
        "says": "It raises Dice.",
        "seeds_max": 5,
    }
    others = {"claim": "svls.a", "says": "Else."}
    pd.DataFrame([{**claim, **numbers}, others]).to_csv(results / "claims.csv", index=False)
    said = " ".join(field.section(results, NAME).split())
    assert "A tutorial; one run. Ours: 5 seeds" in said
    assert "It raises Dice: theirs +0.030; ours −0.015 [−0.024, −0.006]." in said
    assert "Else" not in said


def test_readme_shows_some_rows(results: Path) -> None:
    said = " ".join(field.first(results).split())
    assert "beyond noise: DSC 0 and 1; ECE, all voxels 0 and 0;" in said
    assert "NLL 1 and 0; Brier score 0 and 0; TACE 0 and 0." in said
    assert "X (A) |" not in said
    assert "| NACL | 0.029 ± 0.001 |" in said
    assert "| One-hot, not tuned |" in said


def test_pages_have_the_marks_and_what_was_not_run_is_said(tmp_path: Path) -> None:
    for name in field.EXPERIMENTS:
        fill(field.PAGE.read_text(), field.marks(name), "")
    with pytest.raises(InputError, match="Run the experiment: `snakemake --cores all field_hippocampus`"):
        field.read(tmp_path, NAME)
