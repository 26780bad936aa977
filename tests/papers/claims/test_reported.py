"""Claims from outside the papers: what was reported, and what our runs say, on values worked out by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from softbench import InputError
from softbench.jobs import pieces
from softbench.metrics.rows import COLUMNS
from softbench.papers.claims import judged, reported
from softbench.papers.published import reports
from softbench.plan.bridge import answers
from softbench.plan.plan import Plan
from softbench.tables import forms

SEEDS = range(5)
NAMES = {"experiment": "field_hippocampus", "dataset": "hippocampus", "split": "val_40", "network": "compact_unet"}
DICE, ACE, MCE = reports.reports()
GAINS = np.array([0.010, 0.012, 0.008, 0.011, 0.009])  # of Dice, seed by seed
WORSE = {"ace_netcal": 0.02, "mce": 0.0}  # ours is higher by this


def value(method: str, metric: str, seed: int) -> float:
    if metric == "dsc":
        return 0.8 + 0.05 * seed / 10 + (GAINS[seed] if method == "ml1_ace" else 0.0)
    return 0.1 + 0.01 * seed + (WORSE[metric] if method == "ml1_ace" else 0.0)


def write_run(folder: Path, method: str) -> str:
    """Write the runs of a method; two cases, whose Dice of the two parts differs by 0.1 around the value."""
    for seed in SEEDS:
        rows = []
        for case, off in (("a", -0.02), ("b", 0.02)):
            dsc = value(method, "dsc", seed) + off
            rows += [(case, "anterior", "dsc", "all", dsc - 0.05), (case, "posterior", "dsc", "all", dsc + 0.05)]
            for part, by in (("anterior", -0.01), ("posterior", 0.01)):
                rows += [(case, part, metric, "all", value(method, metric, seed) + off + by) for metric in WORSE]
                rows += [(case, part, metric, "band", 0.9) for metric in WORSE]
            rows += [(case, "all", metric, "all", 0.9) for metric in WORSE]
        frame = pd.DataFrame(rows, columns=["case", "structure", "metric", "roi", "value"]).assign(**NAMES)
        frame = frame.assign(method=method, seed=seed, rater=1, grid="full", prediction="raw", unit="1")
        place = folder / method / f"seed-{seed}"
        place.mkdir(parents=True)
        frame[list(COLUMNS)].to_parquet(place / "scores.parquet", index=False)
        np.savez(place / "reliability.npz")
    done = {str(seed): {"status": "done", "scores": "hash", "key": "key"} for seed in SEEDS}
    pieces.write_json(folder / method / "batch-0.json", {"run": {**NAMES, "method": method}, "seeds": done})
    return str(folder / method / "batch-0.json")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """Our runs of all reports, as the plan gives them."""
    folder = tmp_path_factory.mktemp("runs")
    batches = {name: [write_run(folder, name)] for name in ("ml1_ace", "one_hot_ce_dice")}
    known = {"batches": batches, "data": "hippocampus", "command": "run it"}
    return {report.key: known for report in reports.reports()}


@pytest.fixture(scope="module")
def found(settings) -> list[reported.Reported]:
    return reported.build(reports.reports(), settings)


def test_reported_means_are_those_of_the_source() -> None:
    """Dice .799 to .829, ACE .117 to .090, MCE .296 to .209, of one run that nobody has reviewed."""
    assert [(r.control.mean, r.method.mean) for r in (DICE, ACE, MCE)] == [
        (0.799, 0.829),
        (0.117, 0.09),
        (0.296, 0.209),
    ]
    assert {r.status for r in (DICE, ACE, MCE)} == {"one run, under review"}
    assert DICE.gap == pytest.approx(0.03)


def test_reported_numbers_bear_out_what_they_say_without_a_probability(found) -> None:
    assert [one.printed.verdict for one in found] == ["true"] * 3
    assert all(np.isnan(one.printed.probability) for one in found)


def test_our_difference_is_paired_over_seeds_with_its_t_interval(found) -> None:
    dice = found[0]
    half = stats.t.ppf(0.975, 4) * GAINS.std(ddof=1) / np.sqrt(5)
    assert dice.gap.mean == pytest.approx(0.01)
    assert (dice.gap.low, dice.gap.high) == (pytest.approx(0.01 - half), pytest.approx(0.01 + half))
    assert (dice.ours.verdict, dice.seeds) == ("true", (5, 5))
    assert dice.ours.probability > 0.99


def test_our_verdicts_are_of_our_numbers_and_regions(found) -> None:
    """ACE is worse by 0.02 in each seed; MCE is the same, and a tie is no gain."""
    _, ace, mce = found
    assert (ace.ours.verdict, ace.gap.mean) == ("false", pytest.approx(0.02))
    assert (mce.ours.verdict, mce.ours.ties) == ("false", 1)


def test_lines_stand_below_the_papers_claims_with_both_differences(found) -> None:
    sheet = reported.added(judged.sheet(judged.build({}, ["svls.best_ece"])), found)
    _, grid = sheet.grids
    assert [line.aside for line in grid.lines] == [f"{r.key} (one run, under review)" for r in (DICE, ACE, MCE)]
    printed, ours = grid.lines[0].entries
    assert (printed.number.text, ours.number.text) == ("true", "true")
    assert printed.asides[1].text == "difference +0.030 (0.799 to 0.829)"
    assert ours.asides[1].text.startswith("difference +0.010 [0.008, 0.012]")
    assert ours.asides[2].text == "own, hippocampus: 5 seeds"
    assert any("`ace_netcal`" in note and "probability of a class" in note for note in sheet.notes)
    rows = sheet.numbers.set_index("claim")
    assert rows.loc["monai_2072.ace", ["printed_difference", "ours_difference"]].tolist() == pytest.approx(
        [-0.027, 0.02]
    )
    assert rows.loc["monai_2072.ace", ["printed_verdict", "ours_verdict"]].tolist() == ["true", "false"]


@pytest.mark.parametrize("suffix", [".csv", ".md", ".html", ".tex"])
def test_all_forms_show_them(found, suffix: str) -> None:
    text = forms.text(reported.added(judged.sheet(judged.build({}, ["svls.best_ece"])), found), suffix)
    assert "L1-ACE beside CE + Dice lowers MCE" in text
    assert "under review" in text


@pytest.mark.parametrize("lacking", ["ml1_ace", "one_hot_ce_dice"])
def test_without_runs_of_both_methods_nothing_is_judged(settings, lacking: str) -> None:
    known = {key: {**of, "batches": {**of["batches"], lacking: []}} for key, of in settings.items()}
    found = reported.build(reports.reports(), known)
    assert [(one.ours, one.gap) for one in found] == [(None, None)] * 3
    sheet = reported.added(judged.sheet(judged.build({}, ["svls.best_ece"])), found)
    assert {line.entries[1].number.text for line in sheet.grids[1].lines} == {"not run"}
    assert [note for note in sheet.notes if note.startswith("Not run: field")] == [
        "Not run: field_hippocampus. To run it: run it"
    ]
    assert sheet.numbers["ours_verdict"].tolist()[1:] == ["not run"] * 3


def test_report_without_settings_is_left_out() -> None:
    sheet = judged.sheet(judged.build({}, ["svls.best_ece"]))
    assert reported.build(reports.reports(), {}) == []
    assert reported.added(sheet, []) is sheet


def test_unknown_key_of_the_file_is_refused(tmp_path: Path) -> None:
    text = reports.FILE.read_text(encoding="utf-8").replace("  status: *status\n", "  state: *status\n", 1)
    (tmp_path / "reports.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"reports\.yaml.*monai_2072\.ace"):
        reports.load(tmp_path / "reports.yaml")


def test_plan_gives_the_runs_that_lie_there(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan.read(root)
    monkeypatch.chdir(tmp_path)
    asked = answers(plan).papers.reports({})
    assert set(asked) == {report.key for report in reports.reports()}
    assert asked[DICE.key]["batches"] == {"ml1_ace": [], "one_hot_ce_dice": []}
    assert asked[DICE.key]["command"] == "snakemake --cores all field_hippocampus"
    path = Path("results/runs/field_hippocampus/compact_unet/ml1_ace/batch-0.json")
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    assert answers(plan).papers.reports({})[ACE.key]["batches"]["ml1_ace"] == [str(path)]
    assert answers(Plan.read(root, assignments=["data=phantom"])).papers.reports({}) == {}
