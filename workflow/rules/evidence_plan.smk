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


def comparison_of(tables):
    """Return the files that compare tables; none where there is one alone."""
    return [f"results/tables/between_tables.{form}" for form in ("csv", "md", "html")] if len(tables) > 1 else []


def tables_compared(wildcards):
    """Return settings and runs of each table in `run:`."""
    return [
        {
            "table": table_settings(Wildcards(fromdict={"table": table})),
            "batches": batches_of(table),
            "ensembles": ensembles_of(PLAN.ensembles_of(table)),
        }
        for table in config["run"]
        if table in PLAN.tables
    ]


def split_shown(wildcards):
    """Return the split of the experiment that a table shows: it says which cases are of one patient."""
    return split_of(Wildcards(fromdict={"experiment": PLAN.runs_of(wildcards.table)[0][0]}))
