"""What a profile names: rules of earlier versions are told their new name, unknown ones are told of."""

import pytest
from softbench import InputError
from softbench.plan import rule_files

RULES = ("prepare", "fetch_source", "figure", "figure_of_predictions", "table", "train")


@pytest.mark.parametrize(
    ("name", "now"),
    [
        ("prepare_kits2019", "prepare"),
        ("fetch_lidc", "fetch_source"),
        ("figure_sweep", "figure"),
        ("figure_discrepancy", "figure_of_predictions"),
        ("statistics_table", "table"),
        ("gallery", "table"),
    ],
)
def test_rule_of_an_earlier_version_is_told_its_new_name(name: str, now: str) -> None:
    with pytest.raises(InputError, match=f"{name} is now '{now}', e.g. `set-resources: {now}: mem_mb: "):
        rule_files.check_profile(["train", name], RULES)


def test_one_data_set_of_the_earlier_rule_stands_in_the_example() -> None:
    with pytest.raises(InputError, match=r"mem_mb: \"64000 if 'kits2019' in wildcards\.dataset else 32000\""):
        rule_files.check_profile(["prepare_kits2019"], RULES)


def test_misspelt_rule_is_told_with_the_near_one() -> None:
    assert rule_files.check_profile(["trian", "train"], RULES) == [
        "The profile names the rule 'trian', which is not there. Did you mean 'train'?"
    ]


def test_rules_that_are_there_are_silent() -> None:
    assert rule_files.check_profile(RULES, rule_files.find().names) == []
