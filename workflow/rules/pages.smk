"""Reads trained runs, tables, figures and claims; writes the page that shows them."""


rule report:
    """One self-contained page: what was run, a chapter for each table, the papers, and the licences of the data."""
    input:
        runs=plan.pages.batches,
        files=plan.pages.files,
    output:
        page=report(
            update("results/report/{page}.html"),
            caption="../report/page.rst",
            category="Report",
            labels={"shows": "{page}"},
        ),
    log:
        "results/logs/report/{page}.log",
    wildcard_constraints:
        page=plan.pages.names,
    conda:
        "../../envs/report.yaml"
    params:
        shown=plan.pages.settings,
        code=plan.stages.cheap("report.py"),
    script:
        "../scripts/report.py"
