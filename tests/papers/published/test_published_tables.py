"""The printed tables: whole, in our words and units, and refused where they are broken."""

import math
import re
from collections import Counter
from pathlib import Path

import pytest
from softbench import InputError
from softbench.metrics import catalogue
from softbench.papers import published
from softbench.papers.published import reader
from softbench.papers.published.tables import LOST
from softbench.plan.config import read

CELLS = {
    "svls_1": 5 * (3 + 3 + 2 + 3 + 3 + 2 + 4 + 4 + 2),  # methods x (DSC, SD, ECE + TACE of BraTS, KiTS, ProstateX)
    "svls_2": 6 * 4 * 4,  # methods x annotation sets x metrics
    "geols_1": 5 * 4 * 3,  # methods x (classes + average) x metrics
    "geols_2": 5 * 5 * 3,
    "geols_3": 5 * 4,  # seed sets x (two metrics of two data sets)
    "superpixel_1": 6 * 5,  # methods x metrics
    "superpixel_2": 6 * 5,
    "epd_1": 7 * 2 * 10,  # rows x arms x metrics
}
NUMBER = re.compile(r"\d+\.\d+")
TABLES = [published.read(name) for name in published.names()]


@pytest.fixture(scope="module")
def config(root: Path) -> dict:
    return read(root).values


def test_every_printed_cell_is_there():
    assert {table.key: len(table.cells) for table in TABLES} == CELLS
    assert sum(CELLS.values()) == 581


def test_four_averages_of_geols_are_lost():
    lost = [cell for table in TABLES for cell in table.cells if cell.printed == LOST]
    assert {cell.place.method for cell in lost} == {"one_hot", "ls", "focal", "svls"}
    assert {(cell.place.metric, cell.place.structure) for cell in lost} == {("DSC", "average")}
    assert all(math.isnan(cell.mean) and math.isnan(cell.sd) and cell.confidence == "low" for cell in lost)


def test_derived_average_is_that_of_the_classes():
    table = published.read("geols_1")
    cell = table.cell(metric="DSC", structure="average", method="one_hot")
    assert float(cell.derived) == pytest.approx((72.05 + 82.38 + 90.09) / 3, abs=0.005)
    assert table.in_our_units(cell, derived=True)[0] == 0.8151
    assert math.isnan(table.in_our_units(cell)[0])


LEFT_OUT = {"0.131": 1, "82.27": 1, "0.77": 1}  # "0.13 1" in the text; an average that Table 3 has and Table 1 lost


@pytest.mark.parametrize("paper", reader.PAPERS)
def test_digits_are_those_of_the_papers_text(paper, root):
    """A trailing 0 that a paper leaves out is no digit of it: half a unit of the last digit follows from the digits."""
    texts = sorted((root / ".." / "shared" / "papers").glob(f"{paper}*.txt"))
    if not texts:
        pytest.skip("the papers' texts are not here")
    cells = [cell for table in published.paper(paper).tables.values() for cell in table.cells]
    ours = Counter(NUMBER.findall(" ".join(f"{cell.printed} {cell.difference or ''}" for cell in cells)))
    for text in texts:
        printed = Counter(NUMBER.findall(text.read_text(encoding="utf-8")))
        assert set((ours - printed).items()) <= set(LEFT_OUT.items()), text.name


def test_digits_are_kept_as_printed():
    short = published.read("svls_1").cell(dataset="brats2019_svls", metric="SD", structure="WT", method="ls_03")
    assert (short.printed, short.decimals(), short.decimals("sd")) == ("0.92±0.113", 2, 3)
    cell = published.read("svls_1").cell(dataset="brats2019_svls", metric="DSC", structure="WT", method="ls")
    assert (cell.printed, cell.text(), cell.text("sd")) == ("0.893±0.070", "0.893", "0.070")
    assert (cell.mean, cell.sd) == (0.893, 0.07)


def test_percent_becomes_a_share_and_mm_stays():
    table = published.read("superpixel_1")
    assert table.in_our_units(table.cell(method="superpixel", metric="Dice"))[0] == 0.8526
    assert table.in_our_units(table.cell(method="superpixel", metric="HD95"))[0] == 3.4684


