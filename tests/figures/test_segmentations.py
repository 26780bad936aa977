"""Segmentations of a table: which cases and panels are shown, and what is said of them."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from softbench import datasets, images
from softbench.datasets.prepare import prepare
from softbench.figures import case_rows, pictures
from softbench.figures.views import segmentations
from softbench.jobs import pieces

SILENT = {"log": lambda line: None}
TITLES = {"ls": "LS (0.1)", "one_hot": "One-hot", "long": "A method with a title that is longer than its panel is wide"}


@pytest.fixture(scope="module", params=["phantom_body", "phantom_nodule"])
def dataset(request, tmp_path_factory):
    """Four 2-D cases of one rater, or 3-D cases of four."""
    path = tmp_path_factory.mktemp(request.param)
    prepare.run(request.param, None, path, versions={}, settings={"size": "tiny", "cases": 4}, **SILENT)
    return datasets.open(path)


def dsc_of(dataset):
    """DSC by case: 0.9, 0.6, 0.3 and 0.5, so that the median is the fourth (0.5) and the lower quartile the third."""
    return dict(zip(dataset.cases["case"], [0.9, 0.6, 0.3, 0.5], strict=True))


def run_of(folder, dataset, method, seed=0, *, status="done", name=None, prediction="raw"):
    """A batch with one seed, or an ensemble: scores, and the reference moved by two voxels as the prediction."""
    name = name or f"seed-{seed}"
    home = folder / method / name
    (home / "predictions").mkdir(parents=True)
    outcome = {"status": status, "reason": "the loss was nan"}
    batch = folder / method / "batch-0.json"
    batch.write_text(json.dumps({"run": {"method": method}, "seeds": {str(seed): outcome}}))
    if status == "done":
        rows = pd.DataFrame({"case": list(dsc_of(dataset)), "value": list(dsc_of(dataset).values())})
        fixed = {"metric": "dsc", "grid": "full", "rater": 1, "structure": "A", "method": method}
        rows.assign(seed=seed, prediction=prediction, **fixed).to_parquet(home / "scores.parquet")
        for case in dsc_of(dataset):
            read = dataset.load(case)
            moved = np.roll(read.labels[0], 2, axis=-1).astype(np.uint8)
            images.write(home / "predictions" / f"{case}.nii.gz", moved, read.affine)
    return {"title": TITLES.get(method, method.upper()), "batches": [str(batch)]}


def panel_of(folder, dataset, methods, name="P", **more):
    runs = {method: run_of(folder, dataset, method) for method in methods}
    return {"name": name, "data": str(dataset.path), "structure": "foreground", "runs": runs, **more}


def test_names_of_classes_are_words(tmp_path, dataset):
    figure, _ = segmentations.draw([panel_of(tmp_path, dataset, ["ls"])], title="T")
    named = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert len(named) == len(dataset.classes)  # the outline, and all but background
    assert not any("_" in name for name in named)


def test_thin_structure_has_no_outline_that_would_hide_it(tmp_path, dataset, monkeypatch):
    """Red is what a rater drew and the label map lacks; nothing else of the panels differs."""
    panel = panel_of(tmp_path, dataset, ["ls"])
    thick, _ = segmentations.draw([panel], title="T")
    monkeypatch.setattr(segmentations, "THIN", 1000.0)
    thin, _ = segmentations.draw([panel], title="T")
    outlines = [[len(axis.collections) for axis in figure.axes] for figure in (thick, thin)]
    assert max(outlines[0]) > 0 == max(outlines[1])
    assert thin.legends[0].get_texts()[0].get_text() == segmentations.LACKING
    assert thick.legends[0].get_texts()[0].get_text() == segmentations.OUTLINED
    red = np.asarray(thin.axes[2].images[-1].get_array())[..., 3] > 0
    read = dataset.load(list(dsc_of(dataset))[3])
    window = segmentations.choose_window(read.labels[0])
    predicted = np.roll(read.labels[0], 2, axis=-1)[window] > 0
    assert np.array_equal(red, (read.labels[(slice(None), *window)] > 0).any(axis=0) & ~predicted)


def words(figure):
    return [text.get_text() for text in figure.texts]


def heads(figure):
    return [axis.get_title().replace("\n", " ") for axis in figure.axes]


def test_median_and_lower_quartile_show_image_reference_and_every_method(tmp_path, dataset):
    figure, caption = segmentations.draw([panel_of(tmp_path, dataset, TITLES, chosen_by="one_hot")], title="T")
    third, fourth = list(dsc_of(dataset))[2:]
    assert words(figure)[:3] == [
        "T",
        f"Median case: {fourth}; predictions of seed 0",
        f"Lower quartile case: {third}; predictions of seed 0",
    ]
    raters = len(dataset.load(third).labels)
    reference = "Reference" + (": rater 1" if raters > 1 else "")
    assert heads(figure) == ["Image", reference, *TITLES.values()] * 2
    corners = [text.get_text() for axis in figure.axes for text in axis.texts]
    assert corners == ["DSC 0.500"] * 3 + ["DSC 0.300"] * 3
    assert f"P: {fourth}, at the median of the DSC over 4 test cases (0.500; One-hot, seed 0)" in caption


def test_label_maps_are_read_back_as_they_were_predicted_in_two_and_three_dimensions(tmp_path, dataset):
    run_of(tmp_path, dataset, "ls")
    case = next(iter(dsc_of(dataset)))
    read = case_rows.label_maps(dataset)("ls", tmp_path / "ls" / "seed-0", case)
    np.testing.assert_array_equal(read, np.roll(dataset.load(case).labels[0], 2, axis=-1))


def test_each_rater_has_an_outline_and_a_prediction_the_colours_of_its_own_label_map(tmp_path, dataset):
    figure, _ = segmentations.draw([panel_of(tmp_path, dataset, ["ls"])], title="T")
    image, reference, predicted = figure.axes[:3]
    raters = len(dataset.load(next(iter(dsc_of(dataset)))).labels)
    assert [len(axis.collections) for axis in (image, reference, predicted)] == [0, raters, raters]
    overlays = [np.asarray(axis.images[1].get_array()) for axis in (reference, predicted)]
    # Both are cropped alike, with a margin of eight voxels: moved by two, nothing of the prediction is lost.
    np.testing.assert_array_equal(overlays[1][:, 2:], overlays[0][:, :-2])


def test_method_that_failed_keeps_a_panel_that_says_so_and_does_not_choose(tmp_path, dataset):
    runs = {
        "one_hot": run_of(tmp_path, dataset, "one_hot", status="failed"),
        "ls": run_of(tmp_path, dataset, "ls", seed=7),
    }
    panel = {"name": "P", "data": str(dataset.path), "structure": "foreground", "runs": runs, "chosen_by": "one_hot"}
    figure, caption = segmentations.draw([panel], title="T")
    assert [text.get_text() for text in figure.axes[2].texts] == ["no finished run"]
    assert "LS (0.1), seed 7)" in caption
    assert "predictions of seed 7" in words(figure)[1]


def test_method_with_another_seed_says_so_in_its_title(tmp_path, dataset):
    runs = {key: run_of(tmp_path, dataset, key, seed) for key, seed in (("one_hot", 0), ("ls", 0), ("other", 3))}
    panel = {"name": "P", "data": str(dataset.path), "structure": "foreground", "runs": runs}
    figure, _ = segmentations.draw([panel], title="T")
    assert heads(figure)[2:5] == ["One-hot", "LS (0.1)", "OTHER (seed 3)"]
    assert words(figure)[1].endswith("predictions of seed 0 unless named")


@pytest.mark.parametrize("joint", [False, True])
def test_ensemble_is_shown_in_the_place_of_a_run(tmp_path, dataset, *, joint):
    run = run_of(tmp_path, dataset, "ls", name="ensemble", prediction="ensemble")
    record = tmp_path / "ls" / "ensemble.json"
    record.write_text(json.dumps({"status": "done"}))
    if joint:
        entry = {"method": "ls", "path": "ls/ensemble.json", "hash": pieces.hash_file(record)}
        record = tmp_path / "ensembles.json"
        record.write_text(json.dumps({"pieces": [{"method": "other", "path": "none", "hash": ""}, entry]}))
    runs = {"ls": {**run, "ensemble": str(record)}}
    panel = {"name": "P", "data": str(dataset.path), "structure": "foreground", "runs": runs}
    figure, caption = segmentations.draw([panel], title="T")
    assert words(figure)[1].endswith("predictions of the ensembles")
    assert "LS (0.1), ensemble). Shown is the ensemble of each method" in caption


def test_experiments_stand_one_below_the_other_and_one_without_data_says_why(tmp_path, dataset):
    panels = [
        panel_of(tmp_path / "a", dataset, ["ls"], "First"),
        panel_of(tmp_path / "b", dataset, ["ls"], "Second"),
        {"name": "Third", "reason": "not run: no data"},
    ]
    figure, caption = segmentations.draw(panels, title="T")
    said = words(figure)
    assert [text.split(".")[0] for text in said[1:5]] == ["First", "First", "Second", "Second"]
    assert said[5:] == ["Third", "not run: no data"]
    assert "Third: not run: no data." in caption


@pytest.mark.parametrize(("panels", "why"), [([{"name": "P", "reason": "not run"}], "P: not run."), ([], "no method")])
def test_nothing_to_show_is_a_sheet_that_says_why(panels, why):
    _, caption = segmentations.draw(panels, title="T")
    assert caption.startswith(why)


@pytest.mark.parametrize("methods", [1, 4, 5, 16])
def test_panels_are_six_a_row_lie_on_the_sheet_and_neither_they_nor_their_titles_overlap(tmp_path, dataset, methods):
    keys = [f"Method {n} with a rather long title (control)" for n in range(methods)]
    title = "Segmentations: a table with a title that takes two lines, since it is longer than the sheet is wide"
    figure, _ = segmentations.draw([panel_of(tmp_path, dataset, keys)], title=title)
    with pictures.style():
        figure.canvas.draw()
    boxes = [axis.get_tightbbox() for axis in figure.axes] + [text.get_window_extent() for text in figure.texts]
    boxes += [legend.get_window_extent() for legend in figure.legends]
    sheet = figure.bbox
    for index, box in enumerate(boxes):
        assert sheet.x0 <= box.x0
        assert box.x1 <= sheet.x1
        assert sheet.y0 <= box.y0
        assert box.y1 <= sheet.y1
        for other in boxes[index + 1 :]:
            apart = box.x1 <= other.x0 or other.x1 <= box.x0 or box.y1 <= other.y0 or other.y1 <= box.y0
            assert apart
    tops = {round(axis.get_position().y0, 6) for axis in figure.axes}
    assert len(tops) == 2 * -(-(2 + methods) // 6)


def test_words_are_eight_pixels_high_or_more_on_a_page_of_800_pixels(tmp_path, dataset):
    figure, _ = segmentations.draw([panel_of(tmp_path, dataset, [f"m{n}" for n in range(16)])], title="T")
    drawn = [*figure.texts, *(text for axis in figure.axes for text in (axis.title, *axis.texts))]
    pixels = 800 / figure.get_figwidth() / 72  # of a point
    assert min(text.get_fontsize() for text in drawn) * pixels >= 8


def test_same_panels_give_the_same_bytes(tmp_path, dataset):
    panel = panel_of(tmp_path, dataset, ["ls", "one_hot"])
    for name in ("a", "b"):
        figure, caption = segmentations.draw([panel], title="T")
        pictures.save(figure, [tmp_path / f"{name}.{form}" for form in ("png", "pdf", "txt")], caption)
    for form in ("png", "pdf", "txt"):
        assert (tmp_path / f"a.{form}").read_bytes() == (tmp_path / f"b.{form}").read_bytes()
    assert not re.search(r"\b(ls|one_hot)\b", (tmp_path / "a.txt").read_text())  # titles, never keys
