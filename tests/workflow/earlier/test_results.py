"""Results of an earlier version are looked at again: what no longer holds is made anew, and no table mixes the two.

`found/` is what that version left of configs/few.yaml, without arrays: a method, two seeds, and what Snakemake noted.
"""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

FEW = "configs/few.yaml"
TABLE = "results/tables/few.csv"
RUNS = "results/runs/few/few/one_hot"


def keys(folder: Path) -> dict[str, str]:
    """The key of each piece below a folder."""
    records = sorted(folder.rglob("*.key.json"))
    return {str(path.relative_to(folder)): json.loads(path.read_text())["key"] for path in records}


def table(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / TABLE).set_index("metric")


@pytest.fixture(scope="module")
def clone(make_earlier):
    """Today's suite in the folder of that version, with its results and its `.snakemake`."""
    clone = make_earlier("found", over=("found",), beside=("configs",))
    (clone.path / ".snakemake").mkdir()
    (clone.path / "metadata").rename(clone.path / ".snakemake" / "metadata")
    return clone


@pytest.fixture(scope="module")
def continued(clone):
    """The copy after a run of one of the two seeds; keys and table before it; and what the run printed."""
    before, old = keys(clone.path / "results"), table(clone.path)
    return clone, before, old, clone.run(TABLE, "--config", "seeds=[0]", config=FEW)


def test_reason_is_on_the_screen(continued) -> None:
    block = re.search(r"rule prepare:\n.*?reason: ([^\n]*)", continued[3], re.DOTALL)
    assert block
    assert block[1].startswith("Params have changed since last execution")


def test_pieces_of_the_run_have_keys_of_today(continued) -> None:
    clone, before, _, _ = continued
    after = keys(clone.path / "results")
    assert set(before) <= set(after)
    assert {name for name in before if after[name] == before[name]} == {
        f"runs/few/few/one_hot/seed-1/{piece}.key.json" for piece in ("model", "scores")
    }


def test_lists_name_the_pieces_of_today_alone(continued) -> None:
    clone, _, _, _ = continued
    data = json.loads((clone.path / "results/data/few/manifest.json").read_text())["cases"]
    for case, digest in data.items():
        assert json.loads((clone.path / f"results/data/few/cases/{case}.key.json").read_text())["hash"] == digest
    batch = json.loads((clone.path / RUNS / "batch-0.json").read_text())["seeds"]
    assert {seed: one["key"] for seed, one in batch.items()} == {
        "0": json.loads((clone.path / RUNS / "seed-0/scores.key.json").read_text())["key"]
    }


def test_table_shows_the_seed_of_today_and_not_the_other(continued) -> None:
    clone, _, old, _ = continued
    scores = pd.read_parquet(clone.path / RUNS / "seed-0/scores.parquet")
    dice = scores.query("metric == 'dsc' and structure == 'WT' and prediction == 'raw' and grid == 'full'")["value"]
    new = table(clone.path)
    assert (old.loc["dsc", "n_seeds"], new.loc["dsc", "n_seeds"]) == (2, 1)
    assert new.loc["dsc", "mean"] == pytest.approx(dice.mean())
    assert new.loc["dsc", "mean"] != pytest.approx(old.loc["dsc", "mean"])


def test_second_call_has_nothing_to_do(continued) -> None:
    assert continued[0].jobs(TABLE, "--config", "seeds=[0]", config=FEW) == {}
