"""Means for claims without printed numbers: what reliability diagrams, scores and cost records hold, by hand."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from softbench.metrics.calibration import Reliability
from softbench.papers import claims, published
from softbench.papers.claims import unprinted
from softbench.plan.bridge import answers
from softbench.plan.plan import Plan


def diagram(counts, confidence, correct) -> Reliability:
    """Bins with these sums; what is of single classes is empty."""
    none = np.zeros((2, len(counts)))
    return Reliability(*map(np.array, (counts, confidence, correct)), none, none, none, 0.0, 0.0)


ALL = diagram([0, 20, 80], [0.0, 12.0, 76.0], [0.0, 10.0, 80.0])
BAND = diagram([0, 20, 20], [0.0, 12.0, 18.0], [0.0, 10.0, 20.0])
DIAGRAMS = {("svls", 0, "all"): ALL, ("svls", 0, "foreground"): ALL, ("svls", 0, "band"): BAND}


@pytest.mark.parametrize(
    ("metric", "roi", "expected"),
    [
        ("bin_gap", "all", {"bin 0.33 to 0.67": -0.1, "bin 0.67 to 1": 0.05}),  # 10/20 - 12/20; 80/80 - 76/80
        ("curve_gap", "all", {"all": 0.075}),  # the empty bin is in no mean
        ("region_gap", "all", {"all": 0.02}),  # 90 right, 88 sure, of 100
        ("region_gap", "away", {"all": 2 / 60}),  # 60 right, 58 sure, of 60
        ("confidence_gap", "all", {"all": 0.02}),
        ("confidence_gap", "band", {"all": 0.0}),
        ("region_accuracy", "band", {"all": 0.75}),  # 30 of 40
        ("region_accuracy", "away", {"all": 1.0}),
        ("contrast", "all", {"all": 58 / 60 - 30 / 40}),
    ],
)
def test_measure_of_bins_is_that_of_their_sums(metric, roi, expected, claim):
    about = claim(unprinted="-", metrics=(metric,), rois=(roi,), method=("svls",), pairs=())
    found = unprinted.from_bins(about, DIAGRAMS)
    assert {key[1]: value for key, value in found.items()} == {
        name: {0: pytest.approx(v)} for name, v in expected.items()
    }
    assert {(key[0], key[2], key[3]) for key in found} == {("svls", metric, roi)}


def test_region_without_voxels_has_no_value(claim):
    about = claim(unprinted="-", metrics=("region_gap",), rois=("away",), method=("svls",), pairs=())
    assert unprinted.from_bins(about, {("svls", 0, "all"): BAND, ("svls", 0, "band"): BAND}) == {}


def run(folder: Path, method: str, seed: int, *, seconds: float, processor: str = "one") -> Path:
    """A batch of one finished seed with its records."""
    seeds = folder / "e" / "n" / method / f"seed-{seed}"
    seeds.mkdir(parents=True)
    facts = {"seconds": 2 * seconds, "cpu_seconds": seconds, "peak_memory_mib": 100.0, "processor": processor}
    (seeds / "provenance.json").write_text(json.dumps(facts))
    (seeds / "history.csv").write_text("step,loss\n10,0.5\n")
    batch = seeds.parent / f"batch-{seed}.json"
    batch.write_text(json.dumps({"run": {"method": method}, "seeds": {str(seed): {"status": "done"}}}))
    return batch


def test_costs_are_those_of_the_most_frequent_hardware(tmp_path):
    batches = [run(tmp_path, "a", seed, seconds=5.0 + seed) for seed in (0, 1)]
    batches.append(run(tmp_path, "b", 0, seconds=1.0, processor="another"))
    found = unprinted.from_costs(batches)
    assert found == {
        ("a", "all", "train_s", "all"): {0: 5.0, 1: 6.0},
        ("a", "all", "peak_mib", "all"): {0: 100.0, 1: 100.0},
    }


def scores(**methods: list[float]) -> pd.DataFrame:
    """Precision of two cases of TC, by method."""
    rows = [
        {"experiment": "e", "dataset": "d", "split": "main", "network": "n", "method": method, "seed": seed,
         "case": case, "rater": 1, "structure": "tumour_core", "metric": "precision", "roi": "all", "grid": "full",
         "prediction": "raw", "value": value, "unit": "1"}
        for method, values in methods.items() for seed in (0, 1) for case, value in zip("xy", values, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture
def block():
    return {
        "printed": "brats2019_geols", "arm": None, "structures": {"TC": "tumour_core"}, "composites": {},
        "data": "mine", "surrogate": True, "unprinted": ["batch-0.json"],
    }  # fmt: skip


def test_scores_come_under_the_printed_names_and_what_is_not_there_has_no_mean(block, monkeypatch):
    runs = unprinted.assemble.Runs(scores(geols=[0.8, 0.6], one_hot=[0.5, 0.5]), {}, [])
    monkeypatch.setattr(unprinted.assemble, "read", lambda batches: runs)
    about = claims.claims("geols.less_over_segmentation")
    found = unprinted.means(about, {"geols_1": {"blocks": [block], "policy": "diagonal"}})
    known = found.dropna(subset="mean").set_index("method")
    assert known["mean"].to_dict() == pytest.approx({"geols": 0.7, "one_hot": 0.5})
    assert set(known["structure"]) == {"TC"}
    assert known["by_seed"]["geols"] == pytest.approx({0: 0.7, 1: 0.7})
    assert set(found["method"]) == set(about[0].methods)
    assert (found["unprinted"].all(), set(found["runs"])) == (True, {"e/n"})
    outcome = claims.judge(about[0], found)
    assert (outcome.agree, outcome.missing) == (1, 6)  # GeoLS above one-hot in TC; ET and three methods are not there


@pytest.mark.parametrize(("wrong", "verdict"), [([0.5, 0.5], "true"), ([0.9, 0.9], "false"), (None, "undetermined")])
def test_gain_from_the_image_is_judged_against_the_image_of_another_patient(wrong, verdict, block, monkeypatch):
    ours = scores(geols=[0.8, 0.6], **({} if wrong is None else {"wrong_image": wrong}))
    of_pancreas = ours.assign(structure="pancreas")
    every = pd.concat([of_pancreas.assign(metric=metric) for metric in ("dsc", "nsd_2mm")])
    far = of_pancreas.assign(metric="hd95", value=1 - of_pancreas["value"])
    runs = unprinted.assemble.Runs(pd.concat([every, far]), {}, [])
    monkeypatch.setattr(unprinted.assemble, "read", lambda batches: runs)
    about = claims.claims("geols.pancreas_cause")
    of_flare = {**block, "printed": "flare2021", "structures": {}}
    found = unprinted.means(about, {"geols_2": {"blocks": [of_flare]}})
    assert claims.judge(about[0], found).verdict == verdict


def test_control_of_another_image_is_trained_for_the_claim_and_is_no_row(root: Path):
    plan = answers(Plan.read(root))
    for data in ("", "_open", "_phantom"):
        (block,) = plan.papers.settings(f"geols_2{data}")["blocks"]
        assert "wrong_image" not in block["methods"]
        (whole,) = [one for one in plan.papers.in_full(SimpleNamespace(page=f"paper_tables{data}"))
                    if one["published"] == "geols_2"]  # fmt: skip
        assert bool(whole["blocks"][0]["unprinted"]) == any(
            "/wrong_image/" in path for path in whole["blocks"][0]["unprinted"]
        )
    assert any("/wrong_image/" in path for path in whole["blocks"][0]["unprinted"])  # of the rehearsal
    assert "wrong_image" not in plan.plan.methods_of("geols_brats2019")


def test_ls_is_accused_of_too_much_core_alone():
    """The paper names LS for the core and not for enhancing tumour."""
    for key in ("geols.others_over_segment", "geols.less_over_segmentation"):
        (about,) = claims.claims(key)
        named = {(side["method"], side["structure"]) for side in about.sides} - {("geols", "ET"), ("geols", "TC")}
        assert named == {(method, "TC") for method in ("one_hot", "ls", "focal", "svls")} | {
            (method, "ET") for method in ("one_hot", "focal", "svls")
        }


def test_bins_stand_in_the_place_of_structures(block, monkeypatch):
    runs = unprinted.assemble.Runs(scores(one_hot=[0.5, 0.5]), {("one_hot", 0, "foreground"): ALL}, [])
    monkeypatch.setattr(unprinted.assemble, "read", lambda batches: runs)
    about = claims.claims("svls.one_hot_is_overconfident")
    tables = {"svls_1": {"blocks": [{**block, "printed": "brats2019_svls"}, {**block, "printed": "lidc"}]}}
    found = unprinted.means(about, tables)
    assert dict(zip(found["structure"], found["mean"], strict=True)) == pytest.approx(
        {"bin 0.33 to 0.67": -0.1, "bin 0.67 to 1": 0.05}
    )
    assert claims.judge(about[0], found).verdict == "false"  # sure enough in one bin: against "always"


def test_nothing_run_gives_rows_without_means(block):
    found = unprinted.means(
        claims.claims("geols.best_share_on_brats"), {"geols_1": {"blocks": [{**block, "unprinted": []}]}}
    )
    assert found["mean"].isna().all()
    assert set(found["method"]) >= {"geols_alpha_005", "one_hot"}


def test_claims_are_unprinted_where_a_table_lacks_what_they_name():
    """Else they could be judged on the printed numbers too."""
    frame = published.frame()
    for claim in claims.claims():
        if claim.unprinted:
            rows = frame[frame["table"].isin(claim.tables)]
            columns = ("method", "metric", "structure", "roi")
            assert any(set(claim.named(column)) - set(rows[column]) for column in columns), claim.key
