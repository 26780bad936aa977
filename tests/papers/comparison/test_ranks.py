"""Ranks beside a printed table: the paper's marks follow from its numbers; ours say what noise leaves open."""

import pandas as pd
import pytest
from softbench.papers import published
from softbench.papers.comparison import ranks
from softbench.papers.comparison.build import Block, build
from softbench.tables.cells import Summary
from softbench.tables.views.comparison import numbers

COLUMNS = ("printed_rank", "ours_rank", "ours_rank_best", "ours_rank_worst")


def printed_ranks(table: str, dataset: str, structure: str, metric: str) -> dict[str, int]:
    """Return the ranks of the printed numbers of one column, with nothing of ours."""
    frame = numbers(build(published.read(table), []))
    rows = frame[(frame["dataset"] == dataset) & (frame["structure"] == structure) & (frame["metric"] == metric)]
    assert rows["ours_rank"].isna().all()
    return dict(zip(rows["method"], rows["printed_rank"], strict=True))


def test_ranks_are_the_marks_of_geols() -> None:
    """Table 1, DSC: of ET LS is bold and SVLS underlined; of WT LS and GeoLS are bold, SVLS underlined."""
    of_et = printed_ranks("geols_1", "brats2019_geols", "ET", "DSC")
    assert [method for method, rank in sorted(of_et.items(), key=lambda item: item[1])[:2]] == ["ls", "svls"]
    of_wt = printed_ranks("geols_1", "brats2019_geols", "WT", "DSC")
    assert {method for method, rank in of_wt.items() if rank == 1} == {"ls", "geols"}
    assert {method for method, rank in of_wt.items() if rank == 2} == {"svls"}


def test_ranks_of_a_distance_begin_with_the_smallest() -> None:
    """Table 1, HD95: SVLS has the bold averages 8.50, GeoLS the underlined 8.78."""
    found = printed_ranks("geols_1", "brats2019_geols", "average", "HD95")
    assert (found["svls"], found["geols"]) == (1, 2)


def test_ranks_are_the_marks_of_svls() -> None:
    """Table 1: of ET's DSC LS (0.1) is the best, bold and underlined, and LS (0.2) the other bold one."""
    found = printed_ranks("svls_1", "brats2019_svls", "ET", "DSC")
    assert (found["ls"], found["ls_02"]) == (1, 2)


def summary(*seeds: float, runs: str = "a/b") -> Summary:
    return Summary(sum(seeds) / len(seeds), n_seeds=len(seeds), by_seed=dict(enumerate(seeds)), runs=runs)


def test_noise_over_seeds_decides_pair_by_pair() -> None:
    """Differences 0.1 ± 0.001 over three seeds are beyond noise, differences 0.1, -0.2 and 0.1 are not."""
    low, high = summary(0.5, 0.6, 0.7), summary(0.6, 0.701, 0.799)
    assert ranks.beyond_noise(high, low, "higher") == 1
    assert ranks.beyond_noise(low, high, "higher") == -1
    assert ranks.beyond_noise(low, high, "lower") == 1
    assert ranks.beyond_noise(summary(0.6, 0.4, 0.8), low, "higher") == 0


@pytest.mark.parametrize("other", [summary(0.9), summary(0.9, 0.9, 0.9, runs="c/d"), Summary(0.9)])
def test_without_common_seeds_nothing_is_decided(other: Summary) -> None:
    assert ranks.beyond_noise(other, summary(0.5, 0.6, 0.7), "higher") == 0


def test_nearest_to_zero_is_best_of_a_signed_difference() -> None:
    assert ranks.beyond_noise(summary(-0.1, -0.11, -0.12), summary(0.3, 0.31, 0.33), "zero") == 1


def ours(of_methods: dict[str, tuple[float, ...]]) -> list[dict]:
    """Return the rows of `results` for the DSC of WT in geols_1."""
    return [
        {
            "method": method, "structure": "WT", "metric": "dsc", "roi": "all", "rater": 0, "mean": sum(seeds) / 3,
            "sd_seeds": 0.01, "sd_cases": 0.05, "n_seeds": 3, "n_cases": 68, "n_undefined": 0, "n_penalised": 0,
            "by_seed": dict(enumerate(seeds)), "runs": "geols/unet3d",
        }
        for method, seeds in of_methods.items()
    ]  # fmt: skip


def test_ranks_of_ours_are_of_the_papers_rows() -> None:
    """A row that the paper lacks takes no place; those whose difference is noise share a range of ranks."""
    results = pd.DataFrame(
        ours(
            {
                "one_hot": (0.800, 0.810, 0.820),
                "ls": (0.850, 0.8605, 0.8695),
                "geols": (0.851, 0.858, 0.873),
                "extra": (0.990, 0.991, 0.992),
            }
        )
    )
    frame = numbers(build(published.read("geols_1"), [Block("brats2019_geols", None, results)]))
    of_column = frame[(frame["structure"] == "WT") & (frame["metric"] == "DSC")].set_index("method_ours")
    found = {method: of_column.loc[method, list(COLUMNS[1:])].tolist() for method in ("geols", "ls", "one_hot")}
    assert found == {"geols": [1, 1, 2], "ls": [2, 1, 2], "one_hot": [3, 3, 3]}
    assert of_column.loc["extra", list(COLUMNS)].isna().all()
    assert of_column.loc["focal", "ours_rank_best"] is pd.NA
