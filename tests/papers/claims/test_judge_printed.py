"""What the papers' sentences come to on the papers' own numbers."""

import math

import pandas as pd
import pytest
from make import papers as papers_page
from softbench import InputError
from softbench.papers import claims, published

# claim: verdict, cells that agree, cells tested. The comments say which cells.
EXPECTED = {
    "svls.best_ece": ("false", 1, 2),  # BraTS: SVLS .063 < LS .065; ProstateX: LS .042
    "svls.best_tace": ("false", 2, 3),  # BraTS: LS .0025 < SVLS .0040
    "svls.sd_gains": ("qualified", 1, 3),  # +2.9, +1.4, +1.3 points
    "svls.msvls_best_on_lidc": ("true", 10, 16),  # ECE 4, SD 4, DSC 2, TACE 0 of 4 each
    "svls.smoothing_improves_ece": ("qualified", 7, 12),  # LS (0.2) on ProstateX alone, LS (0.3) nowhere
    "svls.smoothing_with_01_improves_ece": ("true", 6, 6),
    "svls.better_calibrated_than_ls": ("qualified", 15, 18),  # TACE of LS (0.1), BraTS; ECE of two LS, ProstateX
    "svls.superior_boundaries": ("qualified", 28, 36),  # a tie: AFS 0.930 of LS (0.2)
    "svls.msvls_best_ece": ("true", 4, 4),  # .0892, .0692, .0748, .0653
    "geols.soft_beats_ce": ("false", 40, 44),  # WT DSC of FL; TC SD of LS, FL, SVLS; four averages are lost
    "geols.soft_averages_beat_ce": ("true", 8, 8),  # SD and HD95 of four methods
    "geols.sd_gain": ("true", 1, 1),  # 86.83 - 85.63 = 1.20
    "geols.best_flare_averages": ("true", 2, 2),  # 90.16 and 3.12
    "geols.focal_and_svls_behind_ce": ("qualified", 21, 24),  # better: liver DSC, kidney SD of SVLS, liver HD95 of FL
    "geols.orders_differ": ("true", 4, 4),  # five columns of averages, four after the first
    "geols.best_in_most": ("qualified", 13, 26),  # 7 of 15 on FLARE, 6 of 11 on BraTS, one tie: WT DSC 90.46
    "geols.comparable_seeds": ("false", 30, 40),  # FLARE: 3 random pixels; DSC 4, HD95 4 of 10; BraTS: 82.98 - 81.93
    "geols.skeleton_is_viable": ("qualified", 2, 4),  # FLARE alone
    "geols.share_of_01_is_consistent": ("true", 3, 3),  # DSC of BraTS is lost
    "geols.any_seeds_beat_ce": ("qualified", 10, 15),  # BraTS HD95 5, FLARE DSC 3, HD95 2 of 5 each and a tie: 4.20
    "geols.above_ls_and_svls": ("qualified", 5, 7),  # a tie: WT DSC; ET DSC of LS is better
    "geols.above_ls_and_svls_in_both": ("qualified", 11, 14),  # the same tie; ET DSC of both is better
    "geols.hd95_close_to_svls": ("true", 1, 1),  # 8.78 - 8.50 = 0.28 mm
    "geols.similar_trend_on_flare": ("true", 4, 4),  # SD and HD95 of two methods; DSC of BraTS is lost
    "geols.consistent_over_data": ("qualified", 6, 8),  # other sides: SD of LS, HD95 of SVLS
    "geols.pancreas": ("qualified", 2, 3),  # SD: LS 70.67 > 69.69
    "superpixel.best_everywhere": ("true", 10, 10),
    "superpixel.blur_no_better": ("qualified", 16, 20),  # 4 improve, one tie that agrees
    "superpixel.blur_is_comparable": ("qualified", 19, 20),  # VS of MRBrainS18: 96.53 - 95.44 = 1.09
    "superpixel.weights_help": ("true", 23, 30),  # MRBrainS18 15 of 15, OCT-DME 8 of 15
    "superpixel.weights_help_each_label": ("qualified", 23, 30),  # OCT-DME 1, 2 and 5 of 5
    "superpixel.unweighted_no_better": ("qualified", 8, 10),
    "superpixel.same_loss_better": ("qualified", 12, 20),  # with class weights 10 of 10, without 2
    "superpixel.weighted_gain": ("true", 10, 10),
    "superpixel.overlap_rises_on_oct_dme": ("true", 1, 1),
    "epd.iou_gains": ("true", 3, 3),
    "epd.beats_conventional": ("qualified", 48, 60),  # ACC: tie, loss; DSC_s and RMSE 2, RAD and |RD| 3 losses each
    "epd.hard_above_soft_dice": ("true", 6, 6),
    "epd.augmentation_no_gain_at_64": ("qualified", 5, 10),  # ACC, SPE, PRE, DSC_h, IoU do not gain
    "epd.ahead_at_64": ("true", 20, 20),
    "epd.gains_of_2_to_3": ("false", 3, 60),  # at 1/2 with augmentation SEN 2.45, IoU 2.85; at 1/4 without it RD 2.64
    "epd.gains_grow": ("qualified", 38, 40),  # ACC and RAD at 1/4 with augmentation
    "epd.hard_gains_grow": ("qualified", 23, 24),  # ACC at 1/4 with augmentation: +0.05, -0.14, +1.21
    "epd.iou_gain_grows": ("true", 4, 4),
    "epd.below_full_resolution": ("qualified", 118, 120),  # RD of Conventional (1/2) is nearer zero in both arms
    "epd.worse_with_factor": ("qualified", 116, 120),  # the same, and RD of EPD with augmentation: 1.39, 1.32, -1.15
    "epd.negative_rd": ("true", 5, 8),  # positive: EPD at 1/2 in both arms, 0.99 and 1.39, and at 1/4 augmented, 1.32
    "epd.soft_dice_follows_rmse": ("true", 42, 42),  # 21 pairs of 7 rows, two arms
}
UNPRINTED = {
    "svls.one_hot_is_overconfident", "svls.curves_near_the_diagonal", "svls.msvls_near_the_diagonal",
    "svls.smoothing_oversmooths", "svls.maps_uncertain_at_boundaries", "svls.msvls_maps_uncertain_at_boundaries",
    "geols.best_share_on_flare", "geols.rise_on_flare", "geols.best_share_on_brats", "geols.flat_dsc_on_brats",
    "geols.hd95_rise_on_brats", "geols.decline_beyond", "geols.less_over_segmentation", "geols.pancreas_too_small",
    "geols.pancreas_cause",
    "svls.frequency_plots_improve", "geols.others_over_segment", "epd.discrepancy_smallest_for_imat",
    "epd.discrepancy_at_boundaries",
    "superpixel.dice_loss_hurts", "superpixel.count_peak", "superpixel.beta_peak", "superpixel.near_boundaries",
    "epd.discrepancy_largest_for_msc", "epd.discrepancy_small_for_mus_and_imat", "epd.too_little_imat",
    "epd.image_windows_beat_bilinear", "epd.shorter_training",
}  # fmt: skip
MIXED = "svls.smoothing_beats_one_hot"  # counted by the test below: 96 cells are too many for a hand


