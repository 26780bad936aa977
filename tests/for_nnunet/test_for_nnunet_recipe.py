"""Which soft labels nnU-Net can learn from, and how their targets are called. Needs no nnU-Net."""

import numpy as np
import pytest
from softbench import soft_labels
from softbench.errors import InputError
from softbench.for_nnunet import recipe as module
from softbench.for_nnunet.recipe import Recipe, as_name

REFUSED = {
    "shuffled": "takes the labels of another case",
    "wrong_image": "takes the image of another case",
    "distilled": "needs networks that were trained before",
    "slsr": "needs networks that were trained before",
    "resampled": "reads shares",
    "moh": "reads label maps of several raters",
    "msvls": "reads label maps of several raters",
    "staple": "reads label maps of several raters",
    "epd": "gives a coarser grid",
}


@pytest.mark.parametrize("name", soft_labels.names())
def test_each_recipe_is_taken_or_refused_with_the_reason(name: str) -> None:
    if name in REFUSED:
        with pytest.raises(InputError, match=f"the recipe '{name}' {REFUSED[name]}"):
            Recipe.of(name, {})
    else:
        assert Recipe.of(name, {}).settings == soft_labels.recipe(name).SETTINGS


def test_wrong_names_and_values_are_refused() -> None:
    with pytest.raises(InputError, match="there is no recipe 'svsl'"):
        Recipe.of("svsl", {})
    with pytest.raises(InputError, match=r"no setting 'sgima'; its settings: sigma\. Did you mean 'sigma'\?"):
        Recipe.of("svls", {"sgima": 1})
    with pytest.raises(InputError, match=r"'svls' cannot be used with \{'sigma': -1\}: `sigma` must be"):
        Recipe.of("svls", {"sigma": -1})


def test_name_says_what_differs_from_the_defaults() -> None:
    assert Recipe.of("svls", {"sigma": 1.0}).name == "svls"
    assert Recipe.of("svls", {"sigma": 0.5}).name == "svls_sigma0p5"
    assert Recipe.of("one_hot", {}).name == "one_hot"
    assert Recipe.of("one_hot", {}, stored=True).name == "one_hot_stored"
    assert as_name("focal(gamma=2) + dice__x") == "focal_gamma_2_dice_x"


def test_only_recipes_of_each_voxel_are_not_stored() -> None:
    assert [name for name in soft_labels.names() if name not in REFUSED and not Recipe.of(name, {}).stored] == [
        "ls",
        "one_hot",
    ]


def test_table_of_label_smoothing() -> None:
    table = Recipe.of("ls", {"alpha": 0.3}).table(3)
    assert np.allclose(table, [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])


def test_versions_are_those_of_the_modules_that_a_recipe_imports() -> None:
    found = module.versions("geols")
    assert {"soft_labels/geols.py", "soft_labels/geols_map.py", "soft_labels/geodesic.py"} <= set(found)
    assert found["soft_labels/geols.py"] == soft_labels.recipe("geols").VERSION
    assert "soft_labels/geols.py" not in module.versions("svls")
