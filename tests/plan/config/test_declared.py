"""Each setting is declared where it is used: type, range and meaning, and its default is allowed."""

import inspect
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields

import pytest
from softbench import datasets, losses, metrics, networks, soft_labels
from softbench.datasets.prepare import prepare
from softbench.plan import forms, modules, rule_files
from softbench.plan.config import metrics as metrics_of_plan
from softbench.plan.config import schema, walk
from softbench.plan.config.schema import Schema
from softbench.training.protocol import Protocol
from softbench.training.run import Scoring

RULES = walk.Rules(lambda kind: [], lambda kind, key, value: {}, lambda loss: None, lambda kind, name: True)


def wrong(value: object, one: Schema) -> list[walk.Fault]:
    return list(walk.faults(value, schema.resolved(one), ("setting",), RULES))


def declarations() -> Iterator[tuple[str, dict, dict]]:
    """Give each module that declares settings: its name, their defaults, what is allowed."""
    for name in soft_labels.names():
        recipe = soft_labels.recipe(name)
        yield name, recipe.SETTINGS, getattr(recipe, "ALLOWED", {})
    for name in datasets.names():
        source = datasets.source(name)
        yield name, getattr(source, "SETTINGS", {}), getattr(source, "ALLOWED", {})
    yield "prepare", prepare.DEFAULTS, prepare.ALLOWED
    yield "prepare, made", {**prepare.DEFAULTS_MADE, "cases": 3}, prepare.ALLOWED_MADE


@pytest.mark.parametrize(("name", "defaults", "allowed"), list(declarations()), ids=lambda value: str(value)[:20])
def test_every_setting_has_a_type_a_meaning_and_a_default_that_is_allowed(
    name: str, defaults: dict, allowed: dict
) -> None:
    assert set(allowed) == set(defaults)
    for setting, default in defaults.items():
        assert allowed[setting]["description"]
        assert set(allowed[setting]) & {"type", "anyOf", "enum", "constant"}
        assert wrong(default, allowed[setting]) == []


@pytest.mark.parametrize(
    ("kind", "address", "without_default"),
    [
        (Protocol, "training/protocol.py:ALLOWED", {"coarse_batch"}),  # the plan takes it out
        (Scoring, "training/run.py:ALLOWED", {"ensemble"}),  # a job of its own
    ],
)
def test_fields_of_protocols_and_scoring_are_declared_and_their_defaults_allowed(
    kind: type, address: str, without_default: set[str]
) -> None:
    allowed = schema.constant(address)
    assert set(allowed) - without_default == {field.name for field in fields(kind)}
    for field in fields(kind):
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if default is not MISSING and not (default is None and field.name in ("steps", "epochs")):
            assert wrong(default, allowed[field.name]) == [], field.name


@pytest.mark.parametrize("name", networks.names())
def test_arguments_of_networks_are_declared(name: str) -> None:
    needed, optional, _ = networks.known_settings(name)
    module = f"networks/{name}.py"
    allowed = modules.constant(module, "ALLOWED")
    assert set(allowed) == needed | optional
    signature = inspect.signature(__import__(f"softbench.networks.{name}", fromlist=["build"]).build)
    for setting in optional:
        default = signature.parameters[setting].default
        assert wrong(list(default) if isinstance(default, tuple) else default, allowed[setting]) == []


@pytest.mark.parametrize("name", losses.names())
def test_arguments_of_losses_are_declared(name: str) -> None:
    entry = losses.catalogue.known()[name]
    room = __import__(f"softbench.losses.{name}", fromlist=["x"])
    classes = [one for one in vars(room).values() if inspect.isclass(one) and one.__module__ == room.__name__]
    (built,) = [one for one in classes if one.__name__ == entry.kind]
    arguments = {
        key: one for key, one in inspect.signature(built.__init__).parameters.items() if one.kind == one.KEYWORD_ONLY
    }
    allowed = getattr(room, "ALLOWED", {})
    taken = {key: one for key, one in arguments.items() if key in entry.settings}
    assert set(allowed) == set(entry.settings) == set(taken)
    assert all(wrong(one.default, allowed[key]) == [] for key, one in taken.items())
    assert {key: one.default for key, one in taken.items()} == entry.settings
    assert ("frequencies" in arguments) is entry.needs_frequencies


def test_setting_without_a_declaration_has_the_type_of_its_default() -> None:
    (one,) = schema.settings({"share": 0.3}, {}).values()
    assert wrong(1, one) == []
    assert wrong("0.3", one)[0].said == "is '0.3', but must be a number. Write it without quotes."
    (any_type,) = schema.settings({"cost": None}, {}).values()
    assert wrong("eq4", any_type) == wrong(3, any_type) == []


@pytest.mark.parametrize("name", [name for name in datasets.names() if name.startswith("phantom_")])
def test_source_says_how_many_axes_and_label_maps_a_case_has(name: str) -> None:
    source = datasets.source(name)
    case = datasets.phantoms.make(name, 0, size=min(source.SIZES, key=lambda size: source.SIZES[size]))
    assert case.labels.shape[0] == source.LABEL_MAPS
    assert case.labels.ndim - 1 == len(case.spacing_mm) == source.DIMS


def test_every_source_says_its_axes_label_maps_and_structures_in_its_text() -> None:
    for name in datasets.names():
        text = {
            key: modules.constant(modules.file_of_source(name), key) for key in ("DIMS", "LABEL_MAPS", "STRUCTURES")
        }
        source = datasets.source(name)
        assert text == {key: getattr(source, key) for key in text}
        assert len(getattr(source, "DEFAULTS", {}).get("crop", {}).get("size", [0] * source.DIMS)) == source.DIMS


def test_rules_found_by_their_text_are_those_of_the_modules() -> None:
    found = rule_files.find()
    assert set(found.recipes) == set(soft_labels.names())
    assert set(found.sources) == set(datasets.names())
    assert found.maps == {"geodesic": "geols", "slic": "superpixel"}


def test_kinds_of_figures_are_those_that_are_drawn() -> None:
    kinds = schema.definition("figure")["properties"]["kind"]["enum"]
    assert sorted(kinds) == sorted(forms.KINDS)
    assert all(schema.figure(kind)["required"] for kind in kinds)


def test_metrics_known_to_the_plan_are_those_of_the_catalogue() -> None:
    assert metrics_of_plan.registered() == list(metrics.CATALOGUE)
    for key in metrics_of_plan.names():
        assert metrics_of_plan.is_known(key)
        assert metrics.describe(key).key == key


@pytest.mark.parametrize(
    "key",
    ["dsc", "nsd", "nsd_2mm", "sd_svls_1.5mm", "hd95@monai", "dsc_at_val", "threshold_at_test_global", "nsd_2mm@monai"],
)
def test_metric_with_parameters_is_known_as_in_the_catalogue(key: str) -> None:
    assert metrics_of_plan.is_known(key)
    assert metrics.describe(key).key == key


@pytest.mark.parametrize("key", ["dcs", "hd95_2mm", "nsd_2", "hd95_at_val", "dsc_at_train", "dsc@torch", "threshold"])
def test_metric_that_the_catalogue_lacks_is_unknown(key: str) -> None:
    assert not metrics_of_plan.is_known(key)


def test_reading_and_checking_config_loads_neither_numpy_nor_torch() -> None:
    code = (
        "import sys, softbench.plan.config, softbench.plan.checks; "
        "assert not {'numpy', 'torch', 'pandas', 'jsonschema'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
