"""Reads a prepared dataset, one soft label and a split; writes trained and scored seeds, a batch of them a job."""


rule train:
    """Train and score the seeds of a batch; each seed is a piece, so that one more seed trains only that one."""
    input:
        data=lambda wildcards: DATASET.format(dataset=experiment_of(wildcards)["dataset"]),
        soft_label=soft_label_of,
        split=split_of,
    output:
        manifest="results/runs/{experiment}/{network}/{method}/batch-{batch}.json",
    log:
        "results/logs/runs/{experiment}/{network}/{method}/batch-{batch}.log",
    benchmark:
        "results/benchmarks/runs/{experiment}/{network}/{method}/batch-{batch}.tsv"
    wildcard_constraints:
        method=settings.pattern(PLAN.trained()),
    conda:
        "../../envs/training.yaml"
    threads: lambda wildcards: PLAN.protocol_of(wildcards.experiment, wildcards.method).get("threads", 1)
    resources:
        cpus_per_task=lambda wildcards: PLAN.protocol_of(wildcards.experiment, wildcards.method).get("threads", 1),
    params:
        run=run_of,
        seeds=lambda wildcards: PLAN.batches_of(wildcards.experiment, wildcards.method)[int(wildcards.batch)],
    script:
        "../scripts/train.py"


rule score_sanity:
    """Score the reference itself, or the class frequencies: the two ends of the scale. Nothing is trained."""
    input:
        data=lambda wildcards: DATASET.format(dataset=experiment_of(wildcards)["dataset"]),
        split=split_of,
    output:
        manifest="results/runs/{experiment}/{network}/{method}/batch-{batch}.json",
    log:
        "results/logs/runs/{experiment}/{network}/{method}/batch-{batch}.log",
    wildcard_constraints:
        method=settings.pattern(PLAN.sanity_rows()),
    conda:
        "../../envs/training.yaml"
    params:
        sanity=sanity_of,
    script:
        "../scripts/score_sanity.py"


rule collect_scores:
    """All scores of what `run:` names in one file, for your own analysis; no table reads it."""
    input:
        runs=lambda wildcards: [run for table in config["run"] for run in batches_of(table)],
    output:
        scores="results/scores.parquet",
    log:
        "results/logs/scores.log",
    conda:
        "../../envs/report.yaml"
    script:
        "../scripts/collect_scores.py"
