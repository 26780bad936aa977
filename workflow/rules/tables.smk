"""Reads trained and scored runs, ensembles and soft labels; writes the tables with all that is shown of them."""


rule table:
    """All views of a table, from one reading of its scores: the table itself, statistics, ranks, figures, costs."""
    input:
        runs=plan.tables.batches,
        ensembles=plan.tables.ensembles,
        posthoc=plan.tables.posthoc,
        choices=plan.tables.choices,
        split=plan.tables.split,
        data=plan.tables.data,
        soft_labels=plan.tables.soft_labels,
    output:
        plan.views.outputs,
    log:
        "results/logs/tables/{table}.log",
    wildcard_constraints:
        table=plan.tables.names,
    priority: plan.order.of
    conda:
        "../../envs/report.yaml"
    params:
        given=plan.views.given,
        code=plan.views.code,
        files=plan.views.files_of_views,
        attempt=plan.views.attempt,
    script:
        "../scripts/table.py"


rule between_tables:
    """Whether the rankings of the tables in `run:`, or in a collection, agree, column by column."""
    input:
        ranks=plan.tables.ranks_compared,
    output:
        update(multiext("results/tables/between_tables{of}", ".csv", ".md", ".tex")),
        report(
            update("results/tables/between_tables{of}.html"),
            caption="../report/between_tables.rst",
            category="Tables",
            subcategory="all",
            labels={"shows": "agreement of the data sets"},
        ),
    log:
        "results/logs/tables/between_tables{of}.log",
    wildcard_constraints:
        of=plan.tables.wholes,
    conda:
        "../../envs/report.yaml"
    params:
        titles=plan.tables.titles_compared,
        code=plan.stages.cheap("between.py"),
    script:
        "../scripts/between.py"
