"""Plug-in files as an earlier version wrote them are made and trained in today's suite without an edit."""

import json
import shutil

import pandas as pd
import pytest

OWN = "configs/own.yaml"
RUNS = "results/runs/own/near_net"
SOFT = "results/soft_labels/mine"
PROGRAM = ["near_pl"] if shutil.which("perl") else []
TRAINED = ["rims", *PROGRAM]  # maps, a lambda, config[...], a loss and a network of one's own; a program
MADE = {"near_05": "near", "near_image": "near_image"}  # modules that read labels alone, and the image


@pytest.fixture(scope="module")
def finished(with_plugins):
    """The copy after one run, and what the run printed."""
    batches = [f"{RUNS}/{method}/batch-0.json" for method in TRAINED]
    made = [f"{SOFT}/{name}/manifest.json" for name in MADE]
    return with_plugins, with_plugins.run(*batches, *made, config=OWN)


def test_data_set_is_fetched_and_prepared_by_its_own_rules(finished) -> None:
    clone, said = finished
    assert "rule fetch_mine:" in said
    assert "rule prepare_mine:" in said
    manifest = json.loads((clone.path / "results/data/mine/manifest.json").read_text())
    assert manifest["classes"] == ["background", "zone_a", "zone_b"]


@pytest.mark.parametrize("method", TRAINED)
def test_soft_label_is_trained_and_scored(finished, method: str) -> None:
    batch = json.loads((finished[0].path / RUNS / method / "batch-0.json").read_text())
    assert {seed: one["status"] for seed, one in batch["seeds"].items()} == {"0": "done"}
    scores = pd.read_parquet(finished[0].path / RUNS / method / "seed-0/scores.parquet")
    assert {"zone_a", "zone_b"} <= set(scores["structure"])


@pytest.mark.parametrize("name", MADE)
def test_module_softens_with_the_settings_of_config(finished, name: str) -> None:
    manifest = json.loads((finished[0].path / SOFT / name / "manifest.json").read_text())
    assert (manifest["recipe"], manifest["settings"]["share"]) == (MADE[name], 0.5 if name == "near_05" else 0.3)


def test_map_has_the_settings_that_config_gives_it(finished) -> None:
    shard = json.loads((finished[0].path / "results/maps/mine/rims_wide/shard-0.json").read_text())
    assert shard["settings"]["width_mm"] == 4.0
    assert len(shard["cases"]) == 4


def test_raised_version_of_an_own_module_makes_its_soft_label_anew(finished) -> None:
    """`version=version_of(...)` of the rule file still names the module."""
    clone, _ = finished
    target = f"{SOFT}/near_05/manifest.json"
    assert clone.jobs(target, config=OWN) == {}
    clone.raise_version("soft_labels/near.py")
    assert clone.jobs(target, config=OWN) == {"soften_near": 1}


@pytest.mark.torture
def test_every_plugin_is_trained_and_stands_in_the_table(with_plugins) -> None:
    methods = ["one_hot", "svls", "svls_wide", "near_05", "near_image", "rims", *PROGRAM]
    config = f"experiments={{own: {{methods: [{', '.join(methods)}], except: []}}}}"
    with_plugins.run("results/tables/own.csv", "--config", config, config=OWN)
    rows = pd.read_csv(with_plugins.path / "results/tables/own.csv")["method"].unique()
    assert sorted(rows) == sorted(methods)
