"""Reliability diagrams beside a paper's table: which regions and rows they have, and which tables have none."""

import json

import numpy as np
import pandas as pd
import pytest
from softbench.figures.views import reliability_beside_paper as view
from softbench.metrics import Reliability
from softbench.tables.view import Given

REGIONS = ("all", "foreground", "band")


def batch_in(folder, method, status="done"):
    """Write what a run of one seed leaves: bins of three regions, raw and at its own temperature."""
    home = folder / method / "seed-0"
    home.mkdir(parents=True)
    batch = folder / method / "batch-0.json"
    outcome = {"status": status, "reason": "the loss was nan"}
    batch.write_text(json.dumps({"run": {"method": method}, "seeds": {"0": outcome}}))
    pd.DataFrame({"value": [1.0]}).to_parquet(home / "scores.parquet")
    counts, none = np.array([0.0, 100.0]), np.zeros((2, 2))
    bins = Reliability(counts, counts * 0.8, counts * 0.5, none, none, none, 0.0, 0.0)
    arrays = [bins.to_arrays(name) for roi in REGIONS for name in (roi, f"temperature_{roi}")]
    np.savez(home / "reliability.npz", **{key: value for one in arrays for key, value in one.items()})
    return str(batch)


def given(published, *blocks):
    titles = {"one_hot": "One-hot", "svls": "SVLS", "msvls": "mSVLS", "one_hot@temperature": "Cooler"}
    settings = {"published": published, "titles": titles, "title": "T", "blocks": blocks}
    return Given("t", settings, {"scores": [path for block in blocks for path in block["batches"]]})


def block(printed, *batches, methods=("one_hot", "svls"), scaled=None):
    found = {"batches": batches, "methods": methods, "scaled": scaled or {}, "missing": None}
    return {"printed": printed, "arm": None, **found}


def rows_and_columns(figure):
    labels = [axis.get_ylabel().removesuffix("\naccuracy") for axis in figure.axes]
    return [word for word in labels if word and "share" not in word], [t for a in figure.axes if (t := a.get_title())]


def test_one_data_set_has_all_regions_and_the_row_at_its_own_temperature(tmp_path):
    batches = [batch_in(tmp_path, "one_hot"), batch_in(tmp_path, "svls")]
    made = view.build(given("svls_2", block("lidc", *batches, scaled={"one_hot": "one_hot@temperature"})))
    rows, columns = rows_and_columns(made.figure)
    assert rows == ["all voxels", "foreground", "boundary band"]
    assert columns == ["One-hot", "SVLS", "Cooler"]


def test_columns_have_the_order_of_the_papers_rows(tmp_path):
    batches = [batch_in(tmp_path, method) for method in ("svls", "msvls")]
    made = view.build(given("svls_2", block("lidc", *batches, methods=("svls", "msvls"))))
    assert rows_and_columns(made.figure)[1] == ["mSVLS", "SVLS"]  # the paper prints mSVLS alone, config has SVLS first


def test_several_data_sets_have_a_row_each_of_the_foreground_and_those_without_runs_none(tmp_path):
    first, other = batch_in(tmp_path / "a", "svls"), batch_in(tmp_path / "b", "svls")
    failed = batch_in(tmp_path / "c", "svls", status="failed")
    blocks = [block("brats2019_svls", first), block("kits2019_svls", other), block("prostatex_zones", failed)]
    made = view.build(given("svls_1", *blocks))
    rows, _ = rows_and_columns(made.figure)
    assert rows == ["BraTS 2019", "KiTS 2019"]
    assert made.caption.endswith("Over the foreground alone.")


@pytest.mark.parametrize(("published", "said"), [("geols_1", "prints no calibration"), ("svls_2", "no data at hand")])
def test_table_without_calibration_or_runs_has_no_diagram_and_says_why(published, said):
    assert said in view.without_diagrams(given(published, block("lidc")))


def test_table_with_calibration_and_runs_has_one(tmp_path):
    assert view.without_diagrams(given("svls_1", block("brats2019_svls", batch_in(tmp_path, "svls")))) == ""