def test_count_behind_the_spread_is_seeds_or_test_cases():
    frame = published.frame()
    found = frame.groupby(["table", "dataset", "over"])["n"].unique().map(set).to_dict()
    assert found["geols_1", "brats2019_geols", "seeds"] == {3}
    assert found["svls_1", "prostatex_zones", "cases"] == {20}
    assert found["svls_2", "lidc", "cases"] == {218}
    none = frame[frame["over"] == "none"]
    assert none["n"].isna().all()
    assert none["sd"].isna().all()
    assert {"superpixel_1", "superpixel_2", "epd_1"} <= set(none["table"])
    assert set(none[none["table"] == "svls_1"]["metric"]) == {"ece", "tace_svls"}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.key)
def test_keys_are_those_of_the_suite(table, config):
    for metric in table.metrics.values():
        if metric.ours:
            better = catalogue.describe(metric.ours).better
            assert metric.better == {"neither": "zero"}.get(better, better), metric.name
        else:
            assert metric.note, f"{metric.name} has no key of ours, and no word why"
    assert {cell.place.method for cell in table.cells} <= set(config["methods"])
    for dataset in table.datasets.values():
        assert (dataset.surrogate if dataset.private else dataset.key) in config["datasets"]


def test_units_fit_their_factor():
    for table in TABLES:
        for metric in table.metrics.values():
            assert float(metric.factor) == {"percent": 0.01, "share": 1, "mm": 1, "pixels": 1}[metric.unit]
            if metric.ours:
                assert (catalogue.describe(metric.ours).unit == "mm") is (metric.unit == "mm")


def test_every_value_lies_in_the_range_of_its_metric():
    frame = published.frame()
    for row in frame[frame["mean"].notna()].itertuples():
        low, high = catalogue.describe(row.metric).range
        assert low <= row.mean <= high


def test_frame_has_one_row_a_cell():
    frame = published.frame()
    keys = ["table", "dataset", "arm", "rater", "structure", "metric", "roi", "method"]
    assert list(frame.columns) == published.COLUMNS
    assert len(frame) == 581
    assert not frame.duplicated(keys).any()


def test_unknown_names_are_answered_with_the_known_ones():
    with pytest.raises(InputError, match=r"geols_1, geols_2, geols_3"):
        published.read("geols_4")
    with pytest.raises(InputError, match="svls, geols, superpixel, epd"):
        published.paper("nacl")
    with pytest.raises(InputError, match="has 3 cells at"):
        published.read("svls_1").cell(method="ls", metric="DSC", dataset="brats2019_svls")
    with pytest.raises(InputError, match="has 0 cells"):
        published.read("svls_1").cell(method="geols")


BROKEN = {
    "a key that nobody knows": (("metrics:", "colour: red\nmetrics:"), "'colour' was unexpected"),
    "a number that is none": (('"85.47 ', '"85,47 '), "printed numbers between blanks"),
    "a row that is too short": (("85.47 96.53 ", "85.47 "), r"has 4 cells .* but the table has 5 columns"),
    "a cell twice": (("{method: one_hot_wce_dice, ", "{method: one_hot_ce_dice, "), "two cells stand at one_hot"),
    "data that nobody described": (("same: {dataset: oct_dme,", "same: {dataset: oct,"), "one of mrbrains18, oct_dme"),
    "an unknown metric": (("{metric: VS, printed: VS}", "{metric: IoU, printed: VS}"), "metric` must be one of"),
    "a doubt about nothing": (("metric: [HD95 2-D, ASD 2-D, ASSD 2-D]", "metric: [HD]"), "no cell is at"),
    "a cell without a metric": (("{metric: VS, printed: VS}", "{printed: VS}"), "lacks metric"),
    "another way to be better": (("ours: vs, better: higher", "ours: vs, better: up"), "is not one of"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), BROKEN.values(), ids=BROKEN)
def test_broken_file_is_refused_by_name(change, message, tmp_path):
    text = (reader.FOLDER / "superpixel.yaml").read_text(encoding="utf-8")
    assert change[0] in text
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(InputError, match=message) as error:
        reader.load(broken)
    assert "broken.yaml" in str(error.value)
