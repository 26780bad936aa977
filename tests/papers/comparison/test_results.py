"""Our raw scores as a printed table needs them."""

import itertools

import pandas as pd
import pytest
from softbench import InputError
from softbench.papers import published
from softbench.papers.comparison.results import results

FIXED = {"experiment": "e", "dataset": "d", "network": "n", "split": "main", "unit": "1"}


def scored(structure, metric, value_of, *, raters=(1,), grid="full", prediction="raw", method="svls", roi="all"):
    """Return rows of three seeds and two cases; `value_of` gives a value for seed, case number and rater."""
    rows = [
        (method, seed, f"c{case}", rater, structure, metric, roi, value_of(seed, case, rater), grid, prediction)
        for seed, case, rater in itertools.product(range(3), range(2), raters)
    ]
    names = ["method", "seed", "case", "rater", "structure", "metric", "roi", "value", "grid", "prediction"]
    return pd.DataFrame(rows, columns=names).assign(**FIXED)


def found(made, structure, metric, **more):
    wanted = {"structure": structure, "metric": metric} | more
    return made[(made[list(wanted)] == pd.Series(wanted)).all(axis=1)].squeeze()


def test_spread_is_over_seeds_and_over_cases():
    scores = scored("WT", "dsc", lambda seed, case, rater: 0.8 + 0.01 * seed + 0.1 * case)
    one = found(results(scores, published.read("svls_1"), "brats2019_svls"), "WT", "dsc")
    # seeds: 0.85, 0.86, 0.87; cases: 0.81 and 0.91, whose standard deviation is 0.1 / sqrt(2)
    assert (one["mean"], one["sd_seeds"], one["sd_cases"]) == pytest.approx((0.86, 0.01, 0.0707106781))
    assert (one["n_seeds"], one["n_cases"], one["rater"]) == (3, 2, 0)


def test_seeds_have_means_of_their_own_and_say_which_runs_they_are():
    """Seed 1 has no defined value, so it has no mean."""
    scores = scored("WT", "dsc", lambda seed, case, rater: float("nan") if seed == 1 else seed + 0.1 * case)
    one = found(results(scores, published.read("svls_1"), "brats2019_svls"), "WT", "dsc")
    assert one["by_seed"] == pytest.approx({0: 0.05, 2: 2.05})
    assert one["n_seeds"] == len(one["by_seed"])
    assert one["runs"] == "e/n"


def test_other_predictions_are_left_out():
    raw = scored("all", "ece", lambda *_: 0.07, roi="foreground")
    scaled = scored("all", "ece", lambda *_: 0.01, roi="foreground", prediction="temperature")
    made = results(pd.concat([raw, scaled]), published.read("svls_1"), "brats2019_svls")
    assert found(made, "all", "ece")["mean"] == pytest.approx(0.07)


def test_annotation_sets_are_told_apart_where_the_paper_does():
    scores = scored("nodule", "dsc", lambda seed, case, rater: rater / 10, raters=(1, 2, 3, 4), method="moh")
    made = results(scores, published.read("svls_2"), "lidc")
    assert [found(made, "nodule", "dsc", rater=rater)["mean"] for rater in (1, 2, 3, 4)] == pytest.approx(
        [0.1, 0.2, 0.3, 0.4]
    )


def test_composites_are_those_of_the_paper_unless_others_are_given():
    parts = [("kidney", 0.9), ("tumour", 0.5)]
    scores = pd.concat([scored(name, "dsc", lambda *_, mean=mean: mean) for name, mean in parts])
    made = results(scores, published.read("svls_1"), "kits2019_svls")
    assert found(made, "comp", "dsc")["mean"] == pytest.approx(0.7)
    scores = pd.concat([scored(name, "hd95", lambda *_, mean=mean: mean) for name, mean in parts])
    given = {"average": ["kidney", "tumour"]}
    made = results(scores, published.read("geols_3"), "flare2021", composites=given)
    assert found(made, "average", "hd95")["mean"] == pytest.approx(0.7)


