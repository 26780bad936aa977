"""Names that rule files of an earlier version used are there, and give what rule files of today get from the plan."""

from types import SimpleNamespace
from typing import Any

import pytest
from softbench import InputError
from softbench.plan import bridge, earlier, modules
from softbench.plan.plan import Plan

WORKFLOW = modules.PACKAGE.parent
OFFERED = """
    DATASET PACKAGE PLAN SOFTENING IMAGE GEODESIC SLIC CASES PUBLISHED MADE Path functools sys InputError WorkflowError
    stop_on_bad_input version_of keys_of settings_of words_of maps_of map_name_of map_settings_of shards_of
    settings_of_map datasets_of dataset_settings_of content_of fetch_params main_split_of place_of_split
"""
MODULES = (  # that the rules of soft labels, maps and own data sets named for `version_of`
    *(f"soft_labels/{name}.py" for name in ("ignore", "quality", "exchange", "maps", "signed_distance", "one_hot")),
    *(f"soft_labels/{name}.py" for name in ("geols", "geols_map", "geols_readings", "closeness", "geodesic", "raster")),
    *(f"soft_labels/{name}.py" for name in ("seeds", "slic", "slic_clusters", "slic_voxels", "slic_connect", "svls")),
    *(f"datasets/{name}.py" for name in ("nnunet", "fetch", "prepare", "intake", "normalise", "reading", "resample")),
    *("datasets/window.py", "datasets/crop.py", "datasets/tcia.py", "plugin/export.py", "images.py", "store.py"),
)


@pytest.fixture(scope="module")
def answers() -> bridge.Answers:
    return bridge.answers(Plan.read(WORKFLOW.parent))


@pytest.fixture(scope="module")
def names(answers: bridge.Answers) -> dict[str, Any]:
    return earlier.names(answers.soft_labels, answers.data, answers.stages.code)


def test_every_name_is_offered(names: dict[str, Any]) -> None:
    assert set(OFFERED.split()) <= set(names)


def test_version_of_what_softens_names_all_that_softens(names: dict[str, Any], answers: bridge.Answers) -> None:
    found = names["version_of"](*names["SOFTENING"], "soft_labels/svls.py")
    assert found["soft_labels/svls.py"] == modules.version_of("soft_labels/svls.py")["soft_labels/svls.py"]
    wanted = answers.stages.code.versions("softbench/soft_labels/produce.py", "softbench/soft_labels/svls.py")
    assert wanted.items() <= found.items()
    assert wanted


@pytest.mark.parametrize("module", MODULES)
def test_module_named_then_is_there(names: dict[str, Any], module: str) -> None:
    names["version_of"](module)


def test_missing_module_is_named(names: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"soft_labels/near\.py is named by a rule but does not exist"):
        names["version_of"]("soft_labels/near.py")


def test_data_sets_and_splits_are_those_of_config(names: dict[str, Any]) -> None:
    assert set(names["datasets_of"]("kits2019").split("|")) >= {"kits2019_svls", "kits2019_soft"}
    asked = SimpleNamespace(dataset="phantom_brain", soft_label="geols", map="geodesic")
    assert names["main_split_of"](asked) == names["place_of_split"]("phantom_brain", "main")
    assert names["dataset_settings_of"](asked)["size"] == "tiny"
    assert names["map_name_of"]("geodesic", asked) == "geodesic"
    params = names["fetch_params"]("lidc")
    assert params["source"] == "lidc"
    assert params["content"](asked) == "as published"


def test_rules_that_fetch_stay_where_snakemake_runs() -> None:
    local: list[str] = []
    rules = [SimpleNamespace(name=name) for name in ("fetch_mine", "prepare_mine", "train")]
    bridge._keep_fetching_local(SimpleNamespace(rules=rules, localrules=lambda *names: local.extend(names)))
    assert local == ["fetch_mine"]


def test_target_that_fetched_is_told_its_file(answers: bridge.Answers, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        answers.unknown_target(SimpleNamespace(no_such_target="fetch_lidc"))
    assert capsys.readouterr().err.endswith(
        "Files of 'lidc' are fetched by the target results/raw/lidc/manifest.json.\n"
    )


def test_bad_input_of_an_old_rule_file_ends_with_its_message(
    names: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(name: str) -> None:
        raise InputError(f"{name} is bad.")

    with pytest.raises(SystemExit):
        names["stop_on_bad_input"](refuse, "it")
    assert capsys.readouterr().err == "Error: it is bad.\n"
