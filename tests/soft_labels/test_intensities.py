"""Soft labels that look at the image see it as it was before normalisation, unless they say otherwise."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from softbench import InputError, datasets, soft_labels
from softbench.datasets.prepare import prepare
from softbench.soft_labels import contract, geols, maps, open_store
from softbench.soft_labels.load import FOLDER
from softbench.soft_labels.produce import fit, produce
from softbench.soft_labels.reader import compute
from softbench.training.coarse import Resolution

QUIET = {"version": {}, "log": lambda line: None}
WAYS = {
    "zscore": {"normalise": "zscore"},
    "zscore_nonzero": {"normalise": "zscore_nonzero"},
    "minmax": {"normalise": "minmax"},
    "half": {"normalise": "zscore_nonzero", "dtype": "float16"},
    "none": {"normalise": "none"},
}
FIRST, SECOND = "phantom_brain_000", "phantom_brain_001"
SPLIT = pd.DataFrame([(FIRST, FIRST, "train"), (SECOND, SECOND, "train")], columns=["case", "patient", "part"])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two skull-stripped brains, whose background is 0, prepared in all ways."""
    folders = {way: tmp_path_factory.mktemp("data") / way for way in WAYS}
    for way, folder in folders.items():
        settings = {"size": "tiny", "cases": 2, **WAYS[way]}
        prepare.run("phantom_brain", None, folder, versions={}, settings=settings, log=lambda line: None)
    return folders


def mapped(recipe: str, folder: Path, output: Path, **settings: object) -> dict[str, str]:
    """Make the maps of all cases; return their hashes."""
    maps.produce(recipe, folder, output, settings=settings, **QUIET)
    found: dict[str, str] = json.loads((output / "shard-0.json").read_text())["cases"]
    return found


@pytest.mark.parametrize(("recipe", "settings"), [("geols", {}), ("geols", {"cost": "eq4"}), ("superpixel", {})])
def test_maps_do_not_depend_on_the_normalisation(
    data: dict[str, Path], tmp_path: Path, recipe: str, settings: dict[str, str]
) -> None:
    made = [mapped(recipe, folder, tmp_path / way, **settings) for way, folder in data.items()]
    assert all(one == made[0] for one in made)
    of_network = mapped(recipe, data["zscore_nonzero"], tmp_path / "other", intensities="normalised", **settings)
    assert of_network != made[0]


def test_control_does_not_depend_on_the_normalisation_and_sees_the_other_patient(
    data: dict[str, Path], tmp_path: Path
) -> None:
    for way, folder in data.items():
        produce("wrong_image", folder, tmp_path / way, settings={}, split=SPLIT, **QUIET)
    hashes = [json.loads((tmp_path / way / "manifest.json").read_text())["cases"] for way in data]
    assert all(one == hashes[0] for one in hashes)
    case = datasets.open(data["half"]).load(FIRST)
    lender = datasets.phantoms.make("phantom_brain", SECOND, size="tiny")
    image = fit(lender.images, case.labels.shape[1:])
    expected = geols.soften(case.labels, image, case.spacing_mm, classes=4)
    np.testing.assert_allclose(open_store(tmp_path / "half").read(case), expected, atol=1e-4)  # the store's NORMALISED
    produce("wrong_image", data["half"], tmp_path / "own", settings={"intensities": "normalised"}, split=SPLIT, **QUIET)
    assert np.abs(open_store(tmp_path / "own").read(case) - expected).max() > 0.01


