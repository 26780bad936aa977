"""`softbench.load`: the numbers are those of the files, the marks those of the tables, and what is missing is said."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import softbench
from softbench import InputError, statistics

from .conftest import SHIFT, without


def test_table_has_the_numbers_and_the_marks_of_its_files(workflow: Path) -> None:
    results = softbench.load(workflow)
    assert results.tables == {"tiny": "Tiny"}
    shown = results.table("tiny")
    svls = shown.frame.set_index(["method", "metric"]).loc[("svls", "dsc")]
    assert svls["mean"] == pytest.approx(0.6)  # (0.60 + 0.61 + 0.59) / 3
    assert svls["sd_over_seeds"] == pytest.approx(0.01)
    assert (svls["n_seeds"], svls["n_undefined"], svls["control"]) == (3, 1, "one_hot")
    assert svls["difference"] == pytest.approx(0.1)
    assert svls["beyond_noise"]
    assert pd.isna(shown.frame["beyond_noise"][0])
    assert "mean ± sd over 3 seeds" in shown.caption
    html = shown._repr_html_()
    assert (workflow / "tables/tiny.html").read_text() in html
    assert re.findall(r"<b>(.*?)</b>", html) == ["0.600", "+0.100"]
    assert repr(shown).startswith("Tiny\nEach cell: mean ± sd over 3 seeds")


def test_differences_stand_a_line_each_and_are_bold_as_in_the_table(workflow: Path) -> None:
    table = softbench.load(workflow)
    shown = table.differences()
    assert list(shown.frame["metric"]) == ["dsc", "ece"]
    scores = table.scores("tiny", metric="dsc")
    gap = statistics.difference(statistics.apply_policy(scores), "svls", "one_hot", "dsc")
    first = shown.frame.iloc[0]
    assert (first["difference"], first["difference_low"], first["p"]) == pytest.approx((gap.mean, gap.low, gap.p))
    assert first["p_holm"] == pytest.approx(2 * gap.p)  # two differences in the table
    assert re.findall(r"<b>(.*?)</b>", shown.html) == ["+0.100"]
    assert "vs One-hot" in shown.html
    assert "t interval over seeds" in shown.caption
    assert list(table.differences(metrics=["ece"]).frame["p_holm"]) == list(shown.frame["p_holm"][1:])
    with pytest.raises(InputError, match=r"no difference of the method one_hot; there is of svls\."):
        table.differences(methods=["one_hot"])


def test_scores_are_chosen_by_column(workflow: Path) -> None:
    results = softbench.load(workflow)
    chosen = results.scores("tiny", metric="dsc", method=["svls", "chance"])
    assert len(chosen) == 2 * (3 + 1)  # cases, seeds
    assert chosen["value"].isna().sum() == 1
    with pytest.raises(InputError, match=r"no score has the metric hd95; there are: dsc, ece\."):
        results.scores("tiny", metric="hd95")
    with pytest.raises(InputError, match="no column 'organ'; they have: experiment,"):
        results.scores("tiny", organ="A")
    with pytest.raises(InputError, match=r"snakemake --cores all results/scores\.parquet"):
        results.scores()
    results.scores("tiny").to_parquet(workflow / "scores.parquet")
    assert len(results.scores()) == 4 * sum(map(len, SHIFT.values()))


def test_diagram_shows_trained_methods_and_gives_their_bins(workflow: Path) -> None:
    results = softbench.load(workflow)
    shown = results.reliability("tiny")
    assert list(shown.frame["method"].unique()) == ["one_hot", "svls"]
    row = shown.frame[shown.frame["voxels"] > 0].iloc[0]
    assert (row["low"], row["high"], row["voxels"]) == pytest.approx((0.8, 0.9, 4))
    assert (row["confidence"], row["accuracy"]) == pytest.approx((0.9, 0.75))
    assert 'src="data:image/png;base64,' in shown._repr_html_()
    band = results.reliability("tiny", methods=["svls"], region="band")
    assert len(band.figure.axes) == 2  # curves and histogram of one method in one region
    assert set(band.frame["roi"]) == {"band"}
    with pytest.raises(InputError, match="no diagram of chance; there is of: one_hot, svls"):
        results.reliability("tiny", methods=["chance"])
    with pytest.raises(InputError, match="region 'edge', but of all, foreground and band"):
        results.reliability("tiny", region="edge")


def test_training_is_drawn_from_the_histories(workflow: Path) -> None:
    shown = softbench.load(workflow).training("tiny", methods=["svls"])
    assert set(zip(shown.frame["method"], shown.frame["seed"], strict=True)) == {("svls", seed) for seed in range(3)}
    assert list(shown.frame["loss"]) == [0.45] * 3  # the mean of two steps of 20 that lead to the validation
    assert list(shown.frame["val_dsc"]) == [0.3] * 3


def test_results_of_the_command_score(scored: Path) -> None:
    results = softbench.load(scored)
    assert results.table().frame.equals(results.table("scores").frame)
    assert set(results.scores()["case"]) == {"phantom_kidney_000", "phantom_kidney_001", "pooled"}
    assert set(results.reliability(region="all").frame["method"]) == {"one_hot", "svls"}
    assert len(results.differences(metrics=["ece"]).frame) == 3  # regions
    with pytest.raises(InputError, match="how they were trained is not known"):
        results.training()
    assert "structures" in results._repr_html_()
    assert "structures: Made-up predictions" in repr(results)


def test_diagram_pools_the_cases_of_the_scores_alone(scored: Path) -> None:
    shown = softbench.load(scored).reliability(region="all")
    pooled = softbench.load(scored).scores(
        metric="ece", case="pooled", structure="all", roi="all", method="svls", seed=1
    )
    bins = shown.frame[(shown.frame["method"] == "svls") & (shown.frame["seed"] == 1) & (shown.frame["voxels"] > 0)]
    gaps = (bins["accuracy"] - bins["confidence"]).abs() * bins["voxels"]
    assert gaps.sum() / bins["voxels"].sum() == pytest.approx(pooled["value"].item())


def test_missing_folder_table_and_file_are_named(workflow: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no folder nowhere .*softbench score --output"):
        softbench.load("nowhere")
    with pytest.raises(InputError, match=rf"holds no results: .*Give {workflow}\."):
        softbench.load(tmp_path)
    with pytest.raises(InputError, match=r"no table 'tinny'. Did you mean 'tiny'\? It has: tiny\."):
        softbench.load(workflow).table("tinny")
    (workflow / "tables/other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="Its other views: other"):
        softbench.load(workflow).table("tinny")
    assert softbench.load(workflow).table("other").frame["b"].tolist() == [2]
    with pytest.raises(InputError, match=r"other\.csv is no table of methods .* lacks method, metric"):
        softbench.load(workflow).differences("other")


def test_table_of_a_paper_has_scores_and_no_diagram(workflow: Path) -> None:
    record = workflow / "tables/tiny.json"
    content = json.loads(record.read_text())
    del content["settings"]["methods"]
    record.write_text(json.dumps(content))
    assert len(softbench.load(workflow).scores("tiny")) == 28
    with pytest.raises(InputError, match="tiny is a paper's table, whose experiments"):
        softbench.load(workflow).reliability("tiny")


def test_results_of_another_format_say_what_to_do(workflow: Path) -> None:
    record = workflow / "tables/tiny.json"
    without(record, "runs")
    with pytest.raises(InputError, match="does not say which runs the table shows: an earlier version wrote it"):
        softbench.load(workflow).reliability("tiny")
    without(record, "views")
    with pytest.raises(InputError, match="is not the record of a table"):
        print(softbench.load(workflow).tables)
    record.write_text("{")
    with pytest.raises(InputError, match=r"tiny\.json is damaged"):
        print(softbench.load(workflow).tables)


def test_table_that_was_not_made_says_why(workflow: Path) -> None:
    (workflow / "tables/tiny.csv").write_text('"Failed: every run failed."\n')
    with pytest.raises(InputError, match=r"tiny\.csv: Failed: every run failed\."):
        softbench.load(workflow).table("tiny")


def test_missing_case_is_named(scored: Path, tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    for name in ("scores.parquet", "tables/scores.csv", "tables/scores.html"):
        (tmp_path / name).write_bytes((scored / name).read_bytes())
    with pytest.raises(InputError, match=r"seed-0/phantom_kidney_000/ is missing"):
        softbench.load(tmp_path).reliability()


def test_reading_needs_neither_torch_nor_snakemake(workflow: Path) -> None:
    code = f"""
import sys
for name in ("torch", "snakemake", "matplotlib", "seaborn", "jsonschema", "psutil"):
    sys.modules[name] = None
import softbench
results = softbench.load({str(workflow)!r})
print(len(results.table()._repr_html_()) > 1000, len(results.differences().frame), len(results.scores("tiny")))
results.reliability()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "True 2 28\n"
    assert done.stderr.endswith("a reliability diagram needs seaborn, which is not installed: "
                                "pip install 'softlabelbench[figures]'\n")  # fmt: skip
