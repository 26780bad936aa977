"""Outcomes as tables."""

import csv
import io

import pytest
from softbench import InputError
from softbench.papers import claims, published


@pytest.fixture(scope="module")
def outcomes() -> list[claims.Outcome]:
    return claims.judge_all(published.frame(), ["svls_1", "geols_6", "superpixel_3"])


def test_csv_holds_every_offender(outcomes):
    rows = list(csv.DictReader(io.StringIO(claims.write(outcomes, "csv"))))
    assert [row["claim"] for row in rows] == ["svls_1", "geols_6", "superpixel_3"]
    geols = rows[1]
    assert (geols["verdict"], geols["agree"], geols["ties"], geols["cells"]) == ("qualified", "13", "1", "26")
    assert len(geols["against"].split("; ")) == 26 - 13 - 1
    assert float(geols["p_true"]) == outcomes[1].probability
    assert rows[0]["p_true"] == rows[0]["p_false"] == ""


def test_markdown_names_six_offenders_and_counts_the_rest(outcomes):
    lines = claims.write(outcomes, "md").splitlines()
    assert len(lines) == 2 + 3
    assert "13 of 26, 1 tie (1 lost)" in lines[3]
    assert lines[3].endswith("and 6 more |")


def test_markdown_names_groups_where_most_is_within_groups(outcomes):
    last = claims.write(outcomes, "md").splitlines()[-1]
    assert "oct_dme, one_hot_wce vs one_hot: 1 of 5; oct_dme, blur_wce vs blur: 2 of 5 |" in last
    assert "mrbrains18" not in last  # 5 of 5 each


def test_what_is_absent_is_said():
    frame = published.frame(["svls_1"])
    (found,) = claims.judge_all(frame[frame["dataset"] != "kits2019_svls"], ["svls_3"])
    assert "**undetermined**" in claims.write([found], "md")
    assert "absent: dataset kits2019_svls, structure kidney, structure tumour" in claims.write([found], "md")


def test_unknown_form_is_refused(outcomes):
    with pytest.raises(InputError, match="md, csv"):
        claims.write(outcomes, "pdf")
