"""The catalogue of the suite: each entry says what it said when all stood in one file, and every file is short."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from softbench import InputError
from softbench.plan.config import Config, read
from softbench.plan.config.layers import SECTIONS, catalogue_files
from softbench.plan.plan import Plan

KEPT = Path(__file__).with_name("catalogue.yaml")  # section -> entry -> what its values hash to, in their order
TEXTS = {"title", "title_raters", "choices", "note"}  # for readers: they decide no number


@pytest.fixture(scope="module")
def config(root: Path) -> Config:
    return read(root)


def hashed(entry: Any) -> str:
    return hashlib.sha256(json.dumps(without_texts(entry)).encode()).hexdigest()[:12]


def without_texts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return [[key, without_texts(one)] for key, one in value.items() if key not in TEXTS]
    return [without_texts(one) for one in value] if isinstance(value, list) else value


def test_values_of_every_entry_are_those_that_were_looked_at(config: Config, request: pytest.FixtureRequest) -> None:
    found = {
        section: {name: hashed(one) for name, one in sorted(config.values[section].items())} for section in SECTIONS
    }
    if request.config.getoption("--rewrite-snapshots"):
        KEPT.write_text(yaml.safe_dump(found, sort_keys=False))
    kept = yaml.safe_load(KEPT.read_text())
    changed = [
        f"{section}.{name}"
        for section in SECTIONS
        for name in sorted({*kept[section], *found[section]})
        if kept[section].get(name) != found[section].get(name)
    ]
    assert changed == [], "if they are meant to differ: pytest tests/plan/config --rewrite-snapshots"


ALL = """one_hot ls ls_02 ls_03 focal svls geols one_hot_ce_dice superpixel blur one_hot_l1_dice conventional_2 epd_2
distance wrong_image shuffled chance oracle"""
OF_GEOLS = """one_hot ls focal svls geols geols_paper geols_random_3 geols_random_5 geols_random_7 geols_erosion
geols_alpha_005 geols_alpha_02 geols_alpha_03 geols_alpha_04 geols_alpha_05"""


def test_methods_of_all_and_of_sweeps_have_their_order(root: Path) -> None:
    plan = Plan.read(root)
    counts = ["", *(f"_{count}" for count in range(1000, 3501, 500))]
    of_superpixels = ["one_hot_ce_dice", "one_hot_wce_dice", "blur_ce_dice", "blur_wce_dice"]
    of_superpixels += [f"{loss}{count}" for loss in ("superpixel", "superpixel_wce_dice") for count in counts]
    of_superpixels += [f"superpixel{loss}_beta_{beta}" for loss in ("", "_ce") for beta in ("025", "05", 2, 4, 8)]
    of_superpixels += ["superpixel_eq1", "superpixel_eq1_wce_dice", "one_hot_ce_dice_vnet", "superpixel_dice_vnet"]
    assert plan.methods_of("demo_brain") == ALL.split()
    assert plan.methods_of("geols_brats2019") == OF_GEOLS.split()
    assert plan.methods_of("superpixel_mrbrains18") == of_superpixels


def test_figure_of_a_sweep_has_a_point_a_value(config: Config) -> None:
    assert config.values["figures"]["superpixel_fig_5"]["points"] == {
        0.25: "superpixel_beta_025", 0.5: "superpixel_beta_05", 1: "superpixel_wce_dice_2000", 2: "superpixel_beta_2",
        4: "superpixel_beta_4", 8: "superpixel_beta_8",
    }  # fmt: skip


def test_files_are_short_and_none_repeats_a_comment_of_another(root: Path) -> None:
    texts = {name: (root / name).read_text(encoding="utf-8") for name in ["config.yaml", *catalogue_files(root)]}
    lines = {name: text.count("\n") for name, text in texts.items()}
    assert lines["config.yaml"] <= 60
    assert {name for name, count in lines.items() if count > 270} == set()
    comments = [line.strip() for text in texts.values() for line in text.splitlines() if line.strip().startswith("# ")]
    assert len(comments) == len(set(comments))


def test_config_of_the_user_holds_nothing_of_the_catalogue(root: Path) -> None:
    assert set(yaml.safe_load((root / "config.yaml").read_text(encoding="utf-8"))).isdisjoint(SECTIONS)


@pytest.fixture
def suite(root: Path, tmp_path: Path) -> Path:
    """A folder with the catalogue, and a config.yaml to be written."""
    shutil.copytree(root / "config", tmp_path / "config")
    shutil.copytree(root / "workflow" / "rules", tmp_path / "workflow" / "rules")
    return tmp_path


def whole(config: Config) -> dict[str, Any]:
    """All of config in one file, as it was before: methods say `on_request` themselves."""
    old = deepcopy(config.values)
    made = {key for settings in config.tried.values() for key in settings}  # of `tune`, which there was not before
    old["methods"] = {name: method for name, method in old["methods"].items() if name not in made}
    for name, method in old["methods"].items():
        method |= {"on_request": True} if name in config.by_name else {}
    return old


def test_config_of_before_in_place_of_ours_is_read(config: Config, suite: Path, root: Path) -> None:
    old = whole(config)
    old["protocols"]["superpixel_mri"] |= {"epochs": 300, "patience": 7}
    del old["protocols"]["superpixel_mri"]["steps"]
    old["experiments"]["demo_brain"]["seeds"] = [4]
    (suite / "config.yaml").write_text(yaml.safe_dump(old, sort_keys=False))
    found = read(suite)
    assert found.by_name == config.by_name
    assert found.values["protocols"]["superpixel_mri"]["epochs"] == 300  # in place of the catalogue's steps
    assert "steps" not in found.values["protocols"]["superpixel_mri"]
    plan, ours = Plan.read(suite), Plan.read(root)
    assert plan.seeds_of("demo_brain") == [4]
    assert all(plan.methods_of(name) == ours.methods_of(name) for name in config.values["experiments"])


def test_fault_of_a_config_of_before_ends_with_what_to_do(config: Config, suite: Path) -> None:
    old = whole(config)
    old["experiments"]["svls_brats2019"]["methods"] = ["one_hot", "svls"]  # a figure of the catalogue shows LS, too
    (suite / "config.yaml").write_text(yaml.safe_dump(old, sort_keys=False))
    with pytest.raises(InputError, match=r"^config\.yaml also holds \d+ entries of config/.*Delete from it all.*'ls'"):
        Plan.read(suite)


def test_fault_of_a_short_config_ends_without_it(config: Config, suite: Path) -> None:
    short = {key: value for key, value in config.values.items() if key not in SECTIONS}
    (suite / "config.yaml").write_text(yaml.safe_dump({**short, "run": ["none"]}))
    with pytest.raises(InputError) as error:
        Plan.read(suite)
    assert "also holds" not in str(error.value)
