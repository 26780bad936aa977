"""Reads the runs of the papers' experiments that there is data for; writes their tables, ours beside the printed
numbers, and the verdicts on their sentences."""


rule paper_table:
    """All views of a paper's table: ours beside the printed numbers, soft labels, costs."""
    input:
        runs=plan.papers.batches,
        data=plan.papers.data,
        soft_labels=plan.tables.soft_labels,
    output:
        plan.views.outputs_of_papers,
    log:
        "results/logs/tables/{table}.log",
    wildcard_constraints:
        table=plan.papers.names,
    conda:
        "../../envs/report.yaml"
    params:
        given=plan.views.given_of_paper,
        code=plan.views.code,
        files=plan.views.files_of_views,
        attempt=plan.views.attempt,
    script:
        "../scripts/table.py"


rule claims:
    """Every claim on the printed numbers, and on ours as far as they are there; takes seconds without any run."""
    input:
        printed=plan.papers.printed,
    output:
        update(multiext("results/claims", ".csv", ".md", ".tex")),
        report(
            update("results/claims.html"),
            caption="../report/claims.rst",
            category="Papers",
            subcategory="claims",
            labels={"shows": "claims"},
        ),
    log:
        "results/logs/claims.log",
    conda:
        "../../envs/report.yaml"
    params:
        tables=plan.papers.as_they_are,
        reports=plan.papers.reports,
        runs=plan.papers.hashes,
        code=plan.stages.cheap("claims.py"),
    script:
        "../scripts/claims.py"


use rule claims as claims_of_papers with:
    input:
        printed=plan.papers.printed,
        runs=plan.papers.all_batches,
    output:
        update(multiext("results/{page}/claims", ".csv", ".md", ".tex")),
        report(
            update("results/{page}/claims.html"),
            caption="../report/claims.rst",
            category="Papers",
            subcategory="{page}",
            labels={"shows": "claims"},
        ),
    log:
        "results/logs/{page}/claims.log",
    wildcard_constraints:
        page=plan.papers.page_names,
    params:
        tables=plan.papers.in_full,
        code=plan.stages.cheap("claims.py"),
