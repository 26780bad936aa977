"""What stands behind a table is made by name: any file of any view, with all other views of the table, in one job."""

from collections.abc import Callable

from softbench.plan import views

FILES = [
    *(f"results/tables/{kind}_tiny.{form}" for kind in ("statistics", "ranks") for form in ("csv", "md", "html")),
    *(f"results/figures/{kind}_tiny.{form}" for kind in ("ranks", "cases") for form in ("png", "pdf", "txt")),
    "results/tables/agreement_tiny.csv",
]


def test_evidence_of_a_table_is_a_target_by_name(make_clone: Callable) -> None:
    clone = make_clone("evidence")
    assert set(FILES) <= {file for view in views.declared("methods") for file in view.files("tiny")}
    jobs = clone.jobs(*FILES)
    assert jobs["table"] == 1
    assert {*jobs} == {
        "prepare",
        "map_geodesic",
        "score_sanity",
        "train",
        "table",
        *(n for n in jobs if "soften_" in n),
    }
    assert clone.jobs("results/figures/cases_tiny.pdf") == jobs