@pytest.fixture(scope="module")
def outcomes() -> dict[str, claims.Outcome]:
    return {one.claim.key: one for one in claims.judge_all(published.frame())}


def test_every_claim_has_its_verdict_here():
    assert set(claims.names()) == {*EXPECTED, MIXED, *UNPRINTED}


@pytest.mark.parametrize("key", sorted(UNPRINTED))
def test_what_is_not_printed_is_not_judged_and_says_why(key, outcomes):
    found = outcomes[key]
    assert (found.verdict, found.cells, found.absent) == ("not printed", (), ())
    assert found.why_none == found.claim.unprinted


def test_no_claim_is_called_like_a_table():
    for claim in claims.claims():
        assert claim.paper in published.reader.PAPERS
        assert "." in claim.key
        assert not set(claim.key.split(".")) & set(published.names())


def test_id_of_before_names_the_new_one():
    renamed = [claim for claim in claims.claims() if claim.was]
    assert len({claim.was for claim in renamed}) == len(renamed) == 24
    for claim in renamed:
        with pytest.raises(InputError, match=rf"the claim '{claim.was}' is called '{claim.key}' now"):
            claims.claims(claim.was)


def test_claim_that_names_no_metric_is_judged_on_every_column(outcomes):
    found = outcomes["epd.gains_of_2_to_3"]
    assert found.claim.metrics is None
    assert {cell.name.rsplit(", ")[-1] for cell in found.cells} == set(published.frame(["epd_1"])["metric"])


@pytest.mark.parametrize("key", EXPECTED)
def test_printed_numbers_give_the_verdict(key, outcomes):
    found = outcomes[key]
    assert (found.verdict, found.agree, len(found.cells)) == EXPECTED[key]
    assert not found.absent


