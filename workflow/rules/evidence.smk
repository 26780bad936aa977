"""Reads trained and scored runs, and splits; writes what the verdicts of a table rest on: all statistics of each
difference, ranks, and pictures of ranks and of single cases."""


include: "evidence_plan.smk"


rule statistics_table:
    """Each method against its control in each column: over seeds, over patients, equivalent or not, what was in reach."""
    input:
        runs=lambda wildcards: batches_of(wildcards.table),
        ensembles=lambda wildcards: ensembles_of(PLAN.ensembles_of(wildcards.table)),
        split=split_shown,
    output:
        multiext("results/tables/statistics_{table}", ".csv", ".md"),
        report(
            "results/tables/statistics_{table}.html",
            caption="../report/statistics.rst",
            category="Tables",
            subcategory="{table}",
            labels={"shows": "statistics of every difference"},
        ),
    log:
        "results/logs/tables/statistics_{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        table=table_settings,
        margins=lambda wildcards: PLAN.tables[wildcards.table].get("margins", {}),
        version=reporting_versions(),
    script:
        "../scripts/statistics_table.py"


rule rank_table:
    """Who comes first by each column, how stable that is, and whether the columns agree."""
    input:
        runs=lambda wildcards: batches_of(wildcards.table),
        ensembles=lambda wildcards: ensembles_of(PLAN.ensembles_of(wildcards.table)),
    output:
        csv="results/tables/ranks_{table}.csv",
        md="results/tables/ranks_{table}.md",
        html=report(
            "results/tables/ranks_{table}.html",
            caption="../report/ranks.rst",
            category="Tables",
            subcategory="{table}",
            labels={"shows": "ranks"},
        ),
        agreement="results/tables/agreement_{table}.csv",
    log:
        "results/logs/tables/ranks_{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        table=table_settings,
        version=reporting_versions(),
    script:
        "../scripts/rank_table.py"


rule rank_figure:
    """A critical-difference diagram for each column; where none is valid, mean ranks with their range over seeds."""
    input:
        runs=lambda wildcards: batches_of(wildcards.table),
        ensembles=lambda wildcards: ensembles_of(PLAN.ensembles_of(wildcards.table)),
    output:
        report(
            "results/figures/ranks_{table}.png",
            caption="../report/ranks.rst",
            category="Figures",
            subcategory="{table}",
            labels={"shows": "ranks"},
        ),
        multiext("results/figures/ranks_{table}", ".pdf", ".txt"),
    log:
        "results/logs/figures/ranks_{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        table=table_settings,
        version=reporting_versions(),
    script:
        "../scripts/rank_figure.py"


rule case_figure:
    """Each method minus its control on each test case, beside the mean over seeds."""
    input:
        runs=lambda wildcards: batches_of(wildcards.table),
        ensembles=lambda wildcards: ensembles_of(PLAN.ensembles_of(wildcards.table)),
    output:
        report(
            "results/figures/cases_{table}.png",
            caption="../report/cases.rst",
            category="Figures",
            subcategory="{table}",
            labels={"shows": "case by case"},
        ),
        multiext("results/figures/cases_{table}", ".pdf", ".txt"),
    log:
        "results/logs/figures/cases_{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        table=table_settings,
        version=reporting_versions(),
    script:
        "../scripts/case_figure.py"


rule between_tables:
    """Whether the rankings of the tables in `run:` agree, column by column."""
    input:
        runs=of_all_tables(batches_of),
        ensembles=of_all_tables(lambda table: ensembles_of(PLAN.ensembles_of(table))),
    output:
        multiext("results/tables/between_tables", ".csv", ".md"),
        report(
            "results/tables/between_tables.html",
            caption="../report/between_tables.rst",
            category="Tables",
            subcategory="all",
            labels={"shows": "agreement of the data sets"},
        ),
    log:
        "results/logs/tables/between_tables.log",
    conda:
        "../../envs/report.yaml"
    params:
        tables=tables_compared,
        version=reporting_versions(),
    script:
        "../scripts/between.py"
