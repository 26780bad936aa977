"""The profile says something about every rule that needs other than the default, and about no other."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from softbench.plan.bridge import answers
from softbench.plan.modules import PACKAGE
from softbench.plan.plan import Plan


@pytest.fixture(scope="module")
def profile(root: Path) -> dict[str, Any]:
    return yaml.safe_load((root / "slurm" / "config.yaml").read_text())


@pytest.fixture(scope="module")
def rules(root: Path) -> dict[str, str]:
    """Each rule of the workflow with its text."""
    found = {}
    for file in sorted((root / "workflow" / "rules").rglob("*.smk")):
        _, *rest = re.split(r"^(?:rule|use rule \w+ as) (\w+)", file.read_text(), flags=re.MULTILINE)
        found |= dict(zip(rest[::2], rest[1::2], strict=True))
    return found


def test_each_name_is_a_rule(profile, rules) -> None:
    assert set(profile["set-resources"]) | set(profile["groups"]) <= set(rules)


def test_each_rule_with_threads_asks_for_as_many_cpus(profile, rules) -> None:
    """Else Slurm gives at most as many as the machine has that Snakemake runs on."""
    asked = {name: one.get("cpus_per_task") for name, one in profile["set-resources"].items()}
    threads = {
        name: match[1] for name, text in rules.items() if (match := re.search(r"^    threads: (.+)$", text, re.M))
    }
    assert set(threads) >= {"prepare", "map_geodesic", "map_slic", "soften_wrong_image", "train", "score_ensemble"}
    for name, count in threads.items():
        in_rule = re.search(r"^        cpus_per_task=(.+),$", rules[name], re.M)
        assert str(asked.get(name)) == count or (in_rule and in_rule[1] == count), name


def test_no_rule_retries_inside_its_allocation(profile, rules) -> None:
    assert not [name for name, text in rules.items() if re.search(r"^    retries:", text, re.M)]
    assert profile["retries"] > 0


def test_a_retry_asks_for_more_memory(profile) -> None:
    asked = [
        one["mem_mb"] for one in [profile["default-resources"], *profile["set-resources"].values()] if "mem_mb" in one
    ]
    assert "mem_mb" not in profile["set-resources"]["train"]  # the rule knows how large its data are
    assert all(re.fullmatch(r"\d+ \* attempt", text) for text in asked)


def test_rules_that_loop_over_cases_ask_for_more_memory_at_a_retry() -> None:
    plan = answers(Plan.read(PACKAGE.parents[1]))
    once, again = (plan.soft_labels.memory_mb(SimpleNamespace(), attempt) for attempt in (1, 2))
    assert again == 2 * once == 64000


def test_training_asks_for_the_memory_of_its_data() -> None:
    """The whole volumes of 269 cases, 4 channels and 4 classes, and the labels of a part of 66 cases: 43 GB."""
    asks = answers(Plan.read(PACKAGE.parents[1])).train.memory_mb
    whole = SimpleNamespace(experiment="svls_brats2019_code", network="unet3d", method="svls", batch="0")
    held = (269 * 155 * 240 * 240 * (4 * 2 + 4 * 2 + 1) + 66 * 128 * 192 * 192 * (4 * 2 + 1)) / 1e6
    grid_of_patch = 160 / 155  # patches lie at a place of a case; held grids are not widened beyond their case
    assert held <= asks(whole, 1) - 8000 <= held * grid_of_patch
    assert asks(whole, 2) - asks(whole, 1) == 8000
    small = SimpleNamespace(experiment="hippocampus", network="compact_unet", method="svls", batch="0")
    assert (asks(small, 1), asks(small, 2)) == (16000, 32000)


def test_gpus_are_asked_for_by_the_name_that_slurm_is_given(profile) -> None:
    """`nvidia_gpu` asks Slurm for none, and then the job's step for one: it fails."""
    names = {name for one in profile["set-resources"].values() for name in one}
    assert "gpu" in names
    assert not names & {"nvidia_gpu", "gpus"}


def test_each_group_says_how_many_jobs_it_takes(profile) -> None:
    assert set(profile["groups"].values()) == set(profile["group-components"])


def test_no_accounting_database_is_needed(profile) -> None:
    """sacct without one leaves finished jobs unnoticed for ever."""
    assert profile["slurm-status-command"] == "squeue"


def test_profile_lies_where_the_command_looks(root: Path) -> None:
    """Snakemake looks for `--profile slurm` in ./slurm alone, and reads any `profiles/default` that is there."""
    assert (root / "slurm" / "config.yaml").is_file()
    assert not (root / "slurm").is_symlink()
    assert [path.name for path in (root / "profiles").iterdir() if not (path / "config.yaml").is_file()] == []


def test_jobs_of_a_group_ask_for_the_memory_of_one(profile) -> None:
    """A job does them one by one, but Snakemake would ask for the sum."""
    assert all(profile["set-resources"][name]["one_by_one"] == 1 for name in profile["groups"])
    assert profile["resources"] == {"one_by_one": 1}
    assert profile["set-resource-scopes"] == {"one_by_one": "local"}
