"""Ours beside printed: which cell gets which status, and which rows there are."""

import math
from dataclasses import replace

import pandas as pd
import pytest
from softbench import InputError
from softbench.papers import published
from softbench.papers.comparison import build as beside
from softbench.papers.comparison.build import Block
from softbench.papers.comparison.notes import counts, footnotes


def row(method, structure, metric, mean, **changes):
    fixed = {
        "roi": "foreground" if metric == "ece" else "all", "rater": 0, "sd_seeds": 0.001, "n_seeds": 3,
        "sd_cases": 0.05, "n_cases": 66, "n_undefined": 0, "n_penalised": 0,
    }  # fmt: skip
    return {"method": method, "structure": structure, "metric": metric, "mean": mean} | fixed | changes


def built(name, rows, **block):
    """Build a table whose first block has these rows of ours."""
    table = published.read(name)
    first = table.cells[0].place
    results = pd.DataFrame(rows) if rows else None
    return beside.build(table, [Block(first.dataset, first.arm, results, **block)])


def cell_at(table, method, metric, structure, section=0):
    grid = table.sections[section]
    rows = [*grid.printed, *(one.key for one in grid.rows[len(grid.printed) :])]
    columns = [(one.printed.name, one.structure) for one in grid.columns]
    return grid.cells[rows.index(method)][columns.index((metric, structure))]


def test_number_near_the_printed_one_is_within_and_one_far_from_it_outside():
    # 4.3027 x 0.001 x sqrt(4/3) + 0.0005 = 0.0055 around the printed 0.892 and 0.893
    rows = [row("one_hot", "WT", "dsc", 0.897), row("ls", "WT", "dsc", 0.899)]
    table = built("svls_1", rows, same_cases=True)
    near, far = cell_at(table, "one_hot", "DSC", "WT"), cell_at(table, "ls", "DSC", "WT")
    assert (near.comparison.judgement.status, far.comparison.judgement.status) == ("within", "outside")
    assert near.gap_to_printed == pytest.approx(0.005)
    assert far.gap_to_printed == pytest.approx(0.006)
    assert near.summary.sd_cases == 0.05
    assert near.comparison.value.sd == 0.074


def test_other_cases_are_assumed_unless_the_caller_says_otherwise():
    # 0.05 x sqrt(2/66) = 0.0087 is the standard error of the cases alone: 0.006 is no surprise any more
    table = built("svls_1", [row("ls", "WT", "dsc", 0.899)])
    assert cell_at(table, "ls", "DSC", "WT").comparison.judgement.status == "within"


def test_percent_are_compared_as_shares():
    table = built("geols_1", [row("ls", "ET", "dsc", 0.7330)])  # printed 73.28
    cell = cell_at(table, "ls", "DSC", "ET")
    assert cell.comparison.judgement.status == "within"
    assert cell.gap_to_printed == pytest.approx(0.0002)


def test_papers_own_definition_is_compared_and_the_standard_one_stands_beside_it():
    rows = [row("svls", "all", "tace_svls", 0.0040), row("svls", "all", "tace", 0.0400)]
    cell = cell_at(built("svls_1", rows, same_cases=True), "svls", "TACE", "all")
    assert (cell.summary.mean, cell.standard.mean) == (0.0040, 0.0400)
    assert cell.comparison.judgement.status == "within"


def test_calibration_is_taken_in_the_region_that_the_paper_uses():
    rows = [row("ls", "all", "ece", 0.065), row("ls", "all", "ece", 0.010, roi="all")]
    assert cell_at(built("svls_1", rows), "ls", "ECE", "all").summary.mean == 0.065


def test_each_annotation_set_has_its_own_numbers():
    rows = [row("moh", "nodule", "dsc", 0.60 + rater / 100, rater=rater) for rater in (1, 2, 3, 4)]
    table = built("svls_2", rows)
    assert [one.rater for one in table.sections] == [1, 2, 3, 4]
    means = [cell_at(table, "moh", "DSC", "nodule", section).summary.mean for section in range(4)]
    assert means == [0.61, 0.62, 0.63, 0.64]


def test_block_that_is_missing_or_empty_was_not_run():
    table = beside.build(published.read("svls_1"), [Block("kits2019_svls", command="make kits")])
    assert counts(table) == {"within": 0, "outside": 0, "not comparable": 0, "surrogate": 0, "not run": 130}
    assert "KiTS 2019: Not run. To run it: make kits" in footnotes(table)
    assert "BraTS 2019: Not run." in footnotes(table)


def test_method_that_we_lack_keeps_its_row():
    table = built("svls_1", [row("one_hot", "WT", "dsc", 0.89)])
    assert list(table.sections[0].printed) == ["one_hot", "ls", "ls_02", "ls_03", "svls"]
    cell = cell_at(table, "svls", "DSC", "WT")
    assert (cell.summary, cell.comparison.judgement.status) == (None, "not run")
    assert math.isnan(cell.gap_to_printed)
    assert "BraTS 2019: not run are ls, ls_02, ls_03, svls." in footnotes(table)


