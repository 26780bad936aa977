"""Reads the runs of the papers' experiments that there is data for; writes their tables, ours beside the printed numbers."""


include: "paper_plan.smk"


rule paper_table:
    """A paper's table with ours, the difference and a status in each cell; what was not run says so."""
    input:
        runs=batches_of_paper_table,
    output:
        multiext("results/tables/{table}", ".csv", ".md", ".tex"),
        report(
            "results/tables/{table}.html",
            caption="../report/paper_table.rst",
            category="Papers",
            subcategory="{table}",
            labels={"shows": "ours beside the printed numbers"},
        ),
    log:
        "results/logs/tables/{table}.log",
    wildcard_constraints:
        table=settings.pattern(PLAN.paper_tables),
    conda:
        "../../envs/report.yaml"
    params:
        table=paper_table_settings,
        version=reporting_versions(),
    script:
        "../scripts/paper_table.py"
