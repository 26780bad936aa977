"""What the papers say or mean, and their own tables contradict. Each is asserted to be one still: a silent fix is seen.

The sums of the tables hold without exception (test_printed_arithmetic); these are about what stands beside them.
"""

import math

import pytest
from softbench.papers import published

LS = ("ls", "ls_02", "ls_03")


def brats(metric: str) -> dict[str, float]:
    """A row of SVLS Table 1."""
    table = published.read("svls_1")
    cells = [cell for cell in table.cells if (cell.place.dataset, cell.place.metric) == ("brats2019_svls", metric)]
    return {cell.place.method: cell.mean for cell in cells}


def geols_1(structure: str, metric: str) -> dict[str, float]:
    table = published.read("geols_1")
    cells = [cell for cell in table.cells if (cell.place.structure, cell.place.metric) == (structure, metric)]
    return {cell.place.method: cell.mean for cell in cells}


def test_svls_text_gives_the_best_ece_of_brats_to_ls_but_the_table_does_not():
    ece = brats("ECE")
    assert ece["svls"] < min(ece[method] for method in LS)  # 0.063 < 0.065


def test_svls_text_gives_itself_the_best_tace_of_brats_but_the_table_does_not():
    tace = brats("TACE")
    assert tace["ls"] < tace["svls"]  # 0.0025 < 0.0040


def test_both_sentences_would_hold_with_the_two_columns_exchanged():
    """So a slip in the table is as likely as one in the text; the numbers stay as printed."""
    ece, tace = brats("ECE"), brats("TACE")
    for row in (ece, tace):
        row["ls"], row["svls"] = row["svls"], row["ls"]
    assert min(ece, key=ece.get) in LS
    assert min(tace, key=tace.get) == "svls"


def test_geols_text_says_all_soft_labels_improve_on_every_class_but_four_do_not():
    dice, surface = geols_1("WT", "DSC"), geols_1("TC", "SD")
    assert dice["focal"] < dice["one_hot"]  # 89.95 < 90.09
    assert [method for method in surface if surface[method] < surface["one_hot"]] == ["ls", "focal", "svls"]


def test_spread_of_kits_comp_is_no_spread_over_cases():
    """Printed as one, but it is the mean of the classes' spreads, as only perfectly correlated classes would give."""
    table = published.read("svls_1")
    found = [cell for cell in table.cells if cell.place.structure == "comp"]
    for cell in found:
        place = {"dataset": cell.place.dataset, "metric": cell.place.metric, "method": cell.place.method}
        kidney, tumour = (table.cell(structure=name, **place).sd for name in ("kidney", "tumour"))
        assert cell.sd == pytest.approx((kidney + tumour) / 2, abs=0.00051)  # half a unit of the last digit
    assert len(found) == 10


def test_two_methods_of_svls_share_every_spread_of_kits():
    table = published.read("svls_1")
    for structure in ("kidney", "tumour", "comp"):
        place = {"dataset": "kits2019_svls", "metric": "SD", "structure": structure}
        assert table.cell(method="ls_03", **place).text("sd") == table.cell(method="svls", **place).text("sd")


@pytest.mark.parametrize("method", ["one_hot_l1_dice", "conventional_2", "conventional_4", "conventional_8"])
@pytest.mark.parametrize("arm", ["plain", "augmented"])
def test_epd_rmse_against_hard_labels_is_too_small_for_a_root(method, arm):
    """A voxel on the wrong side of 1/2 has a squared error of 1/4 at least, so RMSE >= sqrt(share of them / 4).

    The accuracy is at a threshold that need not be 1/2; the printed numbers are two to eight times too small.
    """
    table = published.read("epd_1")
    accuracy, rmse = (table.cell(method=method, arm=arm, metric=name).mean / 100 for name in ("ACC", "RMSE"))
    assert rmse < math.sqrt((1 - accuracy) / 4)


def test_oct_distances_in_mm_exceed_a_retina():
    """A retina is a third of a millimetre thick; HD95 between its layers is printed as over 3 mm."""
    table = published.read("superpixel_2")
    printed = [cell.mean for cell in table.cells if cell.place.metric == "HD95 2-D"]
    assert len(printed) == 6
    assert min(printed) > 3
