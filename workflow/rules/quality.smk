"""Reads soft labels and their dataset; writes a table of their quality and a picture, before anything is trained."""


rule quality_table:
    """Entropy, band and distance to the truth of each soft label that a table's methods learn from."""
    input:
        soft_labels=soft_labels_shown,
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
    conda:
        "../../envs/report.yaml"
    params:
        dataset=dataset_of,
        titles=lambda wildcards: soft_labels_of(wildcards.table),
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
