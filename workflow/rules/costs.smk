"""Reads trained batches and the records beside them; writes what each method of a table cost. Nothing depends on it."""


include: "cost_plan.smk"


rule costs:
    """Time, memory, energy and disk of each method. Provenance is circumstance: read beside the batches, no input."""
    input:
        runs=lambda wildcards: [path for method in costs_of(wildcards.table) for path in method["batches"]],
        soft_labels=lambda wildcards: list(dict.fromkeys(method["soft_label"] for method in costs_of(wildcards.table))),
    output:
        multiext("results/tables/costs_{table}", ".csv", ".md"),
        report(
            "results/tables/costs_{table}.html",
            caption="../report/costs.rst",
            category="Tables",
            subcategory="{table}",
            labels={"shows": "costs"},
        ),
    log:
        "results/logs/tables/costs_{table}.log",
    wildcard_constraints:
        table=settings.pattern([*PLAN.tables, *PLAN.paper_tables]),
    conda:
        "../../envs/report.yaml"
    params:
        methods=lambda wildcards: costs_of(wildcards.table),
        title=lambda wildcards: title_of(wildcards.table),
        version=version_of("costs/table.py", "reporting/cost_table.py"),
    script:
        "../scripts/costs.py"
