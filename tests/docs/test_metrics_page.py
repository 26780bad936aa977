"""docs/metrics.md: fresh, whole, and true."""

import doctest
import math
import re
from pathlib import Path

import numpy as np
import pytest
from make import metrics as metrics_page
from make import metrics_beside, metrics_libraries
from make.metrics_beside import Peer
from softbench import InputError, metrics
from softbench.metrics import catalogue

TABLES = {
    "OVERLAP": "A_anisotropic", "HD95": "A_anisotropic", "MEAN_DISTANCE": "A_anisotropic",
    "SURFACE_DICE": "A_anisotropic", "TINY": "C1_single_voxel_2apart", "TOP_LABEL": "D_multiclass_prob",
    "CLASS_BY_CLASS": "D_multiclass_prob", "ON_EDGES": "D2_saturated_two_fg_labels",
}  # fmt: skip


@pytest.fixture(scope="module")
def oracle() -> dict[str, dict[str, np.ndarray]]:
    return metrics_page.load(metrics_page.ORACLES)


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    """The page as it is committed."""
    return (root / "docs" / "metrics.md").read_text(encoding="utf-8")


def rows(text: str) -> list[list[str]]:
    """The cells of all tables."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_page_is_fresh(text):
    assert metrics_page.page() == text, "docs/metrics.md is stale: run `make docs`"


@pytest.mark.parametrize("key", catalogue.CATALOGUE)
def test_every_metric_has_its_row(key, text):
    metric = catalogue.describe(key)
    found = [row for row in rows(text) if row[0] == f"`{key}`" and len(row) == 8]
    assert len(found) == 1
    assert found[0][1:4] == [metric.name, metric.unit, metric.better]


@pytest.mark.parametrize("table", TABLES)
def test_equal_numbers_are_equal_and_others_are_not(table, oracle):
    for pair in metrics_beside.pairs(getattr(metrics_libraries, table), oracle[TABLES[table]]):
        if pair.ours is None:
            continue
        single = pair.peer.library.startswith(("MONAI", "torchmetrics", "SVLS"))
        expected = pytest.approx(pair.ours, rel=1e-5 if single else 0, abs=0 if single else 1e-9)
        assert (pair.theirs == expected) is not pair.peer.departs, pair
        assert pair.equal is not pair.peer.departs


def test_every_comparison_is_shown(text):
    shown = {(row[0], row[1]) for row in rows(text) if len(row) == 4}
    for table in TABLES:
        assert {(peer.library, peer.computes) for peer in getattr(metrics_libraries, table)} <= shown


def test_number_that_is_not_ours_is_marked(oracle):
    """A millionth of a millimetre away from medpy's."""
    peers = [Peer("medpy", "HD95", "medpy.hd95", "hd95_pooled")]
    found = dict(oracle["A_anisotropic"])
    assert "`hd95_pooled` = 13.8698" in metrics_page.table_of_pairs(metrics_beside.pairs(peers, found))
    found["out_medpy.hd95"] = found["out_medpy.hd95"] + 1e-6
    assert "`hd95_pooled` ≠ 13.8698" in metrics_page.table_of_pairs(metrics_beside.pairs(peers, found))


def test_table_of_empty_masks_tells_refusals_from_numbers(oracle):
    table = metrics_page.table_of_empty_masks([oracle[case] for case in metrics_page.EMPTY_CASES])
    assert "| `hd95` | **ours** | **inf** | **inf** | **NaN** |" in table
    assert "| HD95 | MONAI | NaN | NaN | NaN |" in table
    assert "| HD95 | DeepMind | inf | inf | inf |" in table
    assert "| HD95 | medpy | raises RuntimeError | raises RuntimeError | raises RuntimeError |" in table


