"""Reads trained and scored runs, ensembles and soft labels; writes what stands behind a table: rows that cost no training,
the other empty-mask policy, and on phantoms the distance of soft labels to the truth."""


include: "free_row_plan.smk"


rule free_rows:
    """Every method raw, at its own temperature, and as an ensemble: what costs no further training."""
    input:
        runs=lambda wildcards: batches_of(wildcards.table),
        ensembles=lambda wildcards: ensembles_of(PLAN.ensembles_wanted(wildcards.table)),
    output:
        multiext("results/tables/free_{table}", ".csv", ".md"),
        report(
            "results/tables/free_{table}.html",
            caption="../report/free.rst",
            category="Tables",
            subcategory="{table}",
            labels={"shows": "what needs no further training"},
        ),
    log:
        "results/logs/tables/free_{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        table=table_settings,
        predictions=lambda wildcards: table_rows.predictions_of(PLAN, wildcards.table),
        version=reporting_versions(),
    script:
        "../scripts/free_rows.py"


rule policies:
    """The table under two empty-mask policies, where any value differs."""
    input:
        runs=lambda wildcards: batches_of(wildcards.table),
        ensembles=lambda wildcards: ensembles_of(PLAN.ensembles_of(wildcards.table)),
    output:
        multiext("results/tables/policies_{table}", ".csv", ".md"),
        report(
            "results/tables/policies_{table}.html",
            caption="../report/policies.rst",
            category="Tables",
            subcategory="{table}",
            labels={"shows": "two empty-mask policies"},
        ),
    log:
        "results/logs/tables/policies_{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        table=table_settings,
        version=reporting_versions(),
    script:
        "../scripts/policies.py"


rule truth:
    """How far each soft label is from the true probabilities of a phantom, beside the calibration of its network."""
    input:
        runs=lambda wildcards: batches_of(wildcards.table),
        ensembles=lambda wildcards: ensembles_of(PLAN.ensembles_of(wildcards.table)),
        soft_labels=lambda wildcards: [
            f"results/soft_labels/{dataset_of(wildcards)}/{row['soft_label']}/manifest.json"
            for row in table_rows.truth_rows(PLAN, wildcards.table)
        ],
    output:
        multiext("results/tables/truth_{table}", ".csv", ".md"),
        report(
            "results/tables/truth_{table}.html",
            caption="../report/truth.rst",
            category="Tables",
            subcategory="{table}",
            labels={"shows": "distance to the truth and calibration"},
        ),
    log:
        "results/logs/tables/truth_{table}.log",
    wildcard_constraints:
        table=settings.pattern(TRUTH_TABLES),
    conda:
        "../../envs/report.yaml"
    params:
        table=truth_settings,
        rows=lambda wildcards: table_rows.truth_rows(PLAN, wildcards.table),
        version=reporting_versions(),
    script:
        "../scripts/truth.py"
