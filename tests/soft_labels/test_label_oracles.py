"""Soft labels equal the authors' own code to its rounding (see tests/oracles/labels/README.md)."""

from pathlib import Path

import numpy as np
import pytest
from softbench.soft_labels import epd, geodesic, geols, ls, moh, msvls, one_hot, seeds, svls


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("sigma", ["0.5", "0.75", "1", "1.5", "2.0", "3.0"])
def test_svls_kernel_is_the_authors(oracles: Path, dims: int, sigma: str) -> None:
    expected = np.load(oracles / "labels" / "svls_kernels.npz")[f"k{dims}_sigma{sigma}"]
    np.testing.assert_allclose(svls.kernel(dims, float(sigma)), expected, atol=1e-7)


@pytest.mark.parametrize("name", ["toy", "random", "absent"])
def test_svls_in_3d_is_the_authors(oracles: Path, name: str) -> None:
    file = np.load(oracles / "labels" / "svls3d.npz")
    soft = svls.soften(file[f"{name}_label"][None], None, (1, 1, 1), classes=int(file[f"{name}_C"]))
    np.testing.assert_allclose(soft, file[f"{name}_svls3d"], atol=2e-6)


@pytest.mark.parametrize("name", ["toy", "iso", "half", "slice", "random", "iso3"])
def test_svls_on_small_cases_is_the_authors(oracles: Path, name: str) -> None:
    file = np.load(oracles / "labels" / "svls2d.npz")
    label, expected = file[f"{name}_label"], file[f"{name}_svls"]
    soft = svls.soften(label[None], None, (1,) * label.ndim, classes=len(expected))
    np.testing.assert_allclose(soft, expected, atol=2e-6)


def test_svls_at_a_flat_boundary_has_the_kernels_sums() -> None:
    label = np.zeros((1, 6, 6, 6), np.uint8)
    label[:, :, :, 3:] = 1
    soft = svls.soften(label, None, (1, 1, 1), classes=2)
    face, edge, corner = 0.03082348, 0.01869538, 0.01133932  # weights of a neighbour in 3-D, sum 0.5
    assert soft[0, 3, 3, 3] == pytest.approx(face + 4 * edge + 4 * corner, abs=1e-6)


def test_svls_does_not_look_at_the_spacing() -> None:
    label = (np.random.default_rng(0).random((1, 5, 6, 7)) > 0.5).astype(np.uint8)
    one = svls.soften(label, None, (1, 1, 1), classes=2)
    np.testing.assert_array_equal(one, svls.soften(label, None, (3, 1, 1), classes=2))


def test_label_smoothing_gives_its_equation() -> None:
    soft = ls.soften(np.array([[[2]]]), None, (1, 1), classes=4, alpha=0.1)
    np.testing.assert_allclose(soft[:, 0, 0], [0.025, 0.025, 0.925, 0.025], atol=1e-7)


def test_label_smoothing_of_nothing_is_one_hot() -> None:
    label = np.random.default_rng(0).integers(0, 3, (1, 4, 5, 6))
    np.testing.assert_array_equal(
        ls.soften(label, None, (1, 1, 1), classes=3, alpha=0.0), one_hot.soften(label, None, (1, 1, 1), classes=3)
    )


def test_geols_on_four_channels_is_the_authors(oracles: Path) -> None:
    file = np.load(oracles / "labels" / "geols_brats_toy.npz")
    soft = geols.soften(file["label"][None], file["image"], (1, 1, 1), classes=4, alpha=0.1)
    np.testing.assert_allclose(soft, file["soft_alpha0p1"], atol=1e-5)


def test_geols_with_absent_classes_and_spacing_is_the_authors(oracles: Path) -> None:
    file = np.load(oracles / "labels" / "geols_flare_toy.npz")
    soft = geols.soften(file["label"][None], file["image"][None], file["spacing_zyx"], classes=5, alpha=0.1)
    np.testing.assert_allclose(soft, file["soft_alpha0p1"], atol=1e-5)


def test_geodesic_distance_is_the_authors(oracles: Path) -> None:
    file = np.load(oracles / "labels" / "geols_brats_toy.npz")
    for c in range(1, 4):
        found = geodesic.distance(file["image"][0], file["seeds"][c], (1, 1, 1))
        np.testing.assert_allclose(found, file["D_raw"][0, c], rtol=1e-5, atol=1e-4)