def test_foreground_does_not_leak_out_of_a_stripped_brain(tmp_path: Path) -> None:
    """On z-scores of the brain the background equals the brain's mean, and the edge of the skull strip is gone."""
    settings = {"size": "small", "cases": 1, "normalise": "zscore_nonzero"}
    prepare.run("phantom_brain", None, tmp_path / "data", versions={}, settings=settings, log=lambda line: None)
    case = datasets.open(tmp_path / "data").load(FIRST)
    outside = (case.images == 0).all(axis=0)
    g = {}
    for kind, of_map in {"default": {}, "normalised": {"intensities": "normalised"}}.items():
        mapped("geols", tmp_path / "data", tmp_path / kind, **of_map)
        g[kind] = compute("geols", case, 4, {"alpha": 1.0}, map_folder=tmp_path / kind)
    assert g["default"][1:, outside].mean() < 0.05
    assert g["normalised"][1:, outside].mean() > 0.15
    assert np.abs(g["default"] - g["normalised"]).max() > 0.25  # times alpha: what the labels differ by


def test_label_of_a_prepared_case_is_that_of_the_published_image(data: dict[str, Path]) -> None:
    published = datasets.phantoms.make("phantom_brain", FIRST, size="tiny")
    expected = geols.soften(published.labels, published.images, published.spacing_mm, classes=4)
    for folder in data.values():
        case = datasets.open(folder).load(FIRST)
        np.testing.assert_array_equal(compute("geols", case, 4, {}), expected)
    case = datasets.open(data["zscore"]).load(FIRST)
    seen = geols.soften(case.labels, np.asarray(case.images), case.spacing_mm, classes=4)
    np.testing.assert_array_equal(compute("geols", case, 4, {"intensities": "normalised"}), seen)


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recipe `own` of a user's that reads the image: class 1 is where the first channel is brighter than 100."""
    module = ModuleType("softbench.soft_labels.own")

    def soften(labels, image, spacing_mm, *, classes, share=1.0):
        bright = contract.require_image(image, contract.one_rater(labels, spacing_mm, classes))[0] > 100
        return np.stack([1 - bright, bright, *[0 * bright] * (classes - 2)]).astype(np.float32)

    facts = {"VERSION": 1, "NEEDS_IMAGE": True, "RATERS": "one", "KIND": "stored", "SETTINGS": {"share": 1.0}}
    vars(module).update(facts, __file__=str(FOLDER / "own.py"), soften=soften, is_normalised=lambda share: True)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(produce.__globals__, "load", lambda recipe: module)


@pytest.mark.usefixtures("own")
def test_own_recipe_sees_the_prepared_image_and_never_the_setting(data: dict[str, Path], tmp_path: Path) -> None:
    case = datasets.open(data["zscore_nonzero"]).load(FIRST)
    shares = {}
    for kind in ("prepared", "normalised"):
        settings = {} if kind == "prepared" else {"intensities": kind}
        produce("own", data["zscore_nonzero"], tmp_path / kind, settings=settings, **QUIET)
        manifest = json.loads((tmp_path / kind / "manifest.json").read_text())
        assert manifest["settings"] == {"intensities": kind, "share": 1.0}
        shares[kind] = open_store(tmp_path / kind).read(case)[1].mean()
    assert shares["prepared"] == pytest.approx((case.intensities("prepared")[0] > 100).mean(), abs=1e-6)
    assert shares["prepared"] > 0.5 > shares["normalised"] == 0  # z-scores never reach 100


def test_changed_intensities_make_a_map_anew(data: dict[str, Path], tmp_path: Path) -> None:
    first = mapped("superpixel", data["zscore_nonzero"], tmp_path)
    assert mapped("superpixel", data["zscore_nonzero"], tmp_path, intensities="normalised") != first
    assert mapped("superpixel", data["zscore_nonzero"], tmp_path, intensities="prepared") == first


def test_labels_alone_know_no_intensities(data: dict[str, Path], tmp_path: Path) -> None:
    produce("svls", data["zscore"], tmp_path, settings={}, **QUIET)
    assert json.loads((tmp_path / "manifest.json").read_text())["settings"] == {"sigma": 1.0}


def test_unknown_intensities_are_refused_before_any_case(data: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="`intensities` must be one of prepared, normalised"):
        mapped("geols", data["zscore"], tmp_path, intensities="raw")


