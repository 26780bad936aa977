"""From a cell of a table back to its runs, on made results whose numbers can be worked out by hand."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from softbench import InputError, cli
from softbench.jobs import pieces
from softbench.metrics.rows import COLUMNS
from softbench.papers import published
from softbench.papers.comparison import build as beside
from softbench.papers.comparison import results as beside_results
from softbench.papers.comparison.build import Block
from softbench.plan.plan import Plan
from softbench.tables import forms, table
from softbench.tables.views.comparison import sheet as paper_sheet
from softbench.tables.views.results import sheet
from softbench.tools.explain import address, chain

METHODS = {"one_hot": 0.5, "svls": 0.6, "oracle": 0.9}  # DSC of the first case in seed 0
CASES, SEEDS = range(5), (0, 1)
FIT = {"se": 0.1, "cases": 24, "patients": 24}  # how a temperature was fitted
EXTRA = ["--configfile", "tiny.yaml"]
FACTS = {
    **{"began": "2030-01-02T03:04:05Z", "host": "node7", "device": "cpu", "processor": "A fine CPU"},
    **{"seconds": 12.5, "cpu_seconds": 12.0, "peak_memory_mib": 300.0, "energy_j": "not measured"},
    **{"commit": "abc", "python": "3.11", "packages": {"torch": "2.13"}, "threads": 1},
}


def value(method: str, seed: int, case: int) -> float:
    return METHODS[method] + 0.01 * seed + 0.001 * case


def scores(names: dict[str, str], seed: int) -> pd.DataFrame:
    """Return scores of one run: DSC, the same in each structure, and ECE that is a tenth of it in the band."""
    rows = []
    for case in CASES:
        dsc = value(names["method"], seed, case)
        rows += [(f"case_{case}", structure, "dsc", "all", dsc) for structure in ("WT", "TC", "ET")]
        rows += [(f"case_{case}", "all", "ece", roi, dsc / share) for roi, share in (("all", 100), ("band", 10))]
    frame = pd.DataFrame(rows, columns=["case", "structure", "metric", "roi", "value"])
    return frame.assign(**names, seed=seed, rater=1, grid="full", prediction="raw", unit="1")[list(COLUMNS)]


def run(names: dict[str, str], seeds: tuple[int, ...] = SEEDS) -> pd.DataFrame:
    """Write the runs of a method; return their scores."""
    folder = Path("results/runs", names["experiment"], names["network"], names["method"])
    outcomes, frames = {}, []
    for seed in seeds:
        one = folder / f"seed-{seed}"
        one.mkdir(parents=True)
        frames.append(scores(names, seed))
        frames[-1].to_parquet(one / "scores.parquet", index=False)
        pieces.write_json(one / "provenance.json", FACTS)
        (one / "history.csv").write_text("step,step_s\n20,0.1\n40,0.1\n")
        outcomes[str(seed)] = {"status": "done", "model": "weights", "scores": "hash", "key": f"key {seed}"}
    pieces.write_json(folder / "batch-0.json", {"run": names, "seeds": outcomes})
    return pd.concat(frames, ignore_index=True)


@pytest.fixture
def suite(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a suite with two methods of the experiment `tiny`, and its table."""
    monkeypatch.chdir(tmp_path)
    Path("workflow").symlink_to(root / "workflow")
    shutil.copy(root / "config.yaml", "config.yaml")
    shutil.copytree(root / "config", "config")
    shutil.copy(root / "tests/workflow/tiny.yaml", "tiny.yaml")
    names = {"experiment": "tiny", "dataset": "phantom_brain_tiny", "split": "main", "network": "tiny_unet"}
    seeds = {"oracle": (0,)}
    rows = pd.concat([run({**names, "method": method}, seeds.get(method, SEEDS)) for method in METHODS])
    columns = [{"metric": "dsc", "structure": "average"}, {"metric": "ece"}, {"metric": "ece", "roi": "band"}]
    methods = [{"key": "one_hot", "title": "One-hot"}, {"key": "svls", "title": "SVLS", "control": "one_hot"}]
    methods.append({"key": "oracle", "title": "Oracle", "trained": False})
    made = {"composites": {"average": ["WT", "TC", "ET"]}, "title": "Tiny"}
    made_table = table.build(rows, methods=methods, columns=columns, **made)
    forms.write(sheet(made_table), "results/tables/tiny.csv")
    return tmp_path


@pytest.fixture(scope="module")
def plan(root: Path) -> Plan:
    return Plan.read(root, ["tests/workflow/tiny.yaml"], ["seeds=[0,1,2]"])


