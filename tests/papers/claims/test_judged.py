"""Claims on the printed numbers and on ours, side by side."""

import csv
import io
import math
import re

import pandas as pd
import pytest
from softbench import InputError
from softbench.papers import published
from softbench.papers.claims import judged as claims
from softbench.papers.claims.judged import sheet
from softbench.papers.comparison.build import Block
from softbench.tables import forms

BRATS = "brats2019_svls"


def as_printed(name, **more):
    """Return blocks that hold what a paper printed, as if it were ours."""
    frame = published.frame([name]).dropna(subset="mean").rename(columns={"sd": "sd_seeds", "n": "n_seeds"})
    frame = frame.assign(sd_cases=0.1, n_cases=50, n_undefined=0, n_penalised=0).fillna({"n_seeds": 1})
    return [
        Block(dataset, arm or None, rows, **more)
        for (dataset, arm), rows in frame.groupby(["dataset", "arm"], sort=False)
    ]


@pytest.fixture(scope="module")
def same():
    """All printed numbers once more as ours."""
    return claims.build({name: as_printed(name) for name in published.names()})


@pytest.fixture(scope="module")
def nothing():
    return claims.build({})


@pytest.fixture(scope="module")
def part():
    """Two data sets of SVLS Table 1, of which one is not the paper's."""
    first, second, _ = as_printed("svls_1")
    stands_in = Block(first.dataset, None, first.results, data="msd_brain", surrogate=True, note="Failed runs: 1.")
    keys = ["svls.best_ece", "svls.best_tace", "svls.sd_gains", "geols.soft_beats_ce", "superpixel.best_everywhere"]
    return {one.claim.key: one for one in claims.build({"svls_1": [stands_in, second]}, keys)}


def without_key():
    """The printed metrics that we have no key of, and so no number."""
    tables = map(published.read, published.names())
    return {metric.name for table in tables for metric in table.metrics.values() if metric.ours is None}


def test_equal_numbers_have_equal_verdicts(same):
    for one in (one for one in same if not one.claim.unprinted):
        comparable = {cell for cell in one.printed.cells if cell.name.split(", ")[-1] not in without_key()}
        assert set(one.ours.cells) == comparable, one.claim.key
        assert one.ours.missing == one.printed.missing + len(one.printed.cells) - len(comparable)
        assert one.ours.verdict == one.printed.verdict
        assert one.ours.absent == one.printed.absent
        assert one.data == "own"


def test_equal_numbers_have_equal_probabilities_up_to_the_draws(same):
    """Each of 2000 draws has a standard error of at most 0.011; the two differ by less than five of both."""
    known = [one for one in same if not math.isnan(one.printed.probability)]
    assert len(known) == 18
    for one in known:
        assert one.ours.probability == pytest.approx(one.printed.probability, abs=5 * 0.011 * 2**0.5)


def test_without_runs_ours_is_not_run(nothing):
    assert {one.our_verdict for one in nothing} == {"not run"}
    assert {seeds for one in nothing for source in one.sources for seeds in [source.seeds]} == {(0, 0)}
    assert {one.printed.verdict for one in nothing} == {"true", "qualified", "false", "not printed"}


def test_every_claim_names_the_data_that_it_speaks_of(nothing):
    of_claim = {one.claim.key: [source.block.dataset for source in one.sources] for one in nothing}
    assert of_claim["svls.best_ece"] == [BRATS, "prostatex_zones"]
    assert of_claim["epd.iou_gains"] == ["knuh"]
    assert (
        of_claim["geols.any_seeds_beat_ce"] == ["brats2019_geols", "flare2021"] * 2
    )  # one-hot in Tables 1 and 2, seed sets in Table 3


def test_data_that_stands_in_is_flagged(part):
    """BraTS stands in, KiTS is the paper's own, ProstateX was not run."""
    found = {key: part[key].data for key in ("svls.best_ece", "svls.best_tace", "geols.soft_beats_ce")}
    assert list(found.values()) == ["surrogate", "own and surrogate", "not run"]


def test_claim_about_data_that_was_not_run_is_open(part):
    assert part["svls.sd_gains"].our_verdict == "undetermined"
    assert part["svls.sd_gains"].ours.missing == 1  # one gain a data set


def test_block_of_no_printed_table_is_refused():
    with pytest.raises(InputError, match="svls_1"):
        claims.build({"svls_9": []})


def test_csv_holds_everything_that_is_known(part):
    rows = {row["claim"]: row for row in csv.DictReader(io.StringIO(forms.text(sheet(list(part.values())), ".csv")))}
    assert len(rows) == 5
    one = rows["svls.best_tace"]
    assert (one["printed_verdict"], one["printed_agree"], one["printed_cells"]) == ("false", "2", "3")
    assert one["printed_against"] == f"{BRATS}, tace_svls"
    # Its own number speaks against it as well: that of BraTS is there, and one is enough to refute "all".
    assert (one["ours_verdict"], one["ours_against"]) == ("false", f"{BRATS}, tace_svls")
    assert one["ours_missing"] == "1"
    assert (one["seeds_min"], one["seeds_max"]) == ("1", "1")
    assert "surrogate, msd_brain for brats2019_svls: 1 seed" in one["sources"]
    assert (one["printed_p_true"], one["printed_why_no_p"]) == ("", "not every mean that is compared has a ±")
    assert (rows["geols.soft_beats_ce"]["ours_verdict"], rows["geols.soft_beats_ce"]["seeds_max"]) == ("not run", "")
    assert rows["geols.soft_beats_ce"]["commands"] == "snakemake --cores all geols_1"