def test_methods_that_the_paper_lacks_follow_below_in_the_order_of_the_titles():
    rows = [row(name, "WT", "dsc", 0.5) for name in ("chance", "oracle", "one_hot", "distance")]
    rows.append(row("elsewhere", "WT", "hd95", 3.0))  # no column of this table shows it
    table = published.read("svls_1")
    titles = {"distance": "Distance", "oracle": "Oracle"}
    made = beside.build(table, [Block("brats2019_svls", results=pd.DataFrame(rows))], titles=titles)
    below = made.sections[0].rows[5:]
    assert [one.title for one in below] == ["Distance", "Oracle", "chance"]
    assert len(made.sections[0].printed) == 5
    extra = cell_at(made, "oracle", "DSC", "WT")
    assert (extra.comparison, extra.summary.mean) == (None, 0.5)
    assert len(made.compared) == 130


def test_surrogate_is_shown_and_never_judged():
    rows = [row("svls", "WT", "dsc", 0.894), row("svls", "ET", "dsc", 0.1), row("svls", "TC", "dsc", 0.8, n_seeds=1)]
    table = built("svls_1", rows, data="msd_brain", surrogate=True)
    assert counts(table)["surrogate"] == 3
    assert counts(table)["within"] == counts(table)["outside"] == 0
    assert cell_at(table, "svls", "DSC", "ET").summary.mean == 0.1


def test_our_names_may_differ_from_the_papers():
    rows = [row("my_svls", "whole", "dsc", 0.894)]
    table = built("svls_1", rows, methods={"svls": "my_svls"}, structures={"WT": "whole"})
    assert cell_at(table, "svls", "DSC", "WT").summary.mean == 0.894
    assert len(table.sections[0].rows) == 5  # my_svls is no extra row


def test_metric_without_a_key_of_ours_is_not_comparable_run_or_not():
    printed = published.read("epd_1")
    unknown = replace(printed.metrics["RMSE"], ours=None, readings=())
    table = replace(printed, metrics=printed.metrics | {"RMSE": unknown})
    plain = [cell for cell in beside.build(table, []).compared if cell.comparison.cell.place.metric == "RMSE"]
    assert len(plain) == 14
    assert {(cell.comparison.judgement.status, cell.comparison.judgement.reason) for cell in plain} == {
        ("not comparable", "no metric of ours")
    }


def test_other_readings_of_a_printed_number_are_kept_with_it():
    rows = [row("epd_2", "average", key, value) for key, value in (("mae", 0.009), ("mse", 0.004), ("rmse", 0.06))]
    made = beside.build(published.read("epd_1"), [Block("knuh", "plain", results=pd.DataFrame(rows))])
    cell = cell_at(made, "epd_2", "RMSE", "average")
    assert cell.summary.mean == 0.009
    assert {key: one.mean for key, one in cell.readings.items()} == {"mse": 0.004, "rmse": 0.06}


def test_distance_on_oct_is_judged_in_pixels_and_never_in_mm():
    rows = [row("blur", "average", "asd_voxels", 1.092), row("blur", "average", "dsc", 0.8269)]
    table = built("superpixel_2", rows, same_cases=True)
    assert cell_at(table, "blur", "ASD 2-D", "average").comparison.judgement.status == "within"
    table = built("superpixel_2", [row("blur", "average", "asd", 1.092)], same_cases=True)
    assert cell_at(table, "blur", "ASD 2-D", "average").comparison.judgement.status == "not run"
    table = built("superpixel_2", rows, same_cases=True)
    assert cell_at(table, "blur", "Dice", "average").comparison.judgement.status == "within"


def test_lost_number_is_not_judged_against_what_others_give_for_it():
    table = built("geols_1", [row("ls", "average", "dsc", 0.8213)], same_cases=True)
    cell = cell_at(table, "ls", "DSC", "average")
    judged = cell.comparison.judgement
    assert (judged.status, judged.reason) == (
        "not comparable",
        "the printed number is lost",
    )
    assert any("derived from the classes, within 0.01 (one_hot 81.51, ls 82.13" in line for line in footnotes(table))


def test_counts_and_reasons_are_said():
    rows = [row("ls", "WT", "dsc", 0.893), row("svls", "WT", "dsc", 0.894, n_seeds=2)]
    lines = footnotes(built("svls_1", rows, same_cases=True))
    assert "130 printed cells: 1 within, 1 not comparable, 128 not run." in lines
    assert "Not comparable: fewer than 3 seeds of ours (1)." in lines


@pytest.mark.parametrize(
    ("blocks", "said"),
    [
        ([Block("flare2021")], "flare2021 of svls_1 is not printed; printed are: brats2019_svls, kits2019_svls"),
        ([Block("brats2019_svls"), Block("brats2019_svls")], "brats2019_svls of svls_1 is there twice"),
        ([Block("brats2019_svls", results=pd.DataFrame({"method": []}))], r"lack the column\(s\) structure, metric"),
    ],
)
def test_wrong_blocks_stop_at_the_door(blocks, said):
    with pytest.raises(InputError, match=said):
        beside.build(published.read("svls_1"), blocks)
