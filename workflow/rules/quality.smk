"""Reads soft labels and their dataset; writes a table of their quality and a picture, before anything is trained."""


include: "quality_plan.smk"


rule quality_table:
    """Entropy, band and distance to the truth of each soft label that a table's methods learn from."""
    input:
        soft_labels=soft_labels_measured,
    output:
        multiext("results/tables/quality_{table}", ".csv", ".md"),
        report(
            "results/tables/quality_{table}.html",
            caption="../report/quality.rst",
            category="Tables",
            subcategory="{table}",
            labels={"shows": "soft labels before training"},
        ),
    log:
        "results/logs/tables/quality_{table}.log",
    wildcard_constraints:
        table=settings.pattern([*PLAN.tables, *PLAN.paper_tables]),
    conda:
        "../../envs/report.yaml"
    params:
        title=lambda wildcards: title_of_quality(wildcards.table),
        rows=lambda wildcards: rows_of_quality(wildcards.table),
        version=version_of("reporting/quality.py"),
    script:
        "../scripts/quality_table.py"


rule gallery:
    """The soft labels of a table on the same slice of one case."""
    input:
        data=lambda wildcards: DATASET.format(dataset=dataset_of(wildcards)),
        soft_labels=soft_labels_shown,
    output:
        png=report(
            "results/figures/soft_labels_{table}.png",
            caption="../report/soft_labels.rst",
            category="Figures",
            subcategory="{table}",
            labels={"shows": "soft labels on a slice"},
        ),
        pdf="results/figures/soft_labels_{table}.pdf",
    log:
        "results/logs/figures/soft_labels_{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        titles=lambda wildcards: soft_labels_of(wildcards.table),
        version=version_of("reporting/figures/gallery.py"),
    script:
        "../scripts/gallery.py"
