"""Reliability diagrams and soft labels as figures of their own: their rows, and what they say of missing data."""

import json

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from softbench.datasets.prepare import prepare
from softbench.figures import gallery, pictures, reliability
from softbench.metrics import Reliability
from softbench.soft_labels.produce import produce

MISSING = {"name": "KiTS", "reason": "not run: no data"}
SILENT = {"log": lambda line: None}


def paths_in(folder):
    return [str(folder / f"figure.{form}") for form in ("png", "pdf", "txt")]


@pytest.fixture
def panel(tmp_path):
    """One run with bins of the foreground and of all voxels."""
    (tmp_path / "seed-0").mkdir()
    (tmp_path / "batch-0.json").write_text(json.dumps({"run": {"method": "svls"}, "seeds": {"0": {"status": "done"}}}))
    pd.DataFrame({"value": [1.0]}).to_parquet(tmp_path / "seed-0" / "scores.parquet")
    arrays = {}
    for name, right in (("foreground", 0.5), ("all", 0.9)):
        counts, none = np.array([0.0, 100.0]), np.zeros((2, 2))
        arrays |= Reliability(counts, counts * 0.8, counts * right, none, none, none, 0.0, 0.0).to_arrays(name)
    np.savez(tmp_path / "seed-0" / "reliability.npz", **arrays)
    return {"name": "BraTS", "runs": {"svls": {"title": "SVLS", "batches": [str(tmp_path / "batch-0.json")]}}}


def test_row_is_an_experiment_over_the_foreground_and_missing_data_is_named(tmp_path, panel, monkeypatch):
    drawn = {}

    def draw(statistics, **how):
        drawn.update(how, statistics=statistics)
        return Figure(figsize=(1, 1))

    monkeypatch.setattr(reliability, "draw", draw)
    settings = {"title": "R", "methods": ["svls"], "titles": {"svls": "SVLS"}, "panels": [panel, MISSING]}
    reliability.write(settings, paths_in(tmp_path))
    assert drawn["rows"] == {"BraTS": "BraTS"}
    assert drawn["title"] == "R (foreground)"
    ((key, bins),) = drawn["statistics"].items()
    assert key == ("svls", 0, "BraTS")
    assert bins.ece == pytest.approx(0.3)  # 0.8 sure, 0.5 right
    text = (tmp_path / "figure.txt").read_text()
    assert "Over the foreground alone; a row for each of BraTS." in text
    assert "KiTS: not run: no data." in text


@pytest.mark.parametrize("write", [reliability.write, gallery.write])
def test_nothing_at_hand_gives_all_three_files(tmp_path, write):
    write({"title": "R", "methods": [], "titles": {}, "panels": [MISSING]}, paths_in(tmp_path))
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "figure.txt").read_text() == "KiTS: not run: no data.\n"


def test_soft_label_on_a_coarser_grid_is_left_out_and_said_so(tmp_path):
    data = tmp_path / "data"
    prepare.run("phantom_body", None, data, versions={}, settings={"size": "tiny", "cases": 1}, **SILENT)
    for name, settings in (("svls", {}), ("epd", {"factor": 2})):
        produce(name, data, tmp_path / name, settings=settings, version={}, **SILENT)
    softs = {name: str(tmp_path / name / "manifest.json") for name in ("svls", "epd")}
    panel = {"name": "Body", "data": str(data), "soft_labels": softs}
    gallery.write({"title": "Soft", "panels": [panel]}, paths_in(tmp_path))
    text = (tmp_path / "figure.txt").read_text()
    assert "Body: phantom_body_000" in text
    assert "epd is not shown: it lies on a coarser grid." in text
    assert (tmp_path / "figure.pdf").read_bytes().startswith(b"%PDF")


def test_panel_is_as_high_as_its_plane_within_bounds():
    assert pictures.height(np.zeros((10, 20)), (1.0, 1.0), 2.0) == 1.0
    assert pictures.height(np.zeros((10, 20)), (5.0, 2.0, 1.0), 2.0) == 2.0  # rows are twice as far apart as columns
    assert pictures.height(np.zeros((10, 100)), (1.0, 1.0), 2.0) == 0.8
