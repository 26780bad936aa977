"""Reads trained and scored runs; writes tables, reliability diagrams and the page that shows them."""


rule table:
    """Means, spread, and differences to the control, in four forms."""
    input:
        runs=lambda wildcards: batches_of(wildcards.table),
        ensembles=lambda wildcards: ensembles_of(PLAN.ensembles_of(wildcards.table)),
    output:
        multiext("results/tables/{table}", ".csv", ".md", ".tex", ".html"),
    log:
        "results/logs/tables/{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        table=table_settings,
        version=reporting_versions(),
    script:
        "../scripts/table.py"


rule reliability:
    """How often a prediction is right by how confident it is, over all voxels, the foreground and the boundary."""
    input:
        runs=lambda wildcards: batches_of(wildcards.table),
        ensembles=lambda wildcards: ensembles_of(PLAN.ensembles_of(wildcards.table)),
    output:
        png="results/figures/reliability_{table}.png",
        pdf="results/figures/reliability_{table}.pdf",
    log:
        "results/logs/figures/reliability_{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        table=table_settings,
        version=reporting_versions(),
    script:
        "../scripts/reliability.py"


rule report:
    """One self-contained page of tables and figures."""
    input:
        tables=lambda wildcards: [f"results/tables/{table}.html" for table in tables_of(wildcards)],
        figures=lambda wildcards: [f"results/figures/reliability_{table}.png" for table in tables_of(wildcards)],
        quality=lambda wildcards: [f"results/tables/quality_{table}.html" for table in tables_of(wildcards)],
        pictures=lambda wildcards: [f"results/figures/soft_labels_{table}.png" for table in tables_of(wildcards)],
    output:
        page="results/report/{page}.html",
    log:
        "results/logs/report/{page}.log",
    wildcard_constraints:
        page=settings.pattern(["index", *PLAN.tables]),
    conda:
        "../../envs/report.yaml"
    params:
        titles=lambda wildcards: [PLAN.tables[table]["title"] for table in tables_of(wildcards)],
        version=reporting_versions(),
    script:
        "../scripts/report.py"
