"""The four forms of a table."""

import io
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from softbench import InputError
from softbench.tables import forms
from softbench.tables.sheet import Sheet, plain
from softbench.tables.views.results import sheet

MINUS = "\N{MINUS SIGN}"
FAILED = [{"method": "good", "seed": 3, "reason": "non-finite loss at step 7 (cases c0, c1)."}]


def lines_of(text, start):
    return [line for line in text.splitlines() if line.startswith(start)]


def test_csv_keeps_full_precision_and_one_row_a_cell(build):
    table = build()
    read = pd.read_csv(io.StringIO(forms.text(sheet(table), ".csv")))
    assert len(read) == 4 * 4
    assert ",".join(read.columns) == (
        "method,title,structure,metric,roi,unit,better,mean,sd_over_seeds,sd_over_cases,n_seeds,n_cases,n_undefined,"
        "n_penalised,control,difference,difference_low,difference_high,p,p_holm,detectable,beyond_noise"
    )
    np.testing.assert_array_equal(read["mean"], [cell.mean for row in table.cells for cell in row])
    good = read[(read["method"] == "good") & (read["metric"] == "dsc")].iloc[0]
    assert (good["control"], good["beyond_noise"]) == ("one_hot", True)


def test_markdown_says_over_what_the_spread_is(build):
    text = forms.text(sheet(build()), ".md")
    assert "mean ± sd over 3 seeds of the mean over 3 test cases" in text


def test_markdown_shows_means_with_direction_and_unit(build):
    text = forms.text(sheet(build()), ".md")
    assert lines_of(text, "| Method |")[0] == (
        "| Method | A DSC ↑ | both HD95 (mm) ↓ | ECE, all voxels ↓ | ECE, boundary band ↓ |"
    )
    # HD95 of `both`: (2 + 4) / 2 everywhere. DSC 0.5 in all seeds, so no spread.
    assert lines_of(text, "| One-hot |")[0] == (
        "| One-hot | 0.500 ± 0.000 | 3.00 ± 0.00 | 0.0100 ± 0.0000 | 0.0500 ± 0.0000 |"
    )


def test_bold_means_are_better_and_bold_differences_beyond_noise(build):
    text = forms.text(sheet(build()), ".md")
    mean, difference = lines_of(text, "| Good_1 (50 %)")
    assert "| **0.600** ± 0.010 |" in mean
    # t(0.975, 2 df) 4.3027 x 0.01 / sqrt(3) = 0.0248
    assert "| **+0.100**<br>[0.075, 0.125] |" in difference
    mean, difference = lines_of(text, r"| Bad & \<late\>")
    assert "| 0.400 ± 0.010 |" in mean
    assert f"| **{MINUS}0.100**<br>[{MINUS}0.125, {MINUS}0.075]<br>worse |" in difference
    mean, difference = lines_of(text, "| Noise")
    assert "**" not in mean + difference


def test_control_has_no_row_among_the_differences(build):
    assert len(lines_of(forms.text(sheet(build()), ".md"), "| One-hot |")) == 1


def test_undefined_penalised_and_failed_are_counted(build):
    text = forms.text(sheet(build(failed=FAILED, notes=["A rehearsal."])), ".md")
    assert "- A rehearsal." in text
    assert "- A DSC: 12 undefined." in text  # c1, four methods, three seeds
    assert r"- both HD95 (mm): 1 penalised (Bad & \<late\> 1)." in text
    assert "diagonal of that case's image" in text
    assert "- Failed runs: 1, in no mean. Good_1 (50 %), seed 3: non-finite loss at step 7 (cases c0, c1)." in text
    assert "- both: the mean over A, B, case by case." in text
    assert "with one run per method, a test over cases" in text


def test_one_seed_says_that_it_has_no_spread(build, scores):
    text = forms.text(sheet(build(scores=scores[scores["seed"] == 0])), ".md")
    assert "the mean over 3 test cases of one run per method, which has no spread over seeds" in text
    assert "±" not in text
    assert "**0." not in text


