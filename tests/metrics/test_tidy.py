"""The columns of score tables: a run has a seed, an ensemble has none, and both stand in one table."""

import pandas as pd
from softbench.metrics.rows import COLUMNS, tidy

NAMES = {"experiment": "e", "dataset": "d", "split": "s", "network": "n", "method": "m"}
ROWS = pd.DataFrame(
    [("c0", 1, "WT", "dsc", "all", 0.5, "1"), ("c1", 1, "WT", "dsc", "all", 0.6, "1")],
    columns=["case", "rater", "structure", "metric", "roi", "value", "unit"],
)


def test_run_has_its_seed_as_a_plain_integer() -> None:
    table = tidy(ROWS, NAMES, 3)
    assert list(table.columns) == COLUMNS
    assert table["seed"].tolist() == [3, 3]
    assert str(table["seed"].dtype) == "int64"


def test_ensemble_has_no_seed(tmp_path) -> None:
    table = tidy(ROWS.assign(prediction="ensemble"), NAMES, None)
    assert table["seed"].isna().all()
    table.to_parquet(tmp_path / "scores.parquet", index=False)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "scores.parquet"), table)


def test_runs_and_ensembles_in_one_table_have_one_type(tmp_path) -> None:
    both = pd.concat([tidy(ROWS, NAMES, 3), tidy(ROWS.assign(prediction="ensemble"), NAMES, None)], ignore_index=True)
    both.to_parquet(tmp_path / "scores.parquet", index=False)
    seeds = pd.read_parquet(tmp_path / "scores.parquet")["seed"]
    assert str(seeds.dtype) == "Int64"
    assert seeds[:2].tolist() == [3, 3]
    assert seeds[2:].isna().all()
