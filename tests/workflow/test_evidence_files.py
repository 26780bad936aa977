"""What stands behind a table is made by name."""

from collections.abc import Callable

FILES = [
    *(f"results/tables/{kind}_tiny.{form}" for kind in ("statistics", "ranks") for form in ("csv", "md", "html")),
    *(f"results/figures/{kind}_tiny.{form}" for kind in ("ranks", "cases") for form in ("png", "pdf", "txt")),
    "results/tables/agreement_tiny.csv",
]


def test_evidence_of_a_table_is_a_target_by_name(make_clone: Callable) -> None:
    jobs = make_clone("evidence").jobs(*FILES)
    assert {name: jobs[name] for name in ("statistics_table", "rank_table", "rank_figure", "case_figure")} == {
        "statistics_table": 1, "rank_table": 1, "rank_figure": 1, "case_figure": 1,
    }  # fmt: skip