@pytest.mark.parametrize("suffix", ["csv", "md", "html"])
def test_same_claims_give_the_same_bytes(suffix, nothing, tmp_path):
    for name in ("first", "second"):
        forms.write(sheet(nothing), tmp_path / f"{name}.{suffix}")
    assert (tmp_path / f"first.{suffix}").read_bytes() == (tmp_path / f"second.{suffix}").read_bytes()


def entries_of(judged):
    """Return each claim's entries, by the id that stands below its sentence."""
    (grid,) = sheet(judged).grids
    return {line.aside.split(" (")[0]: line.entries for line in grid.lines}


def test_each_verdict_stands_with_its_cells_its_data_and_what_is_against_it(part):
    entries = entries_of(list(part.values()))
    assert set(entries) == set(part)
    printed, ours = entries["svls.best_tace"]
    assert (printed.number.text, printed.number.bold) == ("false", True)
    assert [aside.text for aside in printed.asides] == ["agree: 2 of 3", "against: BraTS 2019, TACE"]
    agree, data, absent, against = (aside.text for aside in ours.asides)
    assert agree == "agree: 1 of 2 (1 not scored)"
    assert data.startswith("surrogate, msd_brain for brats2019_svls: 1 seed; own, kits2019_svls: 1 seed; not run: ")
    assert (absent, against) == ("absent: dataset ProstateX zones", "against: BraTS 2019, TACE")
    printed, ours = entries["geols.soft_beats_ce"]
    assert printed.asides[0].text == "agree: 40 of 44 (4 lost); P(true)\N{NO-BREAK SPACE}<\N{NO-BREAK SPACE}0.01"
    assert ours.words == "not run"


def test_claims_stand_under_their_papers_and_say_how_to_run(part, tmp_path):
    forms.write(sheet(list(part.values())), tmp_path / "claims.md")
    lines = (tmp_path / "claims.md").read_text(encoding="utf-8").splitlines()
    assert "| **Islam & Glocker 2021** |  |  |" in lines
    assert "- Not run: superpixel_2 (oct_dme). To run it: snakemake --cores all superpixel_2" in lines
    assert f"- svls_1 ({BRATS}): Failed runs: 1." in lines


def test_html_names_the_column_of_each_cell_for_narrow_screens(part, tmp_path):
    forms.write(sheet(list(part.values())), tmp_path / "claims.html")
    text = (tmp_path / "claims.html").read_text(encoding="utf-8")
    assert text.count('<th scope="row">') == text.count('<td data-name="On ours">') == len(part)
    assert '<td data-name="On ours"><b>undetermined</b> <span class="aside">' in text
    assert '<td data-name="On ours">not run</td>' in text


def test_claims_on_phantoms_say_that_they_are_a_rehearsal(part):
    rehearsed = sheet(list(part.values()), is_rehearsal=True)
    assert rehearsed.title == "Rehearsal on phantoms: Claims of the papers"
    assert "the numbers mean nothing" in rehearsed.about
    assert "earsal" not in sheet(list(part.values())).title + sheet(list(part.values())).about


def test_latex_gives_each_paper_a_float_with_lines_that_a_page_holds(part):
    text = forms.text(sheet(list(part.values())), ".tex")
    assert text.isascii()
    papers = {claim.paper for claim in (one.claim for one in part.values())}
    assert text.count(r"\begin{table}") == text.count(r"\begin{tabular}{@{}p{0.31\linewidth}p{") == len(papers)
    rows = [line for line in text.splitlines() if line.endswith(r"\\") and "multicolumn" not in line]
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {2}
    assert r"\textbf{\boldmath false} \newline {\scriptsize agree: 2 of 3} \newline {\scriptsize against: " in text


def test_cells_against_a_claim_are_named_by_titles() -> None:
    found = sheet(claims.build({}, ["svls.sd_gains"]), {"svls": {"svls": "SVLS", "one_hot": "One-hot"}})
    words = found.grids[0].lines[0].entries[0].words
    assert "against: SVLS vs One-hot: KiTS 2019, SD; SVLS vs One-hot: ProstateX zones, SD" in words
    assert found.numbers.loc[0, "printed_against"].startswith("svls vs one_hot: kits2019_svls, sd_svls_2mm")


def test_claim_that_is_not_printed_says_why_and_stands_with_ours() -> None:
    """IMAT of EPD at 1/2 has an RD of -0.1 in both seeds of one arm; the other rows were not run."""
    place = {"table": "epd_1", "dataset": "knuh", "arm": "plain", "rater": 0, "structure": "IMAT", "metric": "rd"}
    row = {**place, "roi": "all", "method": "epd_2", "mean": -0.1, "sd": 0.0, "n": 2, "over": "seeds", "better": "zero"}
    ours = pd.DataFrame([{**row, "runs": "e", "by_seed": {0: -0.1, 1: -0.1}, "data": "saros", "surrogate": True}])
    (one,) = claims.build({}, ["epd.too_little_imat"], unprinted=ours.assign(unprinted=True), command="run it")
    assert (one.printed.verdict, one.ours.verdict, one.ours.agree) == ("not printed", "undetermined", 1)
    assert one.ours.absent == ("method epd_4", "method epd_8")
    printed, beside = entries_of([one])["epd.too_little_imat"]
    assert "Fig. 4 shows pictures of single slices." in printed.words
    assert "agree: 1 of 1" in beside.words
    row = sheet([one]).numbers.iloc[0]
    assert (row["printed_verdict"], row["printed_why_no_p"]) == ("not printed", one.claim.unprinted)
