"""One case: soft labels in boxes are those of the whole array, and all raters take their turn."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from softbench import InputError, images, soft_labels
from softbench.datasets import phantoms
from softbench.datasets.case import RawCase
from softbench.metrics.raters import level_sets
from softbench.rater_study import cases, measure, regions, scores, trials
from softbench.rater_study.cases import Rated
from softbench.rater_study.cut import Prepared, prepare
from softbench.rater_study.trials import Line, lines

STRUCTURES = {"both": (1, 2), "inner": (2,)}
SPACING = (2.0, 1.0, 1.0)
LINES = [
    Line("ls", "ls", {}, "alpha", (0.05, 0.3), "share"),
    Line("blur", "blur", {"units": "mm"}, "sigma", (0.5, 1.0), "mm"),
    Line("distance", "distance", {}, "width_mm", (0.2, 0.7), "mm"),
    Line("svls", "svls"),
    Line("epd", "epd", {}, "factor", (2, 3), "voxels"),
    Line("sauna", "sauna", {}, "reach", (1.0, 2.0, 3.5), "windows"),
    Line("staple", "staple"),
]


def rated(shape: tuple[int, int, int] = (25, 83, 79), raters: int = 3) -> Rated:
    """Nested balls in a large field, each rater with a radius and a place of their own; rater 1 draws no inner one."""
    grid = np.stack(np.meshgrid(*(np.arange(n) * s for n, s in zip(shape, SPACING, strict=True)), indexing="ij"))
    labels = np.zeros((raters, *shape), np.uint8)
    for rater in range(raters):
        for place in ((20.0, 18, 17), (29.0, 58, 57)):
            away = np.sqrt(((grid - np.add(place, 0.6 * rater).reshape(3, 1, 1, 1)) ** 2).sum(axis=0))
            labels[rater][away < 6 + rater * 0.5] = 1
            if rater:
                labels[rater][away < 3] = 2
    return Rated("ball", "p1", labels, SPACING, None)


def cut(case: Rated, margin_mm: float = 12.0) -> Prepared:
    windows = trials.windows(LINES, case.labels.ndim - 1)
    return prepare(case, STRUCTURES, band_mm=3.0, margin_mm=margin_mm, windows=windows)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_boxes_give_what_the_whole_array_gives(line: Line) -> None:
    case = rated()
    in_boxes, whole = (measure.measure(cut(case, mm), line, classes=3) for mm in (12.0, 1000.0))
    assert cut(case).outside > 0
    assert cut(case, 1000.0).outside == 0
    for name, values in whole.items():
        assert in_boxes[name] == pytest.approx(values, abs=2e-5), name


def test_scores_are_those_of_the_soft_label_itself() -> None:
    case = rated()
    found = measure.measure(cut(case), LINES[1], classes=3)
    soft = soft_labels.blur.soften(case.labels[1:2], None, SPACING, classes=3, sigma=1.0, units="mm")
    others = np.isin(case.labels[[0, 2]], (1, 2))
    p, q = soft[1:].sum(axis=0), others.mean(axis=0)
    assert found["brier"][0, 1, 1, 0] == pytest.approx(((p - q) ** 2).mean(), rel=1e-5)
    assert found["ged"][0, 1, 1] == pytest.approx(level_sets.ged(np.minimum(p, 1), others), abs=1e-5)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_labels_are_those_of_the_uncropped_masks(line: Line) -> None:
    """Cut into boxes, each recipe is scored as if it had been given the label map of the whole image."""
    case = rated()
    shape, masks = case.labels.shape[1:], np.isin(case.labels, (1, 2))
    scores = measure.measure(cut(case, 9.0), line, classes=3)["brier"][0, 1, :, 0]
    module = soft_labels.recipe(line.recipe)
    for found, trial in zip(scores, line.trials, strict=True):
        p = module.soften(case.labels[1:2], None, SPACING, classes=3, **trial)[1:].sum(axis=0)
        if line.recipe == "epd":  # voxel i of the image lies in window i // factor
            p = p[np.ix_(*(np.arange(length) // trial["factor"] for length in shape))]
        assert found == pytest.approx(((np.minimum(p, 1) - masks[[0, 2]].mean(axis=0)) ** 2).mean(), rel=1e-4)


@pytest.mark.parametrize(("band_mm", "margin_mm"), [(5.0, 12.0), (5.0, 5.0), (9.0, 4.0)])
def test_each_line_is_scored_over_the_same_band(band_mm: float, margin_mm: float) -> None:
    """SAUNA asks for 2 mm around a thin structure, but the band reaches further: of no line it is cut."""
    labels = np.zeros((2, 12, 70, 70), np.uint8)
    labels[:, 5:7, 30:34, 30:35] = 1
    labels[1, 5, 30:34, 35] = 1
    case = Rated("small", "p", labels, SPACING, None)
    band = np.bincount(regions.zones(labels > 0, SPACING, band_mm).reshape(-1), minlength=3)
    voxels = [band.sum(), band[1:].sum(), band[2]]
    prepared = prepare(case, {"one": (1,)}, band_mm=band_mm, margin_mm=margin_mm, windows=trials.windows(LINES, 3))
    for line in (*LINES, Line("others", "")):
        found = measure.measure(prepared, line, classes=2)["voxels"][0]
        by_region = dict(zip(scores.REGIONS, np.moveaxis(found, -1, 0), strict=True))
        for name, expected in zip(("all", "band", "boundary"), voxels, strict=True):
            assert (by_region[name] == expected).all(), (line.name, name)


def test_recipe_that_reads_the_whole_image_gets_it() -> None:
    """A stored recipe that does not say how much around the structures is enough is given all of the image."""
    case = rated()
    seen: list[tuple[int, ...]] = []
    mine = SimpleNamespace(**vars(soft_labels.recipe("sauna")))
    del mine.needed_around_mm

    def soften_each(labels: np.ndarray, *given: object, **settings: object) -> Iterator[np.ndarray]:
        seen.append(labels.shape[1:])
        return soft_labels.sauna.soften_each(labels, *given, **settings)

    mine.soften_each = soften_each
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trials, "load", lambda recipe: mine)
        measure.measure(cut(case), Line("mine", "mine"), classes=3)
    assert set(seen) == {case.labels.shape[1:]}


def test_mean_of_the_others_is_the_best_there_can_be() -> None:
    case = rated()
    prepared = cut(case)
    best = measure.measure(prepared, Line("others", ""), classes=3)
    assert best["brier"] == pytest.approx(np.zeros_like(best["brier"]), abs=1e-9)
    facts = measure.facts(prepared)["structures"]
    bound = np.array([facts[name]["bound"] for name in STRUCTURES])
    assert best["cross_entropy"][:, :, 0] == pytest.approx(bound)
    for line in LINES:
        assert (measure.measure(prepared, line, classes=3)["cross_entropy"] >= bound[:, :, None] - 1e-9).all()


def test_facts_by_hand() -> None:
    """Rater 2's square of 40 x 40 mm holds rater 1's of 40 x 38: they differ in 80 mm², with edges of 160 and 156."""
    labels = np.zeros((2, 50, 50), np.uint8)
    labels[0, 5:45, 5:43], labels[1, 5:45, 5:45] = 1, 1
    case = Rated("square", "p", labels, (1.0, 1.0), None)
    told = measure.facts(prepare(case, {"one": (1,)}, band_mm=1.0, margin_mm=2.0))["structures"]["one"]
    assert told["volumes_ml"] == [1520, 1600]
    assert told["area_mm2"] == pytest.approx(158, rel=0.02)  # corners are rounded
    assert told["disagreement_mm"] == pytest.approx(80 / 158, rel=0.02)
    assert told["apart"] == 0


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 0.7, 0.7), (1.0, 1.0), (0.7, 0.4)])
def test_edges_of_balls_are_as_far_apart_as_their_radii(spacing: tuple[float, ...]) -> None:
    """1 mm, in 3-D and of discs; divided by the area of voxel faces it would be 0.67 mm and 0.79 mm."""
    apart = []
    for middle in (0.1, 0.3, 0.45):  # of the balls, in voxels: one voxel more or less is much of 1 mm
        axes = [(np.arange(n) - n // 2 + middle) * step for step in spacing for n in (int(48 / step),)]
        away = np.sqrt(np.sum([grid**2 for grid in np.meshgrid(*axes, indexing="ij")], axis=0))
        labels = np.stack([away <= 20, away <= 21]).astype(np.uint8)
        cut = prepare(Rated("balls", "p", labels, spacing, None), {"one": (1,)}, band_mm=3.0, margin_mm=5.0)
        apart.append(measure.facts(cut)["structures"]["one"]["disagreement_mm"])
    assert np.mean(apart) == pytest.approx(1, rel=0.05)


def test_width_of_a_label_is_in_mm() -> None:
    """A plane edge blurred by 1 mm: two edges drawn of it lie 2 x (1 / sqrt(pi)) mm apart, up to the voxels."""
    labels = np.zeros((2, 200, 8), np.uint8)
    labels[:, 100:] = 1
    case = Rated("plane", "p", labels, (0.25, 0.25), None)
    prepared = prepare(case, {"one": (1,)}, band_mm=10.0, margin_mm=30.0)
    found = measure.measure(prepared, Line("blur", "blur", {"units": "mm", "sigma": 1.0}), classes=2)
    assert found["width_mm"][0, 0, 0] == pytest.approx(2 / np.sqrt(np.pi), rel=0.02)


def test_structure_that_nobody_drew_is_unknown() -> None:
    case = rated()
    case.labels[case.labels == 2] = 1
    found = measure.measure(cut(case), LINES[3], classes=3)
    assert np.isnan(found["brier"][1]).all()
    assert np.isfinite(found["brier"][0]).all()


def test_raters_that_never_overlap_and_one_who_drew_nothing() -> None:
    labels = np.zeros((3, 20, 20), np.uint8)
    labels[0, 2:5, 2:5], labels[1, 12:15, 12:15] = 1, 1
    case = Rated("apart", "p", labels, (1.0, 1.0), None)
    prepared = prepare(case, {"one": (1,)}, band_mm=2.0, margin_mm=3.0)
    assert measure.facts(prepared)["structures"]["one"]["apart"] == 1
    assert np.isfinite(measure.measure(prepared, LINES[3], classes=2)["brier"]).all()


def test_image_makes_one_box_and_reaches_the_recipe() -> None:
    made = phantoms.make("phantom_nodule", 3, size="tiny")
    case = Rated(made.id, "p", made.labels, made.spacing_mm, made.intensities("prepared"))
    prepared = prepare(case, {"nodule": (1,)}, band_mm=3.0, margin_mm=2.0)
    assert (len(prepared.labels), prepared.outside) == (1, 0)
    line = Line("geols", "geols", {}, "alpha", (0.1, 0.2), "share")
    found = next(trials.soften(line, made.labels[:1], case.image, made.spacing_mm, classes=2, case="c"))
    of_recipe = soft_labels.geols.soften(made.labels[:1], case.image, made.spacing_mm, classes=2, alpha=0.1)
    assert found == pytest.approx(trials.normalised(of_recipe), abs=1e-6)


def test_label_of_a_coarser_grid_is_repeated_over_its_windows() -> None:
    """Of 7 rows and windows of 4, the first 4 are one window and the last 3 the other."""
    line = Line("epd", "epd", {"factor": [4, 2]})
    labels = np.zeros((1, 7, 4), np.uint8)
    labels[0, 3:, 1:] = 1
    soft = next(trials.soften(line, labels, None, (1.0, 1.0), classes=2, case="c"))
    assert soft.shape == (2, 7, 4)
    assert soft[1].tolist() == [[0.125, 0.125, 0.25, 0.25]] * 4 + [[0.5, 0.5, 1, 1]] * 3


def test_boxes_begin_with_windows_of_all_coarser_labels() -> None:
    lines = [Line("a", "epd", {}, "factor", (2, 3)), Line("b", "epd", {"factor": [4, 1]}), Line("others", "")]
    assert trials.windows(lines, 2) == (12, 6)
    assert trials.windows(lines[2:], 2) == (1, 1)


def test_settings_that_vary_together() -> None:
    line = Line("rim", "boundary_uncertainty", {}, "outer", (0.1, 0.3), "share", {"inner": [0.9, 0.7]})
    assert line.trials == [{"outer": 0.1, "inner": 0.9}, {"outer": 0.3, "inner": 0.7}]


def test_recipe_with_a_rule_and_no_line_gets_one() -> None:
    found = lines({"wide": {"recipe": "blur", "over": "sigma", "values": [1, 2]}}, ["blur", "mine"])
    assert [(line.name, line.recipe) for line in found] == [("others", ""), ("wide", "blur"), ("mine", "mine")]


@pytest.mark.parametrize(
    ("recipe", "has_image", "said"),
    [
        ("geols", False, "label maps alone"),
        ("geols", True, None),
        ("shuffled", True, "other cases"),
        ("wrong_image", True, "other cases"),
        ("resampled", False, "nothing is resampled"),
        ("no_module_of_this_name", False, "program of another language"),
        ("blur", False, None),
    ],
)
def test_recipes_that_cannot_be_tried(recipe: str, has_image: bool, said: str | None) -> None:
    reason = trials.reason_against(recipe, has_image=has_image)
    assert (reason is None) if said is None else (said in str(reason))


def test_case_that_lacks_raters_is_refused(tmp_path: Path) -> None:
    labels = np.zeros((4, 6, 7), np.uint8)
    labels[1:3, 2:4, 2:5] = 1
    path = tmp_path / "LIDC-IDRI-0017_n1" / "rater1.nii.gz"
    images.write(path, labels, np.eye(4))
    case = RawCase("LIDC-IDRI-0017_n1", "LIDC-IDRI-0017", (), (path,))
    with pytest.raises(InputError, match=r"case LIDC-IDRI-0017_n1: holds .*, but a nodule needs the label"):
        cases.read("lidc", case)
    with pytest.raises(InputError, match="case phantom_brain_001: has one rater, and there is nobody to compare with"):
        cases.read("phantom_brain", RawCase("phantom_brain_001", "phantom_brain_001", (), ()), size="tiny")


def test_folder_without_label_maps_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no cases of KiTS 2023"):
        cases.find("kits2023", tmp_path)


def test_broken_recipe_is_told_with_its_case(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> Path:
        raise ZeroDivisionError

    monkeypatch.setattr(soft_labels.recipe("blur"), "soften", fails)
    with pytest.raises(InputError, match=r"case ball: soften stopped with .*ZeroDivisionError"):
        measure.measure(cut(rated()), LINES[1], classes=3)