def test_smoothing_and_svls_improve_on_one_hot_in_half_of_the_cells(outcomes):
    """Counted from the frame with nothing of the room's own."""
    frame = published.frame(["svls_1"])
    frame = frame[frame["structure"] != "comp"]
    wide = frame.pivot_table(index=["dataset", "structure", "metric", "better"], columns="method", values="mean")
    sign = wide.index.get_level_values("better").map({"higher": 1, "lower": -1}).to_numpy()
    gaps = wide[["ls", "ls_02", "ls_03", "svls"]].sub(wide["one_hot"], axis=0).mul(sign, axis=0)
    found = outcomes[MIXED]
    assert found.verdict == "qualified"
    assert (found.agree, found.ties, len(found.cells)) == (
        int((gaps > 1e-9).to_numpy().sum()), int((gaps.abs() < 1e-9).to_numpy().sum()), gaps.size,
    )  # fmt: skip


def test_offenders_are_named(outcomes):
    assert outcomes["svls.best_tace"].against == ("brats2019_svls, tace_svls",)
    assert outcomes["geols.soft_beats_ce"].against == (
        "ls vs one_hot: brats2019_geols, TC, nsd_2mm",
        "focal vs one_hot: brats2019_geols, WT, dsc",
        "focal vs one_hot: brats2019_geols, TC, nsd_2mm",
        "svls vs one_hot: brats2019_geols, TC, nsd_2mm",
    )
    lost = [name for name in outcomes["svls.msvls_best_on_lidc"].against if "tace" in name]
    assert len(lost) == 4


def test_gains_are_those_of_the_classes(outcomes):
    """BraTS: (4.6 + 2.2 + 1.8) / 3; KiTS: (0.1 + 2.6) / 2; ProstateX: (2.2 - 1.3 + 2.9 + 1.2) / 4."""
    found = [100 * cell.margin for cell in outcomes["svls.sd_gains"].cells]
    assert found == pytest.approx([8.6 / 3, 2.7 / 2, 5.0 / 4])


def test_exchanged_columns_of_brats_make_both_sentences_of_svls_true():
    frame = published.frame()
    rows = (frame["dataset"] == "brats2019_svls") & frame["metric"].isin(["ece", "tace_svls"])
    frame.loc[rows, "method"] = frame.loc[rows, "method"].replace({"ls": "svls", "svls": "ls"})
    assert [one.verdict for one in claims.judge_all(frame, ["svls.best_ece", "svls.best_tace"])] == ["true", "true"]


def test_derived_averages_fill_the_lost_ones():
    best, averages = claims.judge_all(
        published.frame(derived=True), ["geols.best_in_most", "geols.soft_averages_beat_ce"]
    )
    assert (best.agree, len(best.cells)) == (14, 27)
    assert (averages.verdict, averages.agree) == ("true", 12)


def test_probability_needs_a_spread_of_every_mean(outcomes):
    known = {key for key, one in outcomes.items() if not math.isnan(one.probability)}
    assert known == {
        "svls.sd_gains", "geols.soft_beats_ce", "geols.soft_averages_beat_ce", "geols.sd_gain",
        "geols.best_flare_averages", "geols.focal_and_svls_behind_ce", "geols.best_in_most", "geols.any_seeds_beat_ce",
        "geols.above_ls_and_svls", "geols.above_ls_and_svls_in_both", "geols.hd95_close_to_svls",
        "geols.similar_trend_on_flare", "geols.consistent_over_data", "geols.pancreas", "svls.superior_boundaries",
        "geols.comparable_seeds", "geols.skeleton_is_viable", "geols.share_of_01_is_consistent",
    }  # fmt: skip
    assert all(outcomes[key].why_none for key in set(outcomes) - known)
    for key in known:
        assert sum(outcomes[key].shares.values()) == pytest.approx(1)


def test_claims_name_what_is_printed():
    """A key that no table prints would make a claim undetermined for ever."""
    frame = published.frame()
    for claim in claims.claims():
        if claim.unprinted:
            continue
        rows = frame[frame["table"].isin(claim.tables)]
        assert set(claim.methods) <= set(rows["method"]), claim.key
        assert set(claim.metrics or ()) <= set(rows["metric"]), claim.key
        assert set(claim.structures or ()) <= set(rows["structure"]), claim.key


def test_own_results_of_one_data_set_leave_a_claim_about_three_open():
    """The same functions take any table of means: here the printed ones of BraTS alone, made true."""
    frame = published.frame(["svls_1"])
    own = frame.loc[frame["dataset"] == "brats2019_svls", ["table", "dataset", "structure", "metric", "roi", "method"]]
    own = own.assign(mean=[0.001 if method == "svls" else 0.002 for method in own["method"]])
    (found,) = claims.judge_all(pd.DataFrame(own), ["svls.best_tace"])
    assert (found.verdict, found.agree) == ("undetermined", 1)
    assert found.absent == ("dataset kits2019_svls", "dataset prostatex_zones")


def test_page_is_fresh(root):
    committed = (root / "docs" / "papers.md").read_text(encoding="utf-8")
    assert papers_page.page() == committed, "docs/papers.md is stale: run `make docs`"
