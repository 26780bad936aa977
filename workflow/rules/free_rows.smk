"""Reads trained and scored runs, ensembles and soft labels; writes what stands behind a table: rows that cost no training,
the other empty-mask policy, and on phantoms the distance of soft labels to the truth."""


def files_behind(tables):
    """Return the files of this page for some tables; what phantoms know is made for phantoms alone."""
    names = [f"{kind}_{table}" for table in tables for kind in ("free", "policies")]
    names += [f"truth_{table}" for table in tables if table in TRUTH_TABLES]
    return [f"results/tables/{name}.{form}" for name in names for form in ("csv", "md", "html")]


def truth_settings(wildcards):
    """Return what decides a table, with its columns of calibration alone."""
    return table_settings(wildcards) | {"columns": table_rows.calibration_columns(PLAN, wildcards.table)}


TRUTH_TABLES = table_rows.truth_tables(PLAN)


rule free_rows:
    """Every method raw, at its own temperature, and as an ensemble: what costs no further training."""
    input:
        runs=lambda wildcards: batches_of(wildcards.table),
        ensembles=lambda wildcards: ensembles_of(PLAN.ensembles_wanted(wildcards.table)),
    output:
        multiext("results/tables/free_{table}", ".csv", ".md", ".html"),
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
        multiext("results/tables/policies_{table}", ".csv", ".md", ".html"),
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
        multiext("results/tables/truth_{table}", ".csv", ".md", ".html"),
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