@pytest.fixture
def explain(suite: Path, plan: Plan) -> Callable[..., dict]:
    return lambda *words: chain.trace(plan, words)


def test_cell_is_the_mean_of_its_runs(explain: Callable[..., dict]) -> None:
    found = explain("tiny/svls/average/dsc")
    assert [one["value"] for one in found["runs"]] == pytest.approx([0.602, 0.612])  # 0.6 + 0.001 x 2, + 0.01 a seed
    assert found["cell"]["mean"] == pytest.approx(0.607)
    assert found["check"]["agrees"]
    assert found["runs"][1] | {"value": None} == {
        **{name: fact for name, fact in FACTS.items() if name not in ("python", "packages")},
        **{"versions": {"python": "3.11", "torch": "2.13"}, "steps": 40, "seed": 1, "status": "done", "value": None},
        **{"key": "key 1", "weights": "weights", "scores": "hash", "defined_cases": 5},
        "batch": "results/runs/tiny/tiny_unet/svls/batch-0.json",
        "path": "results/runs/tiny/tiny_unet/svls/seed-1/scores.parquet",
    }


def test_cases_at_both_ends_are_named(explain: Callable[..., dict]) -> None:
    cases = explain("tiny/svls/dsc")["cases"]
    assert [one["case"] for one in cases["lowest"]] == ["case_0", "case_1"]  # of five: no case stands at both ends
    assert [one["case"] for one in cases["highest"]] == ["case_4", "case_3"]
    assert cases["lowest"][0]["value"] == pytest.approx(0.605)  # (0.600 + 0.610) / 2


def test_settings_split_and_missing_seeds_are_those_of_the_plan(explain: Callable[..., dict], root: Path) -> None:
    found = explain("tiny/svls/dsc")
    assert found["method"]["protocol"]["settings"]["steps"] == 40
    assert found["method"]["soft_label"]["recipe"] == "svls"
    split = root / "workflow/splits/phantom_brain_tiny/main.csv"
    assert found["split"]["sha256"] == pieces.hash_file(split)
    assert sum(found["split"]["cases"].values()) == len(split.read_text().splitlines()) - 1
    assert found["seeds_not_run"] == [2]
    assert found["commands"]["runs"] == "snakemake --cores all results/runs/tiny/tiny_unet/svls/batch-0.json"


def test_row_that_is_not_trained_is_made_with_the_others_that_are_not(explain: Callable[..., dict]) -> None:
    found = explain("tiny/oracle/dsc")
    assert found["check"]["agrees"]
    assert found["commands"]["runs"] == "snakemake --cores all results/runs/tiny/tiny_unet/sanity.json"


@pytest.mark.parametrize(
    "words", ["tiny/svls/ece/band", "tiny band SVLS ece", "ECE/tiny/svls/band", "tiny tiny svls band"]
)
def test_parts_come_in_any_order(explain: Callable[..., dict], words: str) -> None:
    assert explain(*words.split())["address"] == "tiny/svls/all/ece/band"


def test_all_is_the_region_where_cells_differ_in_it(explain: Callable[..., dict]) -> None:
    assert explain("tiny/svls/ece/all")["cell"]["mean"] == pytest.approx(0.00607)


def test_several_cells_are_listed(explain: Callable[..., dict]) -> None:
    with pytest.raises(InputError, match=r"2 cells fit tiny/svls/ece. Name one:\n  tiny/svls/all/ece/all\n.*/band"):
        explain("tiny/svls/ece")


def test_close_names_are_suggested(explain: Callable[..., dict]) -> None:
    with pytest.raises(InputError, match=r"nothing called 'svsl'. Did you mean '(SVLS|svls)'\?"):
        explain("tiny/svsl/dsc")
    with pytest.raises(InputError, match=r"tinny/svls names no table. Did you mean 'tiny'\? Tables: .*tiny"):
        explain("tinny/svls")
    with pytest.raises(InputError, match="no cell of tiny is at svls/dsc/band together"):
        explain("tiny/svls/dsc/band")


def test_table_that_was_not_made_says_how(explain: Callable[..., dict]) -> None:
    with pytest.raises(InputError, match=r"Make it: snakemake --cores all results/tables/folder\.csv"):
        explain("folder/ls/dsc")