def test_geols_sum_follows_the_number_of_present_classes(oracles: Path) -> None:
    file = np.load(oracles / "labels" / "geols_brats_toy.npz")
    maps = geols.closeness(file["label"], file["image"][0], (1, 1, 1), 4, 4, "geodistk")
    present = [c for c in (1, 2, 3) if (file["label"] == c).any()]
    expected = 1 + (len(present) - 1) * maps[present].mean(axis=0)
    np.testing.assert_allclose(maps.sum(axis=0), expected, atol=1e-5)


def test_geols_does_not_depend_on_the_scale_of_intensities(oracles: Path) -> None:
    file = np.load(oracles / "labels" / "geols_brats_toy.npz")
    label, image = file["label"][None], file["image"][:1]
    one = geols.soften(label, image, (1, 1, 1), classes=4)
    np.testing.assert_allclose(one, geols.soften(label, 7 * image + 100, (1, 1, 1), classes=4), atol=1e-4)


def test_normalised_geols_is_a_distribution(oracles: Path) -> None:
    file = np.load(oracles / "labels" / "geols_brats_toy.npz")
    soft = geols.soften(file["label"][None], file["image"], (1, 1, 1), classes=4, normalise="sum")
    np.testing.assert_allclose(soft.sum(axis=0), 1, atol=1e-5)


@pytest.mark.parametrize("side", [4, 6, 8])
def test_seeds_of_an_even_sided_cube_are_not_empty(side: int) -> None:
    mask = np.zeros((12, 12, 12), bool)
    mask[2 : 2 + side, 2 : 2 + side, 2 : 2 + side] = True
    assert seeds.skeleton(mask).any()
    assert not (seeds.skeleton(mask) & ~mask).any()


def test_mean_of_raters_is_the_reference(oracles: Path) -> None:
    file = np.load(oracles / "labels" / "mrater.npz")
    raters = file["raters"]
    np.testing.assert_allclose(moh.soften(raters, None, (1, 1, 1), classes=3), file["moh"], atol=1e-7)
    np.testing.assert_allclose(msvls.soften(raters, None, (1, 1, 1), classes=3), file["msvls"], atol=1e-6)
    literal = msvls.soften(raters, None, (1, 1, 1), classes=3, mode="eq4")
    np.testing.assert_allclose(literal, file["msvls_eq4_literal"], atol=1e-6)


def test_smoothing_the_mean_is_the_mean_of_smoothing(oracles: Path) -> None:
    raters = np.load(oracles / "labels" / "mrater.npz")["raters"]
    each = [svls.soften(rater[None], None, (1, 1, 1), classes=3) for rater in raters]
    np.testing.assert_allclose(msvls.soften(raters, None, (1, 1, 1), classes=3), np.mean(each, axis=0), atol=1e-6)


def test_near_class_that_no_rater_chose_has_nothing_of_moh_and_something_of_msvls() -> None:
    raters = np.array([[[0, 1, 2], [0, 1, 2], [0, 1, 2]], [[0, 1, 1], [0, 1, 1], [0, 0, 1]]], np.uint8)
    flat = raters[:, None].repeat(3, axis=1)  # the same in each of three slices
    hard, soft = (recipe.soften(flat, None, (1, 1, 1), classes=3)[:, 1, 1, 1] for recipe in (moh, msvls))
    assert hard.tolist() == [0, 1, 0]  # both raters chose class 1 in the middle, neither its neighbour 2
    weights = svls.kernel(3)  # a side of the cube, of one rater of two
    assert soft[2] == pytest.approx(weights[:, :, 2].sum() / weights.sum() / 2)
    assert soft[2] > 0.05


def test_window_means_are_those_of_the_papers_figure(oracles: Path) -> None:
    file = np.load(oracles / "labels" / "epd.npz")
    soft = epd.soften(file["fig2_label"][None], None, (1, 1), classes=2, factor=2)
    np.testing.assert_array_equal(soft[1], [[0.5, 0], [1, 0.75]])  # EPD, Fig. 2
    np.testing.assert_array_equal(soft[0], 1 - soft[1])


@pytest.mark.parametrize(("factor", "name"), [((2, 2, 2), "label3d_f222"), ((1, 4, 4), "label3d_f144")])
def test_window_means_in_3d_are_the_reference(oracles: Path, factor: tuple[int, ...], name: str) -> None:
    file = np.load(oracles / "labels" / "epd.npz")
    soft = epd.soften(file["label3d"][None], None, (1, 1, 1), classes=4, factor=factor)
    np.testing.assert_array_equal(soft, file[name])
