"""The environments of `snakemake --sdm conda`: the pins of requirements.txt, whole, and enough for their scripts."""

import re
import subprocess
from collections import defaultdict
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from softbench.plan.answers.figures import INFERS
from softbench.plan.forms import KINDS

STAGES = ("data", "labels", "training", "report")
ENVIRONMENTS = (*STAGES, "launch")
# Modules that are found by their name at run time, so that no import statement shows them.
FOUND_BY_NAME = {
    "data": ("datasets", "datasets/phantoms"),
    "labels": ("soft_labels",),
    "training": ("soft_labels", "networks", "losses", "training/posthoc/calibrations", "training/posthoc/decoders"),
    "report": ("soft_labels",),
}
# Files that others import, or whose functions import more, but whose work is done in some stages alone.
WORKS_ONLY_IN = {
    "softbench/datasets/fetch/archives": ("data",),
    "softbench/losses": ("training",),
    "softbench/metrics/centreline": ("training",),  # `centrelines` of an experiment
    "softbench/metrics/cross_check": ("training",),  # `cross_check` of an experiment
    "softbench/networks": ("training",),
    "softbench/jobs/provenance": ("training",),  # asks torch, if the work ran on a GPU
    "softbench/soft_labels/contract": ("training",),  # soft labels of tensors
    "softbench/soft_labels/geodesic": ("labels",),  # maps
    "softbench/soft_labels/seeds": ("labels",),  # maps
    "softbench/soft_labels/superpixel": ("labels",),  # maps; what reads them imports nothing more
}


@pytest.fixture(scope="module")
def scripts(root: Path) -> dict[str, set[Path]]:
    """Each environment that a rule names -> the scripts that run in it."""
    found: dict[str, set[Path]] = defaultdict(set)
    for file in (root / "workflow" / "rules").rglob("*.smk"):
        for conda, script in rules_of(file):
            assert conda is not None, f"{file}: a rule runs {script} in no environment"
            assert (file.parent / conda).is_file(), f"{file} names {conda}, which does not exist"
            found[Path(conda).stem] |= set(called(file.parent / script, conda))
    return found


def called(script: Path, conda: str) -> list[Path]:
    """The scripts that a rule may run: where the name holds the kind of a figure, those of the kinds that it is for."""
    kinds = [kind for kind in KINDS if (kind in INFERS) == ("training" in conda)]
    return [(script.parent / script.name.replace("{params.kind}", kind)).resolve() for kind in kinds]


def rules_of(file: Path) -> list[tuple[str | None, str]]:
    """Read the environment and the script of each rule of a file that has a script."""
    rules = re.split(r"^\s*rule\b.*:$", file.read_text(), flags=re.MULTILINE)[1:]
    named = [{key: re.search(rf'{key}:\s+"(.+?)"', rule) for key in ("conda", "script")} for rule in rules]
    return [(one["conda"] and one["conda"][1], one["script"][1]) for one in named if one["script"]]


def test_every_rule_names_an_environment_and_every_environment_is_used(scripts):
    assert set(scripts) == set(STAGES)


def test_pins_are_those_of_the_suite(environments, pins):
    assert set(environments) == set(ENVIRONMENTS)
    for name, packages in environments.items():
        different = {package: version for package, version in packages.items() if pins.get(package) != version}
        assert not different, f"envs/{name}.yaml has other pins than envs/requirements.txt: {different}"


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_what_packages_need_is_pinned_too(name, environments):
    missing = {
        f"{needed} (for {package})"
        for package in environments[name]
        for needed in needs(package)
        if needed not in environments[name]
    }
    assert not missing, f"envs/{name}.yaml lacks: {', '.join(sorted(missing))}"


def needs(package: str) -> set[str]:
    """Return what an installed package needs here; what it pins itself, as CUDA builds of torch do, needs no pin."""
    stated = [Requirement(text) for text in metadata.requires(package) or []]
    here = [one for one in stated if one.marker is None or one.marker.evaluate({"extra": ""})]
    loose = [one for one in here if not str(one.specifier).startswith("==")]
    return {re.sub(r"[-_.]+", "-", one.name).lower() for one in loose}


@pytest.mark.parametrize("stage", STAGES)
def test_environment_holds_what_its_scripts_import(stage, scripts, environments, imports, root):
    sources = sorted(scripts[stage])
    for room in FOUND_BY_NAME[stage]:
        sources += sorted((root / "workflow" / "softbench" / room).glob("*.py"))
    assert_holds(stage, imports.reachable(sources, root / "workflow"), environments)


def test_environment_of_snakemake_holds_what_rules_import(environments, imports, root):
    rules = [root / "Snakefile", *sorted((root / "workflow" / "rules").rglob("*.smk"))]
    assert_holds("launch", imports.reachable(rules, root / "workflow"), environments)


def assert_holds(name: str, reached: dict[str, set[str]], environments: dict[str, dict[str, str]]) -> None:
    """Compare imports with the packages of an environment."""
    packages = metadata.packages_distributions()
    missing = {}
    for module, importers in reached.items():
        here = {one for one in importers if works_in(one, name)}
        held = any(re.sub(r"[-_.]+", "-", one).lower() in environments[name] for one in packages.get(module, ()))
        if here and module in packages and not held:
            missing[module] = sorted(here)
    assert not missing, f"envs/{name}.yaml lacks packages that these modules import: {missing}"


def works_in(file: str, stage: str) -> bool:
    return all(stage in stages for start, stages in WORKS_ONLY_IN.items() if file.startswith(start))


def test_post_deploy_scripts_build_what_is_published_as_source_only(root):
    scripts = sorted((root / "envs").glob("*.post-deploy.sh"))
    built = {pin for script in scripts for pin in re.findall(r"\S+==\S+", script.read_text())}
    stated = (root / "envs" / "source-builds.txt").read_text().splitlines()
    assert built == {line for line in stated if not line.startswith("#")}
    for script in scripts:
        assert script.with_name(script.name.replace(".post-deploy.sh", ".yaml")).is_file()
        subprocess.run(["bash", "-n", script], check=True)


def test_environments_have_a_python_that_the_package_allows(root):
    for path in (root / "envs").glob("*.yaml"):
        assert "python=3.11" in yaml.safe_load(path.read_text())["dependencies"], path
    assert 'requires-python = ">=3.11"' in (root / "pyproject.toml").read_text()


def test_no_pin_says_where_it_comes_from(root):
    """A registry's address in a lock file binds everybody to it."""
    for path in (root / "envs").glob("*.*"):
        assert not re.search(r"https?://|file://|--(extra-)?index-url|--find-links| @ ", path.read_text()), path
