"""Config: what the command line says has its type, and defaults are those of the design."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from softbench import InputError, soft_labels
from softbench.plan import checks, rule_files
from softbench.plan import modules as config
from softbench.plan.calls import pattern
from softbench.plan.config import read
from softbench.plan.config.check import faults
from softbench.plan.config.layers import retype
from softbench.plan.places import refuse
from softbench.plan.plan import Plan, complete_methods, with_unnamed


def test_texts_of_the_command_line_become_numbers() -> None:
    given = {"seeds": ["0", "1"], "ls": {"alpha": "0.2", "recipe": "ls"}, "lr": "1e-3", "on": "true", "mirror": "null"}
    expected = {"seeds": [0, 1], "ls": {"alpha": 0.2, "recipe": "ls"}, "lr": 0.001, "on": True, "mirror": None}
    assert retype(given) == expected


def test_values_that_have_a_type_keep_it() -> None:
    assert retype({"a": 1, "b": [0.5, None], "path": "/data/1e3/x"}) == {
        "a": 1, "b": [0.5, None], "path": "/data/1e3/x",
    }  # fmt: skip


def test_recipe_without_a_key_gets_one_of_its_name() -> None:
    found = with_unnamed({"ls_02": {"recipe": "ls", "alpha": 0.2}}, "recipe", ["ls", "svls"])
    assert found == {"ls_02": {"recipe": "ls", "alpha": 0.2}, "svls": {"recipe": "svls"}}


def test_recipe_without_a_method_gets_cross_entropy_and_the_control() -> None:
    soft_labels = {"one_hot": {"recipe": "one_hot"}, "new": {"recipe": "new"}}
    methods = complete_methods({"one_hot": {"title": "One-hot"}}, soft_labels)
    expected = {"title": "new", "soft_label": "new", "loss": "ce", "control": "one_hot"}
    rest = {"raters": "first", "resolution": None, "batch": None, "protocol": None, "activation": None, "sanity": None}
    assert methods["new"] == {**expected, **rest}
    assert methods["one_hot"]["control"] is None


def test_version_is_read_from_the_text() -> None:
    from softbench.soft_labels import svls

    assert config.version_of("soft_labels/svls.py") == {"soft_labels/svls.py": svls.VERSION}


def test_module_without_a_version_is_named() -> None:
    with pytest.raises(InputError, match=r"cli\.py declares no VERSION"):
        config.version_of("cli.py")


def test_pattern_of_no_names_matches_nothing() -> None:
    import re

    assert re.fullmatch(pattern([]), "") is None
    assert re.fullmatch(pattern(["a.b", "c"]), "a.b")
    assert re.fullmatch(pattern(["a.b"]), "axb") is None


KEPT = {"methods": ["one_hot", "resampled"], "except": []}


def plan(root: Path, **changes: dict[str, Any]) -> Plan:
    """Plan what config holds, with entries changed."""
    given = deepcopy(read(root).values)
    for part, entries in changes.items():
        given[part] |= {name: {**(given[part].get(name) or {}), **entry} for name, entry in entries.items()}
    refuse(faults(given), None)
    made = Plan(given, rule_files.find(), by_name=read(root).by_name, tried=read(root).tried)
    checks.fit(made)
    return made


@pytest.mark.parametrize("dataset", ["kits2019_svls", "phantom_brain"])
def test_method_of_kept_labels_needs_a_dataset_that_keeps_them(dataset: str, root: Path) -> None:
    said = rf"experiments\.demo_brain\.methods has the method 'resampled'.*'{dataset}' keeps none.*datasets\.{dataset},"
    with pytest.raises(InputError, match=said):
        plan(root, experiments={"demo_brain": {**KEPT, "dataset": dataset}})
    assert "resampled" not in plan(root).methods_of("demo_brain")


def test_method_of_kept_labels_is_planned_where_they_are_kept(root: Path) -> None:
    new = {"dataset": "kits2019_soft", "split": "main", "protocol": "svls_kits2019", "networks": ["unet3d"]}
    made = plan(root, experiments={"mine": {**KEPT, **new, "scoring": {"tolerances_mm": [2.0]}}})
    assert "resampled" in made.methods_of("mine")


@pytest.mark.parametrize("wish", [{"raters": "majority"}, {"resolution": {"factor": 2}}])
def test_method_of_kept_labels_has_neither_majority_nor_resolution(wish: dict[str, Any], root: Path) -> None:
    with pytest.raises(InputError, match=rf"methods\.resampled\.{next(iter(wish))} .*learns from labels kept soft"):
        plan(root, methods={"resampled": wish})


def test_recipe_that_reads_shares_is_told_by_its_text() -> None:
    assert [name for name in soft_labels.names() if config.needs_shares(name)] == ["resampled"]
    assert not config.needs_shares("a_rule_without_a_module")


def test_intensities_are_a_setting_of_recipes_that_read_the_image_without_a_map() -> None:
    have = [name for name in soft_labels.names() if "intensities" in (config.settings_allowed(name) or {})]
    without_map = [name for name in soft_labels.names() if not hasattr(soft_labels.recipe(name), "MAP_SETTINGS")]
    assert have == [name for name in without_map if soft_labels.recipe(name).NEEDS_IMAGE] == ["wrong_image"]
    assert (config.settings_allowed("wrong_image") or {})["intensities"] == "prepared"


def test_method_of_another_file_joins_only_experiments_that_name_it(root: Path) -> None:
    methods = ["one_hot", "one_hot_ce_dice", "svls_ce_dice"]
    asked = plan(root, experiments={"demo_body": {"methods": methods}})
    assert asked.methods_of("demo_body") == methods
    assert "svls_ce_dice" not in asked.methods_of("demo_brain")


def test_coarser_methods_take_the_batch_of_their_protocol_unless_they_have_their_own(root: Path) -> None:
    fitting = {"epd": {"patch_size": [64, 64]}}  # no longer than the phantom
    methods = {"conventional_2": {"batch": 7}}
    made = plan(root, experiments={"demo_body": {"protocol": "epd"}}, methods=methods, protocols=fitting)
    batches = {name: made.protocol_of("demo_body", name)["batch"] for name in ("one_hot", "epd_2", "conventional_2")}
    assert batches == {"one_hot": 16, "epd_2": 96, "conventional_2": 7}
    assert "coarse_batch" not in made.protocol_of("demo_body", "epd_2")


def test_paper_losses_have_controls_of_the_same_loss(root: Path) -> None:
    methods = plan(root).methods
    pairs = {"superpixel": "one_hot_ce_dice", "superpixel_wce": "one_hot_wce", "epd_8": "conventional_8"}
    assert {name: methods[name]["control"] for name in pairs} == pairs
    assert methods["epd_8"]["loss"] == methods["conventional_8"]["loss"] == "learned(l1 + soft_dice)"


def test_table_without_a_control_is_refused_before_training(root: Path) -> None:
    said = r"tables\.demo_body shows the method 'svls' without its control 'one_hot'.*`methods` of demo_body"
    with pytest.raises(InputError, match=said):
        plan(root, experiments={"demo_body": {"methods": ["svls", "oracle"]}})


def test_epoch_of_the_plateau_rule_without_that_rule_is_refused_before_training(root: Path) -> None:
    said = r"protocols\.svls\.plateau_epoch_steps decides nothing: the schedule is 'constant'"
    with pytest.raises(InputError, match=said):
        plan(root, protocols={"svls": {"plateau_epoch_steps": 250}})
