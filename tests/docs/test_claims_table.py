"""Outcomes as words."""

import pytest
from make.papers import claims_table
from softbench.papers import claims, published


@pytest.fixture(scope="module")
def outcomes() -> list[claims.Outcome]:
    return claims.judge_all(
        published.frame(), ["svls.best_ece", "geols.best_in_most", "superpixel.weights_help_each_label"]
    )


def test_six_offenders_are_named_and_the_rest_is_counted(outcomes):
    geols = outcomes[1]
    assert len(geols.against) == 26 - 13 - 1
    assert geols.offenders().split("; ") == [*geols.against[:6], "and 6 more"]
    assert geols.counts() == "13 of 26, 1 tie (1 lost)"


def test_groups_are_named_where_most_is_within_groups(outcomes):
    said = outcomes[2].offenders()
    assert said.endswith("oct_dme, one_hot_wce vs one_hot: 1 of 5; oct_dme, blur_wce vs blur: 2 of 5")
    assert "mrbrains18" not in said  # 5 of 5 each


def test_table_of_the_page_has_a_row_a_claim_and_a_dash_for_no_probability(outcomes):
    lines = claims_table(outcomes).splitlines()
    assert len(lines) == 2 + 3
    assert lines[2].startswith("| `svls.best_ece` |")
    assert "| **false** | 1 of 2 | – | – |" in lines[2]
    assert f"| {outcomes[1].probability:.2f} |" in lines[3]