def test_missed_structure_costs_the_diagonal_in_composites_too():
    diagonal = scored("all", "image_diagonal", lambda *_: 100.0)
    liver = scored("liver", "hd95", lambda *_: float("inf")).assign(unit="mm")
    spleen = scored("spleen", "hd95", lambda *_: 2.0).assign(unit="mm")
    made = results(
        pd.concat([diagonal, liver, spleen]), published.read("geols_3"), "flare2021",
        composites={"average": ["liver", "spleen"]},
    )  # fmt: skip
    one = found(made, "average", "hd95")
    assert (one["mean"], one["n_penalised"]) == (51.0, 6)  # (100 + 2) / 2; three seeds, two cases


def test_training_grid_is_taken_where_there_is_one():
    coarse = scored("average", "dsc_s", lambda *_: 0.9, grid="training", method="epd_2")
    upsampled = scored("average", "dsc_s", lambda *_: 0.8, raters=(0,), method="epd_2")
    fine = scored("average", "dsc_s", lambda *_: 0.95, raters=(0,), method="one_hot_l1_dice")
    scores, table = pd.concat([coarse, upsampled, fine]), published.read("epd_1")
    as_printed, full = (results(scores, table, "knuh", grid=grid) for grid in ("training", "full"))
    assert found(as_printed, "average", "dsc_s", method="epd_2")["mean"] == pytest.approx(0.9)
    assert found(as_printed, "average", "dsc_s", method="one_hot_l1_dice")["mean"] == pytest.approx(0.95)
    assert found(full, "average", "dsc_s", method="epd_2")["mean"] == pytest.approx(0.8)


def test_standard_metric_is_summarised_too():
    scores = pd.concat([scored("all", "tace_svls", lambda *_: 0.004), scored("all", "tace", lambda *_: 0.04)])
    made = results(scores, published.read("svls_1"), "brats2019_svls")
    assert found(made, "all", "tace")["mean"] == pytest.approx(0.04)


def test_sums_of_all_cases_stand_beside_the_mean_of_cases():
    """Cases of 0.1 and 0.3 sum to 0.15, seed by seed: the first is larger."""
    of_cases = scored("average", "rad", lambda seed, case, rater: 0.1 + 0.2 * case)
    pooled = scored("average", "rad", lambda seed, case, rater: 0.15 + 0.01 * seed).assign(case="pooled")
    other = scored("average", "dsc_s", lambda *_: 0.9).assign(case="pooled")  # printed of single cases alone
    scores = pd.concat([of_cases, pooled.drop_duplicates(["seed", "metric"]), other])
    made = results(scores, published.read("epd_1"), "knuh")
    assert found(made, "average", "rad")["mean"] == pytest.approx(0.2)
    together = found(made, "average", "rad_all_cases")
    assert (together["mean"], together["sd_seeds"]) == pytest.approx((0.16, 0.01))
    assert (together["by_seed"][2], together["n_cases"]) == (pytest.approx(0.17), 0)
    assert set(made["metric"]) == {"rad", "rad_all_cases"}


def test_composite_of_all_cases_is_the_mean_of_its_members():
    parts = [
        scored(name, "rad", lambda *_, of=of: of).assign(case="pooled") for name, of in (("MUS", 0.1), ("SAT", 0.5))
    ]
    pooled = pd.concat(parts).drop_duplicates(["seed", "structure"])
    members = {"average": ["MUS", "SAT"]}
    made = results(pooled, published.read("epd_1"), "knuh", composites=members)
    assert found(made, "average", "rad_all_cases")["mean"] == pytest.approx(0.3)


def test_scores_of_nothing_printed_stop_with_what_is_needed():
    with pytest.raises(InputError, match="no metric of svls_1 was scored; it needs dsc, sd_svls_2mm, nsd_2mm, ece"):
        results(scored("WT", "vs", lambda *_: 0.9), published.read("svls_1"), "brats2019_svls")