def test_map_of_a_dataset_without_the_record_is_refused(data: dict[str, Path], tmp_path: Path) -> None:
    manifest = json.loads((data["zscore"] / "manifest.json").read_text())
    del manifest["prepared"]
    old = tmp_path / "old"
    old.mkdir()
    for name in ("cases", "cases.parquet"):
        (old / name).symlink_to(data["zscore"] / name)
    (old / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="prepared by an older version"):
        mapped("geols", old, tmp_path / "map")
    assert mapped("geols", old, tmp_path / "map", intensities="normalised")


def test_coarser_grid_coarsens_the_prepared_image_alike(data: dict[str, Path]) -> None:
    case = datasets.open(data["zscore"]).load(FIRST)
    coarse = Resolution(factor=2).coarsen(case)
    expected = case.intensities("prepared").reshape(4, 12, 2, 16, 2, 16, 2).mean(axis=(2, 4, 6))
    np.testing.assert_allclose(coarse.intensities("prepared"), expected, rtol=1e-5)
    bare = Resolution(factor=2).coarsen(replace(case, prepared=None))
    assert bare.intensities("prepared") is bare.images


@pytest.mark.parametrize(("factor", "offset"), [(1e-2, 0.0), (3.0, -700.0), (1e3, 5e4)])
@pytest.mark.parametrize("channels", ["mean_maps", "joint"])
def test_released_geols_knows_neither_scale_nor_offset(factor: float, offset: float, channels: str) -> None:
    """Only the 1e-5 of a step in flat places does not scale, and intensities are float32."""
    case = datasets.phantoms.make("phantom_brain", 1, size="tiny")
    given = {"classes": 4, "alpha": 1.0, "channels": channels}
    first = geols.soften(case.labels, case.images, case.spacing_mm, **given)
    second = geols.soften(case.labels, case.images * factor + offset, case.spacing_mm, **given)
    np.testing.assert_allclose(second, first, atol=1e-3)


def test_printed_geols_knows_the_scale_unless_it_is_made_one() -> None:
    case = datasets.phantoms.make("phantom_brain", 1, size="tiny")
    given = {"classes": 4, "variant": "paper", "alpha": 1.0}
    as_it_is, tenth = (geols.soften(case.labels, case.images * f, case.spacing_mm, **given) for f in (1.0, 0.1))
    assert np.abs(as_it_is - tenth).max() > 0.5
    unit, shifted = (
        geols.soften(case.labels, case.images * np.float32(f) + np.float32(o), case.spacing_mm, scale="unit", **given)
        for f, o in ((1, 0), (0.1, 40))
    )
    np.testing.assert_allclose(shifted, unit, atol=1e-3)
    assert np.abs(as_it_is - unit).max() > 0.5


def test_unit_scale_stretches_each_channel_and_keeps_a_constant_one() -> None:
    image = np.array([[[-2.0, 0.0, 6.0]], [[5.0, 5.0, 5.0]]], np.float32)
    labels = np.array([[[0, 0, 1]]], np.uint8)
    made = geols.make_map(labels, image, (1.0, 1.0), classes=2, cost="eq4", scale="unit")
    # from the seed at the right: sqrt(1 + 0.75^2), and sqrt(1 + 0.25^2) more; channel 2 is flat: 1 and 2 mm
    np.testing.assert_allclose(made["distances"][0, 1, 0], [1.25 + 1.0625**0.5, 1.25, 0], rtol=1e-6)
    np.testing.assert_allclose(made["distances"][1, 1, 0], [2, 1, 0], rtol=1e-6)
    with pytest.raises(InputError, match="`scale` must be one of none, unit"):
        geols.make_map(labels, image, (1.0, 1.0), classes=2, scale="percentile")


def test_recipes_that_read_the_image_are_known() -> None:
    readers = [name for name in soft_labels.names() if soft_labels.recipe(name).NEEDS_IMAGE]
    assert readers == ["geols", "superpixel", "wrong_image"]
