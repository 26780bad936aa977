"""The papers' tables: each is rehearsed on its phantom, and where data is missing the table says so."""

import re
from collections.abc import Callable

import pandas as pd
import pytest
from softbench.papers import published

METHODS = ["one_hot_rater_1", "one_hot_each", "moh", "msvls"]  # of the printed rows
SHOWN = [*METHODS, "one_hot_majority"]  # Fig. 6 shows this row of ours too
SMALL = f"experiments={{svls_lidc: {{methods: {SHOWN}, rehearsal: {{seeds: [0]}}}}}}".replace("'", "")

COUNTS = [
    "one_hot",
    "one_hot_wce",
    "blur_wce",
    "superpixel_wce",
    "superpixel_ce",
    "superpixel_ce_2000",
    "superpixel_wce_2000",
]
FEW = f"experiments={{superpixel_oct_dme: {{methods: {COUNTS}}}}}".replace("'", "")


@pytest.fixture(scope="module")
def papers(make_clone: Callable):
    return make_clone("papers")


def test_rehearsal_is_trained_and_stands_beside_the_printed_numbers(papers) -> None:
    target = "results/tables/svls_2_phantom.md"
    papers.run(target, "results/figures/svls_fig_6_phantom.png", "--config", SMALL)
    text = (papers.path / target).read_text()
    assert text.startswith("### Rehearsal on phantoms: ")
    assert "Ours: phantom_nodule_tiny, which stands in for the paper's data" in text
    assert "not run are One-hot (rater 2), One-hot (rater 3)." in text  # this config leaves them out
    assert "mOH" in text
    assert "ours, the mean of one run" in text
    cells = pd.read_csv(papers.path / "results/tables/svls_2_phantom.csv")
    printed = cells[cells["printed_mean"].notna()]
    assert len(printed) == len(published.read("svls_2").cells)
    assert set(printed["status"]) == {"surrogate", "not run"}
    assert set(printed.loc[printed["status"] == "surrogate", "method"]) == set(METHODS)
    extra = cells[cells["printed_mean"].isna()]
    assert set(extra["method_ours"]) == {"one_hot_rater_1@temperature", "one_hot_majority"}


def test_without_data_every_table_is_made_and_says_how_to_get_it(papers) -> None:
    jobs = papers.jobs("paper_tables", "--config", "data=here")
    assert jobs["paper_table"] == len(published.names())
    assert not [name for name in jobs if name.startswith(("fetch_", "prepare_", "soften_", "map_")) or name == "train"]
    papers.run("results/tables/svls_1.md", "--config", "data=here")
    text = (papers.path / "results/tables/svls_1.md").read_text()
    assert "Not run. To run it: snakemake --cores 4 results/raw/brats2019/manifest.json" in text
    assert "- Our choice: 200 epochs of batches of two images" in text  # what config declares as ours
    assert f"{len(published.read('svls_1').cells)} printed cells: " in text


def test_data_behind_a_login_does_not_stop_what_is_open(papers) -> None:
    jobs = papers.jobs("svls_1")
    assert jobs["prepare"] == 2  # KiTS 2019 and ProstateX, not BraTS 2019
    assert jobs["train"] == 10  # five methods on each


def test_stand_in_takes_the_place_of_data_behind_a_login(papers) -> None:
    jobs = papers.jobs("svls_1_open")
    assert jobs["prepare"] == 3
    assert jobs["train"] == 15


def test_every_table_is_rehearsed_and_nothing_is_trained_twice(papers) -> None:
    jobs = papers.jobs("paper_tables", "--config", "data=phantom")
    assert jobs["paper_table"] == len(published.names())
    assert not [name for name in jobs if name.startswith("fetch_")]
    # 3 x 5 and 8 of SVLS, 2 x 15 and one other image of GeoLS, 32 and 26 of superpixels, 14 and 7 of EPD
    assert jobs["train"] == 133


def test_largest_experiment_takes_at_most_a_hundred_jobs(papers) -> None:
    shown = ["fig_4", "fig_4_ce", "fig_5", "fig_5_ce", "training_mri"]
    jobs = papers.jobs("superpixel_1", *(f"results/figures/superpixel_{name}.png" for name in shown))
    # 4 without superpixels, 2 losses x 7 counts, 2 x 5 further weights, 2 of Eq. 1, 2 of V-Net's Dice: all of it
    assert jobs["train"] == 32
    assert (jobs["map_slic"], jobs["soften_superpixel"]) == (7, 8)
    assert sum(jobs.values()) <= 100


def test_superpixel_table_trains_all_counts_with_both_losses(papers) -> None:
    jobs = papers.jobs("results/tables/superpixel_1_phantom.md", "results/tables/superpixel_2_phantom.md")
    # beside the counts: 6 rows with Dice and 2 of Eq. 1 on OCT-DME, 2 of Eq. 1 and 2 of V-Net's Dice on MRBrainS18
    assert jobs["train"] == 2 * (4 + 2 * 7) + 6 + 2 + 2 + 2


def test_wrong_data_lists_what_is_allowed(papers) -> None:
    said = papers.run("-n", "--config", "data=all", fails=True)
    assert "--config: data is 'all', but must be published, here, open or phantom" in said


def test_soft_labels_of_a_paper_are_measured_where_there_is_data(papers) -> None:
    """Last of all, for it trains runs that tests above count."""
    target = "results/tables/quality_superpixel_2_phantom.md"
    papers.run(target, "--config", FEW)
    text = (papers.path / target).read_text()
    assert "### Soft labels of Phantom retina, two raters" in text
    assert "Superpixels found, median (range)" in text
    assert re.search(r"\| Superpixel \|.* 500 \| \d+ \(\d+ to \d+\) \|", text)
    assert (
        papers.jobs("results/tables/quality_superpixel_1_phantom.md")["soften_superpixel"] == 8
    )  # 7 counts, and Eq. 1 as printed
    jobs = papers.jobs("superpixel_2", "--config", "data=here")
    assert jobs["paper_table"] == 1
    assert not [name for name in jobs if name.startswith("soften_")]
    assert "there is no data at hand" in (papers.path / "results/tables/quality_svls_1.md").read_text()