def test_soft_and_thresholded_values_are_those_of_the_oracle(oracle):
    """Its definitions are the same, written down a second time; medpy confirmed the thresholded Dice."""
    case = oracle["E_epd_soft2d"]
    found = metrics_beside.of_soft_labels(case)
    names = {"dsc_s": "DSC_s", "rd": "RD", "rad": "RAD", "rmse": "RMSE", "mae": "MAE", "mse": "MSE"}
    names |= {"dsc_at_test": "DSC_h", "threshold_at_test": "threshold"}
    for key, name in names.items():
        expected = [float(case[f"out_c{class_id}.{name}"]) for class_id in range(4)]
        assert found[key] == pytest.approx(expected, abs=1e-9), key
    assert [float(case[f"out_c{class_id}.check_medpy"][-1]) for class_id in range(4)] == pytest.approx(
        found["dsc_at_test"], abs=1e-9
    )


def test_least_rmse_is_half_the_root_of_the_share_of_errors():
    assert metrics_beside.smallest_rmse(99.0) == pytest.approx(5.0)  # 100 * 0.5 * sqrt(0.01)
    for _, accuracy, printed in metrics_libraries.EPD_PRINTED:
        assert printed < metrics_beside.smallest_rmse(accuracy)


def test_two_voxels_of_the_top_bin_have_the_error_that_the_page_says(text):
    p = np.array([[0.95, 1.0]])[None]
    found = metrics.calibration(np.concatenate([1 - p, p]), np.array([[1, 0]]))["ece"]
    assert found == pytest.approx(0.475)  # one of two is right, mean confidence is 0.975
    assert (abs(1 - 0.95) + abs(0 - 1)) / 2 == pytest.approx(0.525)
    assert "= 0.525; ours is |1 − 1.95| / 2 = 0.475" in text


def test_netcal_of_float64_is_what_the_page_says(oracle):
    """It says: as uncertainty-metrics, where float32 gives another number."""
    netcal = pytest.importorskip("netcal.metrics")
    case = oracle["D2_saturated_two_fg_labels"]
    p, right = case["in_prob"].max(axis=0), case["in_prob"].argmax(axis=0) == case["in_ref"]
    of_double, of_single = (
        netcal.ECE(10).measure(p.ravel().astype(kind), right.ravel().astype(int)) for kind in (np.float64, np.float32)
    )
    assert of_double == pytest.approx(float(case["out_um.ece10.all"]), abs=1e-9)
    assert of_single == pytest.approx(float(case["out_netcal.ece10.all"]), abs=1e-9)
    assert abs(of_double - of_single) > 1e-3


def test_versions_are_those_of_the_oracle_files():
    said = (metrics_page.ORACLES / "README.md").read_text(encoding="utf-8")
    for name, version in metrics_libraries.VERSIONS.items():
        assert version in said or name.startswith("MRBrainS18"), name  # a challenge's script, which has no release


def test_tables_are_whole_and_cells_short(text):
    tables = re.findall(r"(?:^\| .*\n)+", text, re.MULTILINE)
    assert len(tables) > 15
    for table in tables:
        cells = rows(table)
        assert set(cells[1]) == {"---"}
        assert {len(row) for row in cells} == {len(cells[0])}, table
        assert max(len(cell) for row in cells for cell in row) <= 160, table


def test_links_within_the_page_lead_somewhere(text):
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = re.findall(r"\]\(#([^)]+)\)", text)
    assert links
    assert set(links) <= anchors


def test_example_runs(text):
    (example,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    found = doctest.DocTestRunner().run(doctest.DocTestParser().get_doctest(example, {}, "example", None, None))
    assert found.attempted >= 6
    assert found.failed == 0


def test_folder_without_oracles_says_so(tmp_path):
    with pytest.raises(InputError, match="no oracle file"):
        metrics_page.load(tmp_path)


@pytest.mark.parametrize(
    ("value", "shown"), [(math.nan, "NaN"), (math.inf, "inf"), (-math.inf, "−inf"), (2 / 3, "0.666667"), (2.0, "2")]
)
def test_number_keeps_six_digits(value, shown):
    table = metrics_page.table_of_pairs([metrics_beside.Pair(Peer("x", "y", "z"), value, None)])
    assert table.splitlines()[-1] == f"| x | y | {shown} | – |"