def test_table_of_other_runs_is_found_out(explain: Callable[..., dict], capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("results/runs/tiny/tiny_unet/svls/seed-1/scores.parquet")
    frame = pd.read_parquet(path)
    frame.assign(value=frame["value"] + 0.1).to_parquet(path)
    assert not explain("tiny/svls/dsc")["check"]["agrees"]
    cli.main(["explain", "tiny/svls/dsc", *EXTRA])
    assert "mean of these runs is 0.657, not the number of the table" in capsys.readouterr().out  # 0.607 + 0.1 / 2


def test_failed_run_is_told_with_its_reason(explain: Callable[..., dict], capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("results/runs/tiny/tiny_unet/svls/batch-0.json")
    batch = json.loads(path.read_text())
    batch["seeds"]["2"] = {"status": "failed", "reason": "loss is nan in step 3"}
    pieces.write_json(path, batch)
    assert explain("tiny/svls/dsc")["check"]["agrees"]
    cli.main(["explain", "tiny/svls/dsc", *EXTRA])
    assert "status failed" in (text := capsys.readouterr().out)
    assert "reason loss is nan in step 3" in text


def test_command_prints_text_and_json(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "tiny/svls/average/dsc", *EXTRA]) == 0
    text = capsys.readouterr().out
    for fact in ("0.607", "node7", "A fine CPU", "commit abc", "workflow/splits/phantom_brain_tiny/main.csv", "case_4"):
        assert fact in text
    assert cli.main(["explain", "tiny/svls/average/dsc", "--json", *EXTRA]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["host"] == "node7"


def test_runs_at_their_own_temperature_are_those_of_their_method(explain: Callable[..., dict]) -> None:
    folder = Path("results/runs/tiny/tiny_unet/one_hot")
    for seed in SEEDS:
        path = folder / f"seed-{seed}/scores.parquet"
        raw = pd.read_parquet(path)
        pd.concat([raw, raw.assign(prediction="temperature", value=raw["value"] / 2)]).to_parquet(path)
        pieces.write_json(folder / f"seed-{seed}/scores.key.json", {"temperature": 1.5, "temperature_fit": FIT})
    text = Path("results/tables/tiny.csv").read_text()
    line = next(line for line in text.splitlines() if line.startswith("one_hot,One-hot,all,ece,band"))
    scaled = line.replace("one_hot,One-hot", "one_hot@temperature,One-hot + temperature")
    Path("results/tables/tiny.csv").write_text(f"{text}{scaled}\n")
    found = explain("tiny/one_hot@temperature/ece/band")
    assert found["check"]["mean_of_the_runs"] == pytest.approx(0.507 / 20)  # a tenth of DSC, halved
    assert found["runs"][0]["temperature"] == 1.5
    assert found["runs"][0]["temperature_fit"] == FIT


def test_cell_of_a_paper_leads_to_our_runs(suite: Path, plan: Plan) -> None:
    printed = published.read("svls_1")
    block = next(one for one in plan.paper_tables["svls_1_phantom"]["blocks"] if one["printed"] == "brats2019_svls")
    experiment = plan.experiments[block["experiment"]]
    names = {"experiment": block["experiment"], "dataset": experiment["dataset"], "split": experiment["split"]}
    rows = run({**names, "network": experiment["networks"][0], "method": "svls"})
    ours = Block("brats2019_svls", None, beside_results.results(rows, printed, "brats2019_svls"), surrogate=True)
    forms.write(paper_sheet(beside.build(printed, [ours])), Path("results/tables/svls_1_phantom.csv"))
    found = chain.trace(plan, ["svls_1_phantom/svls/ET/dsc"])
    assert (found["cell"]["printed"], found["cell"]["status"]) == ("0.816±0.134", "surrogate")
    assert found["cell"]["ours_mean"] == pytest.approx(0.607)
    assert found["check"]["agrees"]
    assert found["experiment"] == block["experiment"]


def test_printed_cell_without_ours_says_why(explain: Callable[..., dict]) -> None:
    printed = published.read("svls_1")
    forms.write(paper_sheet(beside.build(printed, [])), Path("results/tables/svls_1.csv"))
    found = explain("svls_1", "brats2019_svls", "svls", "ET", "dsc")
    assert found["no_number"] == "its data is behind a login and needs a person to get it"
    assert "runs" not in found


def test_address_leaves_out_what_all_cells_share() -> None:
    rows = [{"method": "a", "structure": "x", "metric": "dsc", "roi": "all"}]
    rows += [{"method": "b", "structure": "x", "metric": "dsc", "roi": "all"}]
    assert address.address("t", address.find("t", ["b"], rows), rows) == "t/b/dsc"
