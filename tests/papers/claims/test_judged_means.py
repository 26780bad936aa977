"""Our results as the means that claims are judged on."""

import pandas as pd
import pytest
from softbench.papers import published
from softbench.papers.claims.judged import MEANS_COLUMNS, collect_means
from softbench.papers.comparison.build import Block


def results(*rows):
    """Return rows (method, structure, metric, roi, rater, means by seed) as `beside_results.results` does."""
    names = ["method", "structure", "metric", "roi", "rater", "by_seed"]
    made = pd.DataFrame(rows, columns=names)
    seeds = [pd.Series(one) for one in made["by_seed"]]
    counts = dict.fromkeys(("n_cases", "n_undefined", "n_penalised"), 1)
    return made.assign(
        mean=[one.mean() for one in seeds], sd_seeds=[one.std() for one in seeds], n_seeds=[len(one) for one in seeds],
        sd_cases=0.1, runs="e/n", **counts,
    )  # fmt: skip


def at(frame, **place):
    return frame[(frame[list(place)] == pd.Series(place)).all(axis=1)]


def test_places_are_named_as_printed_and_numbers_are_ours():
    ours = results(("our_svls", "core", "dsc", "all", 0, {0: 0.8, 1: 0.9}))
    block = Block(
        "brats2019_svls", results=ours, data="msd_brain", surrogate=True,
        methods={"svls": "our_svls"}, structures={"TC": "core"},
    )  # fmt: skip
    frame = collect_means(published.read("svls_1"), [block])
    one = at(frame, dataset="brats2019_svls", structure="TC", metric="dsc", method="svls").squeeze()
    assert (one["mean"], one["sd"]) == pytest.approx((0.85, 0.1 / 2**0.5))
    assert (one["n"], one["over"], one["runs"], one["by_seed"]) == (2, "seeds", "e/n", {0: 0.8, 1: 0.9})
    assert (one["data"], one["surrogate"], one["better"]) == ("msd_brain", True, "higher")
    assert frame["mean"].notna().sum() == 1


def test_every_printed_place_has_a_row_with_or_without_ours():
    for name in published.names():
        frame, printed = collect_means(published.read(name), []), published.frame([name])
        place = ["table", "dataset", "arm", "rater", "structure", "metric", "roi", "method", "better"]
        both = frame[place].merge(printed[place], how="outer", indicator=True)
        assert list(frame) == MEANS_COLUMNS
        assert (both["_merge"] == "both").all()
        assert frame["mean"].isna().all()


def test_annotation_sets_and_arms_are_told_apart():
    of_raters = [("msvls", "nodule", "dsc", "all", rater, {0: rater / 10}) for rater in (1, 2, 3, 4)]
    frame = collect_means(published.read("svls_2"), [Block("lidc", results=results(*of_raters))])
    found = at(frame, method="msvls", metric="dsc").set_index("rater")["mean"]
    assert found.to_dict() == pytest.approx({1: 0.1, 2: 0.2, 3: 0.3, 4: 0.4})
    arms = [
        Block("knuh", arm, results(("epd_2", "average", "iou_at_test", "all", 0, {0: mean})))
        for arm, mean in (("plain", 0.5), ("augmented", 0.6))
    ]
    frame = collect_means(published.read("epd_1"), arms)
    found = at(frame, method="epd_2", metric="iou_at_test").set_index("arm")["mean"]
    assert found.to_dict() == pytest.approx({"plain": 0.5, "augmented": 0.6})
