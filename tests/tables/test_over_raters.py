"""The agreement of methods with the raters: the tidy rows of several seeds and cases, in lines and words."""

import numpy as np
import pandas as pd
import pytest
from softbench.statistics.raters import mean_over_raters
from softbench.tables import over_raters
from softbench.tables.view import Given
from softbench.tables.views import rater_agreement

CASES, RATERS, SEEDS = 3, 3, 2


def tidy(values: np.ndarray, without: np.ndarray) -> pd.DataFrame:
    """Rows of values (seeds, cases) and without (seeds, cases, raters), of a method and two structures alike."""
    rows = []
    for seed in range(SEEDS):
        for case in range(CASES):
            for structure in ("liver", "tumour"):
                where = {"method": "svls", "seed": seed, "case": f"c{case}", "structure": structure, "roi": "all"}
                rows.append({**where, "rater": 0, "metric": "agreement", "value": values[seed, case]})
                rows += [
                    {**where, "rater": r + 1, "metric": "agreement_without", "value": without[seed, case, r]}
                    for r in range(RATERS)
                ]
    return pd.DataFrame(rows)


@pytest.fixture
def numbers() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.uniform(0.8, 1, (SEEDS, CASES)), rng.uniform(0.8, 1, (SEEDS, CASES, RATERS))


@pytest.mark.parametrize("same_people", [True, False])
def test_seeds_are_averaged_case_by_case(numbers: tuple[np.ndarray, np.ndarray], same_people: bool) -> None:
    values, without = numbers
    (line,) = over_raters.lines(tidy(values, without), {"svls": "SVLS"}, ["liver"], same_people=same_people)
    expected = mean_over_raters(values.mean(axis=0), without.mean(axis=0), same_people=same_people)
    assert line.agreement.mean == pytest.approx(values.mean())
    assert (line.agreement.low, line.agreement.high) == pytest.approx((expected.low, expected.high))


def test_composite_is_the_mean_of_its_members(numbers: tuple[np.ndarray, np.ndarray]) -> None:
    scores = tidy(*numbers)
    both = list(
        over_raters.lines(scores, {"svls": "SVLS"}, ["liver", "average"], composites={"average": ["liver", "tumour"]})
    )
    assert [line.structure for line in both] == ["liver", "average"]
    assert both[0].agreement.low == pytest.approx(both[1].agreement.low)


def test_method_without_the_rows_has_no_line(numbers: tuple[np.ndarray, np.ndarray]) -> None:
    scores = tidy(*numbers)
    assert not list(over_raters.lines(scores, {"raters": "Raters"}, ["liver"]))
    assert not list(over_raters.lines(scores[scores["metric"] == "dsc"], {"svls": "SVLS"}, ["liver"]))


def test_words_say_of_what_the_intervals_are(numbers: tuple[np.ndarray, np.ndarray]) -> None:
    found = list(over_raters.lines(tidy(*numbers), {"svls": "SVLS"}, ["liver"]))
    sheet = over_raters.sheet("A", found, same_people=True)
    cells = [entry.words for entry in sheet.grids[0].lines[0].entries]
    assert cells[1].startswith("[")
    assert cells[2].startswith("no valid CI")
    assert cells[3:] == ["3", "3"]
    assert any("3 cases, at least 30" in note for note in sheet.notes)
    assert over_raters.OTHERS in over_raters.sheet("A", found, same_people=False).notes


def test_cases_that_an_interval_leaves_out_are_counted(numbers: tuple[np.ndarray, np.ndarray]) -> None:
    """As two raters of three who never overlap leave them; what is undefined in the table too is none of them."""
    values, without = numbers
    without[:, 1, 2] = np.nan
    values[:, 2] = np.nan
    found = list(over_raters.lines(tidy(values, without), {"svls": "SVLS"}, ["liver"]))
    sheet = over_raters.sheet("A", found, same_people=True)
    assert sheet.grids[0].lines[0].entries[3].words == "1 of 2"
    assert over_raters.LEFT_OUT in sheet.notes
    assert sheet.numbers["n_left_out"].tolist() == [1]


def test_view_is_of_tables_that_show_agreement() -> None:
    shown, other = ({"columns": [{"metric": metric}]} for metric in ("agreement", "dsc"))
    assert rater_agreement.applies(Given("t", shown, {})) == ""
    assert "raters: true" in rater_agreement.applies(Given("t", other, {}))
