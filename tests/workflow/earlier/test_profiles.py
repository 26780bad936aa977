"""A profile of an earlier version is told the new names of its rules, all in one message, and nothing runs."""

from pathlib import Path

import pytest
import yaml
from softbench import InputError
from softbench.plan import rule_files

HERE = Path(__file__).parent
RULES = rule_files.find().names
GONE = ("prepare_", "fetch_", "figure_probabilities", *rule_files.OF_TABLES)


def named(path: Path) -> set[str]:
    """The rules that a profile names."""
    content = yaml.safe_load(path.read_text())
    return {*content.get("set-resources", {}), *content.get("groups", {}), *content.get("set-threads", {})}


def test_site_that_gives_one_data_set_more_memory_is_told_how_now(make_earlier) -> None:
    clone = make_earlier("site", beside=("profiles_of_then",))
    said = clone.run("-n", "--profile", "profiles_of_then/kits", fails=True)
    assert said.rstrip().splitlines()[-3:] == [
        "Error: the profile (or --set-resources, --set-threads, --groups) names rules of an earlier version:",
        "  prepare_kits2019 is now 'prepare', e.g. `set-resources: prepare: mem_mb: "
        "\"64000 if 'kits2019' in wildcards.dataset else 32000\"`",
        "Delete these lines, or write the rule of today in their place: its own resources stand in slurm/config.yaml "
        "and workflow/rules. docs/cluster.md says more.",
    ]
    assert "Job stats" not in said


def test_whole_profile_of_then_is_told_in_one_message() -> None:
    with pytest.raises(InputError) as stopped:
        rule_files.check_profile(named(HERE / "profiles_of_then/slurm/config.yaml"), RULES)
    said = str(stopped.value).splitlines()
    assert len(said) == 5
    assert said[2].startswith("  figure_probabilities is now 'figure_of_predictions', ")
    three = "prepare_abdomenct1k, prepare_brats2019, prepare_chase_db1"
    assert said[3].startswith(f"  {three} and 16 more are now 'prepare', ")
    assert said[1].startswith("  case_figure, costs, free_rows and 8 more are now 'table', ")


def test_what_is_left_of_it_names_rules_that_are_there() -> None:
    left = {name for name in named(HERE / "profiles_of_then/slurm/config.yaml") if not name.startswith(GONE)}
    assert len(left) > 20
    assert rule_files.check_profile(left, RULES) == []


def test_rule_of_an_own_data_set_is_no_rule_of_then() -> None:
    assert rule_files.check_profile(["prepare_mine", "fetch_mine"], [*RULES, "prepare_mine", "fetch_mine"]) == []
