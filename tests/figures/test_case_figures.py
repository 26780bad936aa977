"""Figures that show cases: slices with contours, probabilities beside the raters, signed discrepancies."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from softbench.datasets.case import Case
from softbench.figures import case_rows, pictures, probability_maps, slices_figure
from softbench.figures.case_rows import CaseRow
from softbench.figures.gallery import MARGIN

METHODS = {"one_hot": "One-hot", "svls": "SVLS"}
MISSING = CaseRow("BraTS", reason="not run: no data", about="BraTS: not run")
LABELS = np.zeros((2, 20, 24), np.uint8)  # two raters, 2-D
LABELS[0, 5:12, 6:15] = 1
LABELS[1, 5:12, 6:18] = 1
LABELS[:, 8:10, 8:10] = 2
PROBABILITY = np.stack([1 - 0.3 * np.ones((20, 24)), 0.2 * np.ones((20, 24)), 0.1 * np.ones((20, 24))])


def row(predicted, structures=None):
    images = np.linspace(0, 1, 480, dtype=np.float32).reshape(1, 20, 24)
    case = Case("c1", images, LABELS, (1.0, 1.0), np.eye(3))
    every = {"whole": (1, 2), "core": (2,)} if structures is None else structures
    return CaseRow("Phantom\nmedian", case, every, predicted, dict.fromkeys(predicted, 0.875), "c1, at the median")


def texts(figure):
    return [text.get_text() for axis in figure.axes for text in axis.texts]


def pictures_in(figure):
    return [np.asarray(image.get_array()) for axis in figure.axes for image in axis.images]


def test_slices_show_the_dsc_and_name_what_is_not_there():
    rows = [row({"one_hot": LABELS[1]}), MISSING]
    figure = slices_figure.draw(rows, METHODS, title="T")
    assert texts(figure) == ["DSC 0.875", case_rows.FAILED, "not run: no data"]
    assert [axis.get_title() for axis in figure.axes[:3]] == ["reference", "One-hot", "SVLS"]


def test_slice_has_a_contour_of_each_structure_for_reference_and_prediction():
    figure = slices_figure.draw([row({"one_hot": LABELS[1], "svls": LABELS[0] * 0})], METHODS, title="T")
    # The reference alone; both structures twice; the reference twice and nothing of an empty prediction.
    assert [len(axis.collections) for axis in figure.axes[:3]] == [2, 4, 2]


def test_filled_slices_show_the_bare_image_and_a_colour_for_each_structure():
    figure = slices_figure.draw([row({"one_hot": LABELS[1]})], METHODS, title="T", filled=True)
    assert [axis.get_title() for axis in figure.axes[:4]] == ["image", "reference", "One-hot", "SVLS"]
    assert not any(axis.collections for axis in figure.axes)  # no contour
    image, reference, predicted = pictures_in(figure)
    assert image.ndim == 2
    yellow, blue = ([int(code[place : place + 2], 16) / 255 for place in (1, 3, 5)] for code in pictures.COLOURS[:2])
    for shown, labels in ((reference, LABELS[0]), (predicted, LABELS[1])):
        window = labels[tuple(slice(first, last) for first, last in windows_of(LABELS[0]))]
        np.testing.assert_allclose(shown[window == 1], np.tile(yellow, ((window == 1).sum(), 1)))
        np.testing.assert_allclose(shown[window == 2], np.tile(blue, ((window == 2).sum(), 1)))  # the core lies on top
        assert not shown[window == 0].any()
    assert texts(figure) == ["DSC 0.875", case_rows.FAILED]


@pytest.mark.parametrize("filled", [True, False])
def test_first_row_lies_at_the_top_where_it_is_asked_for(filled):
    for first_row in ("top", "bottom"):
        rows = [row({"one_hot": LABELS[1], "svls": LABELS[1]})]
        figure = slices_figure.draw(rows, METHODS, title="T", filled=filled, first_row=first_row)
        shown = [axis for axis in figure.axes if axis.images]
        assert len(shown) == 3 + filled
        assert {axis.transData.transform((0, 0))[1] > axis.transData.transform((0, 5))[1] for axis in shown} == {
            first_row == "top"
        }


def windows_of(labels):
    inside = np.argwhere(labels)
    return [(max(0, low - MARGIN), high + 1 + MARGIN) for low, high in zip(inside.min(0), inside.max(0), strict=True)]


def test_caption_says_what_is_drawn_and_what_is_ours():
    assert slices_figure.caption({}) == slices_figure.CAPTION
    said = slices_figure.caption({"filled": True, "note": "Ours."})
    assert said == f"{slices_figure.CAPTION_OF_COLOURS} Ours."
    assert "contours" not in said


def test_probabilities_show_the_raters_mean_and_the_sum_over_classes():
    figure = probability_maps.draw_probabilities([row({"one_hot": PROBABILITY})], {"one_hot": "One-hot"}, title="T")
    shown = [axis for axis in figure.axes if axis.images]
    assert [axis.get_title() for axis in shown[:5]] == ["image", "rater 1", "One-hot", "raters' mean", "rater 2"]
    _, first, _, raters, second, predicted = pictures_in(figure)[:6]
    assert sorted(np.unique(raters)) == [0, 0.5, 1]  # three columns of pixels are marked by one of two raters
    assert (raters == 0.5).sum() == 7 * 3
    assert [(labels.sum(axis=-1) > 0).sum() for labels in (first, second)] == [7 * 9, 7 * 12]
    np.testing.assert_allclose(predicted, 0.3)


def test_segmentation_above_the_probability_is_the_largest_class():
    sure = np.stack([LABELS[1] == number for number in range(3)]).astype(float)
    figure = probability_maps.draw_probabilities([row({"svls": sure})], {"svls": "SVLS"}, title="T")
    (above,) = [axis for axis in figure.axes if axis.get_title() == "SVLS"]
    painted = np.asarray(above.images[0].get_array())
    assert (painted.sum(axis=-1) > 0).sum() == 7 * 12
    assert [text.get_text() for text in above.texts] == ["DSC 0.875"]
    core = painted[np.all(np.isclose(painted, to_rgb(pictures.COLOURS[1])), axis=-1)]
    assert len(core) == 4  # the core has 2 x 2 pixels, on top of the whole


def test_discrepancy_is_prediction_minus_reference_with_arms_in_lines():
    structures = {"core": (2,)}
    rows = [row({"one_hot": PROBABILITY, "svls": PROBABILITY}, structures)]
    figure = probability_maps.draw_discrepancies(rows, {"a": ["one_hot"], "b": ["svls"]}, METHODS, title="T")
    signed = pictures_in(figure)[1]
    assert (signed < 0).sum() == 4  # the core has 2 x 2 pixels
    np.testing.assert_allclose(np.unique(signed.round(6)), [-0.9, 0.1])
    assert [axis.get_title() for axis in figure.axes[:4]] == ["image", "One-hot", "reference", "SVLS"]


def test_reference_of_one_rater_has_the_colours_of_its_structures():
    case = Case("c1", np.zeros((1, 20, 24), np.float32), LABELS[:1], (1.0, 1.0), np.eye(3))
    alone = CaseRow("P", case, {"whole": (1, 2), "core": (2,)}, {"svls": PROBABILITY}, {"svls": 0.5}, "c1")
    figure = probability_maps.draw_probabilities([alone], {"svls": "SVLS"}, title="T")
    (axis,) = [axis for axis in figure.axes if axis.get_title() == "reference"]
    painted = np.asarray(axis.images[-1].get_array())
    assert np.all(np.isclose(painted, to_rgb(pictures.COLOURS[1])), axis=-1).sum() == 4


def test_difference_to_a_target_is_drawn_as_it_is_given():
    rows = [row({"one_hot": np.stack([PROBABILITY[0] * 0, PROBABILITY[0] * 0, -PROBABILITY[2]])}, {"core": (2,)})]
    figure = probability_maps.draw_discrepancies(rows, {"a": ["one_hot"]}, METHODS, title="T", of_targets=True)
    np.testing.assert_allclose(pictures_in(figure)[1], -0.1)
    assert "prediction − target" in [axis.get_ylabel() for axis in figure.axes]
    assert "the method's own grid" in probability_maps.discrepancy_caption("core", of_targets=True)


@pytest.mark.parametrize("missing", [False, True])
def test_same_rows_give_the_same_bytes_and_nothing_at_hand_a_sheet_that_says_so(tmp_path, missing):
    rows = [MISSING] if missing else [row({"one_hot": PROBABILITY, "svls": PROBABILITY})]
    for name in ("a", "b"):
        for kind, figure in (
            ("p", probability_maps.draw_probabilities(rows, METHODS, title="T")),
            ("d", probability_maps.draw_discrepancies(rows, {"x": ["one_hot"], "y": ["svls"]}, METHODS, title="T")),
        ):
            pictures.save(figure, [tmp_path / f"{kind}_{name}.png"], "")
            assert ("BraTS: not run" in texts(figure)) == missing
    for kind in ("p", "d"):
        assert (tmp_path / f"{kind}_a.png").read_bytes() == (tmp_path / f"{kind}_b.png").read_bytes()


def test_first_done_seed_is_the_first_that_did_not_fail(tmp_path):
    seeds = {"3": {"status": "failed", "reason": "loss"}, "5": {"status": "done"}, "7": {"status": "done"}}
    path = tmp_path / "batch-0.json"
    path.write_text(json.dumps({"run": {}, "seeds": seeds}))
    assert case_rows.first_done([path]) == (5, tmp_path / "seed-5")
    path.write_text(json.dumps({"run": {}, "seeds": {"3": seeds["3"]}}))
    assert case_rows.first_done([path]) is None


def write_run(folder, method, seed, dsc):
    """A batch of one finished seed with the DSC of each case."""
    (folder / method / f"seed-{seed}").mkdir(parents=True)
    batch = {"run": {"method": method}, "seeds": {str(seed): {"status": "done"}}}
    (folder / method / "batch-0.json").write_text(json.dumps(batch))
    rows = pd.DataFrame({"case": list(dsc), "value": list(dsc.values())})
    fixed = {"metric": "dsc", "grid": "full", "prediction": "raw", "rater": 1, "structure": "A"}
    rows.assign(method=method, seed=seed, **fixed).to_parquet(folder / method / f"seed-{seed}" / "scores.parquet")
    np.savez(folder / method / f"seed-{seed}" / "reliability.npz")
    return {"title": METHODS[method], "batches": [str(folder / method / "batch-0.json")]}


def test_rows_are_the_cases_of_the_rules_with_each_methods_first_seed(tmp_path, monkeypatch):
    dsc = {"a": 0.9, "b": 0.1, "c": 0.5}
    runs = {"one_hot": write_run(tmp_path, "one_hot", 4, dsc), "svls": write_run(tmp_path, "svls", 6, dsc)}

    class Folder:
        structures = {"A": (1,)}  # noqa: RUF012

        def load(self, case):
            return case

    monkeypatch.setattr(case_rows.datasets, "open", lambda path: Folder())
    panel = {"name": "P", "data": "d", "structure": "foreground", "runs": runs}
    settings = {"methods": ["one_hot", "svls"], "titles": METHODS, "cases": ["lower_quartile", "median"]}
    found = case_rows.rows(panel, settings, lambda method, folder, case: np.array([ord(case)]))
    assert [one.case for one in found] == ["b", "c"]
    assert found[1].name == "P\nmedian"
    assert found[1].dsc == {"one_hot": 0.5, "svls": 0.5}
    assert "c, at the median of the DSC over 3 test cases (0.500; One-hot, seed 4)" in found[1].about
    assert "of SVLS seed 6" in found[1].about


def test_experiment_that_is_not_at_hand_is_one_row_with_the_reason():
    (found,) = case_rows.rows({"name": "P", "reason": "not run: no data"}, {})
    assert (found.case, found.reason) == (None, "not run: no data")
    assert case_rows.captioned("Slices.", [found]) == "Slices. P: not run: no data."


def test_caption_says_where_no_method_finds_what_is_shown():
    """On a small phantom EPD's Fig. 4 of fat within muscle showed the reference alone, and did not say so."""
    predicted = {"one_hot": LABELS[1], "svls": LABELS[1]}
    found, thin = row(predicted), row(predicted, {"fat_within": (2,)})
    missed = replace(thin, dsc={"one_hot": 0.0, "svls": 0.0})
    half = replace(thin, dsc={"one_hot": 0.0, "svls": 0.1})
    said = "In 1 of the 2 cases shown no method predicts fat within where it is (DSC 0)"
    assert said in case_rows.captioned("Maps.", [found, missed])
    assert "In the case shown no method predicts fat within" in case_rows.captioned("Maps.", [missed, MISSING])
    assert "no method" not in case_rows.captioned("Maps.", [found, half, MISSING])
