"""What stands behind a table, and the split that its cases come from. Questions; no rule."""

from snakemake.iocontainers import Wildcards


def evidence_of(tables):
    """Return the files of this page for some tables."""
    forms = [f"results/tables/{kind}_{table}" for table in tables for kind in ("statistics", "ranks")]
    drawn = [f"results/figures/{kind}_{table}" for table in tables for kind in ("ranks", "cases")]
    return [
        *(f"{name}.{form}" for name in forms for form in ("csv", "md", "html")),
        *(f"results/tables/agreement_{table}.csv" for table in tables),
        *(f"{name}.{form}" for name in drawn for form in ("png", "pdf", "txt")),
    ]


def split_shown(wildcards):
    """Return the split of the experiment that a table shows: it says which cases are of one patient."""
    return split_of(Wildcards(fromdict={"experiment": PLAN.runs_of(wildcards.table)[0][0]}))