def test_method_with_fewer_seeds_is_named(build, scores):
    left = scores[(scores["method"] != "good") | (scores["seed"] < 2)]
    text = forms.text(sheet(build(scores=left)), ".md")
    assert "- Good_1 (50 %): 2 of 3 seeds." in text
    assert "over 2 to 3 seeds" in text


def test_method_that_is_not_trained_counts_for_no_number_of_seeds(build, scores):
    left = scores[(scores["method"] != "good") | (scores["seed"] < 1)]
    methods = [vars(method) | {"trained": method.key != "good"} for method in build().methods]
    text = forms.text(sheet(build(scores=left, methods=methods)), ".md")
    assert "- Good_1 (50 %): scored once, nothing is trained." in text
    assert "over 3 seeds" in text


def test_latex_is_ascii_and_its_braces_and_columns_fit(build):
    text = forms.text(sheet(build(failed=FAILED)), ".tex")
    assert text.isascii()
    plain = re.sub(r"\\[{}]", "", text)
    assert plain.count("{") == plain.count("}")
    grids = re.findall(r"\\begin\{tabular\}.*?\\end\{tabular\}", text, re.DOTALL)
    assert len(grids) == 2
    for grid in grids:
        rows = [line for line in grid.splitlines() if line.endswith(r"\\") and "multicolumn" not in line]
        assert {len(re.findall(r"(?<!\\)&", row)) + 1 for row in rows} == {5}


def test_latex_escapes_what_titles_hold(build):
    text = forms.text(sheet(build()), ".tex")
    assert r"\caption{Table 1: 100 \% \_x\_. Each cell: " in text
    assert r"Good\_1 (50 \%) & \textbf{\boldmath \underline{0.600}} $\pm$ 0.010 &" in text
    assert r"Bad \& $<$late$>$ & \textbf{\boldmath $-$0.100} &" in text
    assert r"{\scriptsize vs One-hot} & {\scriptsize {[}$-$0.125, $-$0.075{]}} &" in text
    assert r" & {\scriptsize worse} &" in text


class Tree(HTMLParser):
    """Collects tables as rows of cell texts, and fails on tags that do not pair."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tables = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("th", "td"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"th", "td"} & set(self.open):
            self.tables[-1][-1][-1] += data


def test_html_holds_the_same_cells_and_escapes_titles(build):
    means, differences = Tree(forms.text(sheet(build()), ".html")).tables
    assert means[0] == ["Method", "A", "both", "all classes"]
    assert means[1] == ["DSC ↑", "HD95 (mm) ↓", "ECE, all voxels ↓", "ECE, boundary band ↓"]
    assert means[3][:2] == ["Good_1 (50 %)", "0.600 ± 0.010"]
    assert differences[3][:2] == ["Bad & <late> vs One-hot", f"{MINUS}0.100 [{MINUS}0.125, {MINUS}0.075] worse"]


def test_columns_own_title_replaces_structure_and_metric(build):
    columns = [{"metric": "hd95", "structure": "A", "title": "Hausdorff"}]
    text = forms.text(sheet(build(columns=columns)), ".md")
    assert lines_of(text, "| Method |")[0] == "| Method | Hausdorff (mm) ↓ |"


def test_file_name_decides_the_form(build, tmp_path):
    table = build()
    for suffix in forms.FORMS:
        forms.write(sheet(table), tmp_path / f"t{suffix}")
        assert (tmp_path / f"t{suffix}").read_text(encoding="utf-8") == forms.text(sheet(table), suffix)
    with pytest.raises(InputError, match=r"\.xls"):
        forms.write(sheet(table), tmp_path / "t.xls")


def test_csv_of_a_sheet_without_numbers_of_its_own_holds_its_words():
    grid = plain(["Method", "Note"], [["One-hot", "a, b"], ["LS", "c"]])
    assert forms.text(Sheet("T", "", (grid,)), ".csv") == 'Method,Note\nOne-hot,"a, b"\nLS,c\n'
    numbers = pd.DataFrame({"x": [0.1]})
    assert forms.text(Sheet("T", "", (grid,), numbers=numbers), ".csv") == "x\n0.1\n"
    assert forms.text(Sheet("T", ""), ".csv") == "\n"
