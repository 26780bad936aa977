"""Bad rule files and modules stop when the workflow is read: the message names file, cause and way out."""

import re
from pathlib import Path
from typing import Any

import pytest
from softbench import InputError
from softbench.plan import modules as config
from softbench.plan import paths, rule_files

GOOD: dict[str, Any] = {
    "outputs": [paths.SOFT_LABEL], "constraint": "mine", "expected": "mine", "params": {"recipe": "mine"},
}  # fmt: skip
RULE = Path("workflow/rules/soft_labels/mine.smk")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "workflow/rules/soft_labels"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def package(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with the module `mine` alone, a copy of `ls`."""
    rooms = tmp_path / "workflow/softbench/soft_labels"
    rooms.mkdir(parents=True)
    (rooms / "mine.py").write_text((root / "workflow/softbench/soft_labels/ls.py").read_text())
    monkeypatch.setattr(config, "PACKAGE", rooms.parent)
    return rooms.parent


def test_two_rules_of_one_name_name_both_files(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / f"{name}.smk").write_text("rule soften_a:\n    output:\n")
    said = r"soft_labels/b\.smk declares the rule soften_a, but workflow/rules/soft_labels/a\.smk does so too"
    with pytest.raises(InputError, match=said):
        rule_files.check_names(folder)


def test_file_without_the_rule_of_its_name_is_named(folder: Path) -> None:
    (folder / "mine.smk").write_text("rule soften_other:\n    output:\n")
    with pytest.raises(InputError, match=r"mine\.smk must declare a rule soften_mine.*its rules are: soften_other"):
        rule_files.check_names(folder)


def test_rule_that_is_built_on_another_counts(folder: Path) -> None:
    (folder / "mine.smk").write_text("use rule soften_ls as soften_mine with:\n    params: 1\n")
    assert rule_files.check_names(folder) == [folder / "mine.smk"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"outputs": ["results/soft_labels/{dataset}/mine/manifest.json"]}, r"writes .*mine/manifest\.json, but"),
        ({"constraint": None}, r"mine\.smk must say .*plan\.soft_labels\.keys\('mine'\).*constrained to nothing"),
        ({"constraint": "svls"}, r"mine\.smk must say .*constrained to svls"),
        ({"params": {"recipe": "svls"}}, r"mine\.smk calls the recipe 'svls'; say `recipe='mine'`"),
    ],
)  # fmt: skip
def test_rule_that_makes_something_else_is_refused(package: Path, change: dict[str, Any], said: str) -> None:
    rule_files.check_recipe("mine", RULE, **GOOD)
    with pytest.raises(InputError, match=said):
        rule_files.check_recipe("mine", RULE, **(GOOD | change))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("VERSION = 1", "", r"mine\.py declares no VERSION"),
        ('KIND = "computed"', "", r"mine\.py defines no KIND.*`softbench check mine`"),
        ("def soften(", "def harden(", r"mine\.py defines no soften"),
        ("def is_normalised(", "def normalised(", r"mine\.py defines no is_normalised"),
        ("def soften(", "def soften((", r"mine\.py, line \d+ is no Python"),
        ('{"alpha": 0.1}', 'dict(alpha="0.1")', r"mine\.py: SETTINGS must be written out"),
    ],
)
def test_module_that_lacks_something_is_named(package: Path, old: str, new: str, said: str) -> None:
    path = package / "soft_labels/mine.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=said):
        _read()


def _read() -> None:
    """Ask what the workflow asks of a module."""
    rule_files.check_recipe("mine", RULE, **GOOD)
    config.settings_allowed("mine")


def test_rule_whose_module_is_missing_says_both(package: Path) -> None:
    (package / "soft_labels/mine.py").unlink()
    said = r"mine\.smk calls the recipe 'mine', but there is no workflow/softbench/soft_labels/mine\.py"
    with pytest.raises(InputError, match=said):
        rule_files.check_recipe("mine", RULE, **GOOD)


def test_rule_of_a_program_needs_no_module(package: Path) -> None:
    (package / "soft_labels/mine.py").unlink()
    rule_files.check_recipe("mine", RULE, **(GOOD | {"params": {}}))


MAP: dict[str, Any] = {
    "outputs": [paths.MAP], "constraint": "near", "expected": "near", "params": {"recipe": "mine"},
}  # fmt: skip
HAS_MAP = "MAP_SETTINGS = {}\n\n\ndef make_map(): ...\n\n\ndef apply_map(): ...\n"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"outputs": ["results/maps/mine.json"]}, r"writes results/maps/mine\.json, but its output must be .*shard-"),
        ({"constraint": None}, r"must say .*plan\.soft_labels\.maps\('near'\).*constrained to nothing"),
        ({"params": {"recipe": "mime"}}, r"map_near calls the recipe 'mime', but there is no .*soft_labels/mime\.py"),
        ({"params": {"recipe": "bare"}}, r"bare\.py defines no make_map\. A recipe that mixes maps"),
    ],
)
def test_rule_of_a_map_that_makes_something_else_is_refused(package: Path, change: dict[str, Any], said: str) -> None:
    for name, text in (("mine", HAS_MAP), ("bare", HAS_MAP.replace("make_map", "make_maps"))):
        (package / f"soft_labels/{name}.py").write_text(f"VERSION = 1\n{text}")
    rule_files.check_map("near", RULE, **MAP)
    with pytest.raises(InputError, match=said):
        rule_files.check_map("near", RULE, **(MAP | change))


@pytest.mark.parametrize("script", rule_files.PARAMS)
def test_param_that_the_script_reads_is_asked_for(script: str, root: Path) -> None:
    text = (root / "workflow/scripts" / script).read_text(encoding="utf-8")
    whole = dict.fromkeys(re.findall(r"snakemake\.params\.(?!get)(\w+)", text))
    assert set(rule_files.PARAMS[script]) == set(whole)
    rule_files.check_params(RULE, script, whole)
    rule_files.check_params(RULE, "mine.py", {})
    for name in whole:
        others = {other: 1 for other in whole if other != name}
        with pytest.raises(
            InputError, match=rf"mine\.smk lacks `{name}` .*{script} reads\. It has {', '.join(others)}"
        ):
            rule_files.check_params(RULE, script, others)
        with pytest.raises(InputError, match=rf"lacks `{name}` .* It has '{name}x': rename it"):
            rule_files.check_params(RULE, script, others | {f"{name}x": 1})


def test_rule_file_that_cannot_be_read_is_named_with_its_error() -> None:
    said = str(rule_files.unreadable(RULE, NameError("name 'settngs_of' is not defined")))
    assert re.match(r"workflow/rules/soft_labels/mine\.smk cannot be read: NameError: name 'settngs_of'", said)
