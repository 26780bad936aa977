"""Config is several files, each over those before it: catalogue, config.yaml, --configfile, --config."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from softbench import InputError
from softbench.plan.config import Config, read

Configured = Callable[..., Config]

CATALOGUE = {
    "config/datasets.yaml": "datasets:\n  brats:\n    source: brats2019\n    crop: {size: [8, 8, 8], at: centre}\n",
    "config/papers/svls.yaml": "protocols: {svls: {batch: 2, steps: 9}}\nexperiments: {svls: {dataset: brats}}\n",
    "config.yaml": "run: [demo]\nseeds: [0, 1]\ndatasets: {brats: {crop: {at: foreground}}}\n",
    "mine.yaml": "seeds: [2]\nprotocols: {svls: {steps: 7}}\n",
}


def test_catalogue_then_config_then_configfile_then_command_line(configured: Configured) -> None:
    found = configured(CATALOGUE, ("mine.yaml",), ("protocols={svls: {batch: 4}}",)).values
    assert found["datasets"] == {"brats": {"source": "brats2019", "crop": {"size": [8, 8, 8], "at": "foreground"}}}
    assert found["protocols"] == {"svls": {"batch": 4, "steps": 7}}
    assert (found["seeds"], found["run"], found["methods"]) == ([2], ["demo"], {})


def test_last_of_several_configfiles_and_assignments_wins(configured: Configured) -> None:
    files = {"a.yaml": "seeds: [1]\nshards: 1\n", "b.yaml": "seeds: [2]\n"}
    found = configured(files, ("a.yaml", "b.yaml"), ("shards=2", "shards=3")).values
    assert (found["seeds"], found["shards"]) == ([2], 3)


def test_each_value_has_the_place_that_it_was_written_at_last(configured: Configured, tmp_path: Path) -> None:
    places = configured(CATALOGUE, (tmp_path / "mine.yaml",), ("protocols={svls: {batch: 4}}",)).places
    assert places.of(("datasets", "brats")) == ("config/datasets.yaml", 2, 3)
    assert places.of(("datasets", "brats", "crop", "size", 1)) == ("config/datasets.yaml", 4, 22)
    assert places.of(("datasets", "brats", "crop", "at")) == ("config.yaml", 3, 27)
    assert str(places.of(("protocols", "svls", "steps"))) == "mine.yaml, line 2"
    assert str(places.of(("protocols", "svls", "batch"))) == "--config"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x=[0, 1]", [0, 1]),
        ("x=1e-3", 0.001),
        ("x={a: {b: [true, null, 1.5]}}", {"a": {"b": [True, None, 1.5]}}),
        ("x={'a': '5', \"b\": text}", {"a": 5, "b": "text"}),
        ("x=/data/a=b", "/data/a=b"),
        ("x=", None),
    ],
)
def test_command_line_has_typed_values(text: str, value: object, configured: Configured) -> None:
    assert configured({}, (), (text,)).values["x"] == value


def test_values_that_snakemake_has_read_from_the_command_line_are_typed(configured: Configured) -> None:
    found = configured({}, (), {"seeds": ["0", "1"], "methods": {"ls": {"on": "true"}}})  # type: ignore[arg-type]
    assert found.values["seeds"] == [0, 1]
    assert found.values["methods"] == {"ls": {"on": True}}
    assert str(found.places.of(("methods", "ls", "on"))) == "--config"


@pytest.mark.parametrize(
    ("assignment", "what"),
    [
        ("seeds", "--config: takes key=value, but was given 'seeds'."),
        ("seeds=[0,", "--config seeds, line 2, column 1: no YAML: did not find"),
        ("methods={ls: {loss: ce, loss: dice}}", "--config: methods.ls.loss stands twice. YAML would keep the last"),
        ("methods=5", "--config: methods must hold names with settings"),
    ],
)
def test_fault_of_the_command_line_is_said_to_be_there(assignment: str, what: str, configured: Configured) -> None:
    with pytest.raises(InputError, match="^" + re.escape(what)):
        configured({}, (), (assignment,))


def test_section_with_every_line_commented_out_changes_nothing(configured: Configured) -> None:
    files = {**CATALOGUE, "config.yaml": "datasets:\n#  brats: {source: x}\nfolders:\nmirror:\n"}
    found = configured(files).values
    assert found["datasets"]["brats"]["source"] == "brats2019"
    assert "folders" not in found
    assert found["mirror"] is None


def test_length_of_a_protocol_that_is_said_later_replaces_the_other_unit(configured: Configured) -> None:
    protocols = configured(CATALOGUE, (), ("protocols={svls: {epochs: 5}}",)).values["protocols"]
    assert protocols == {"svls": {"batch": 2, "epochs": 5}}
    both = configured(CATALOGUE, (), ("protocols={svls: {epochs: 5, steps: 6}}",)).values["protocols"]
    assert both == {"svls": {"batch": 2, "epochs": 5, "steps": 6}}  # refused by the schema


@pytest.mark.parametrize("name", ["config/zoo.yaml", "config/papers/zoo.yaml"])
def test_entry_in_two_catalogue_files_is_refused_with_both_places(name: str, configured: Configured) -> None:
    said = (
        f"{name}, line 3: datasets.brats also stands in config/datasets.yaml, line 2. Rename one of them; to change an "
        "entry, write it in config.yaml."
    )
    with pytest.raises(InputError, match="^" + re.escape(said)):
        configured({**CATALOGUE, name: "datasets:\n  other: {source: x}\n  brats: {source: y}\n"})


def test_sections_of_several_catalogue_files_are_joined_in_order(configured: Configured) -> None:
    files = {f"config/{name}.yaml": f"methods: {{{name[-1]}: {{}}}}" for name in ("c", "papers/d", "b")}
    assert list(configured(files).values["methods"]) == ["b", "c", "d"]


def test_setting_in_two_catalogue_files_is_refused(configured: Configured) -> None:
    with pytest.raises(InputError, match=r"config/b\.yaml, line 1: seeds also stands in config/a\.yaml, line 1\."):
        configured({"config/a.yaml": "seeds: [0]", "config/b.yaml": "seeds: [1]"})


def test_file_of_the_catalogue_with_another_ending_is_refused(configured: Configured) -> None:
    with pytest.raises(InputError, match=r"^config/papers/mine\.yml: files of config end with \.yaml"):
        configured({"config/papers/mine.yml": "seeds: [0]"})


def test_missing_file_is_named(configured: Configured, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^config\.yaml: there is no such file\. Run it in the folder"):
        read(tmp_path)
    with pytest.raises(InputError, match=r"^of/mine\.yaml: there is no such file\. Correct what --configfile names"):
        configured({}, ("of/mine.yaml",))
    with pytest.raises(InputError, match=r"^config: cannot be read: Is a directory"):
        configured(CATALOGUE, ("config",))


@pytest.mark.parametrize("name", ["config/x.yaml", "config/papers/x.yaml", "config.yaml", "mine.yaml"])
def test_every_file_has_the_same_checks(name: str, configured: Configured) -> None:
    for text, what in [
        ("seeds: [0]\nseeds: [1]\n", "line 2: seeds stands twice"),
        ("a: [\n", "line 2, column 1: no YAML"),
    ]:
        with pytest.raises(InputError, match=f"^{re.escape(name)}, {what}"):
            configured({name: text}, ("mine.yaml",) if name == "mine.yaml" else ())


def test_section_that_is_no_mapping_is_refused(configured: Configured) -> None:
    with pytest.raises(InputError, match=r"^config\.yaml, line 1: methods must hold names with settings"):
        configured({"config.yaml": "methods: [ls]\n"})


def test_nested_key_has_the_form_that_snakemake_takes(configured: Configured) -> None:
    pytest.importorskip("snakemake")
    from snakemake.cli import parse_config

    braces, colons = "protocols={svls: {batch: 3}}", "protocols:svls:batch=3"
    with pytest.raises(ValueError, match="must start with a valid identifier"):  # what the FAQ says
        parse_config([colons])
    typed = configured({}, (), parse_config([braces])).values["protocols"]["svls"]["batch"]
    assert typed == configured({}, (), [braces]).values["protocols"]["svls"]["batch"] == 3
    with pytest.raises(InputError, match=r"--config 'protocols=\{svls: \{batch: 3\}\}'"):
        configured({}, (), [colons])
