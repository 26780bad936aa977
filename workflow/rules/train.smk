"""Reads a prepared dataset, one soft label and a split; writes trained and scored seeds, a batch of them a job, and where
asked for their ensembles."""


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
    threads: threads_of
    resources:
        cpus_per_task=threads_of,
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


rule score_ensemble:
    """Score the mean of the seeds' probabilities; nothing is trained."""
    input:
        data=lambda wildcards: DATASET.format(dataset=experiment_of(wildcards)["dataset"]),
        soft_label=soft_label_of,
        split=split_of,
        batches=batches_of_method,
    output:
        manifest="results/runs/{experiment}/{network}/{method}/ensemble.json",
    log:
        "results/logs/runs/{experiment}/{network}/{method}/ensemble.log",
    benchmark:
        "results/benchmarks/runs/{experiment}/{network}/{method}/ensemble.tsv"
    wildcard_constraints:
        method=settings.pattern(PLAN.trained()),
    conda:
        "../../envs/training.yaml"
    threads: threads_of
    resources:
        cpus_per_task=threads_of,
    params:
        run=run_of,
        version=version_of("training/ensemble.py"),
    script:
        "../scripts/score_ensemble.py"


rule collect_scores:
    """All scores of what `run:` names in one file, for your own analysis; no table reads it."""
    input:
        runs=of_all_tables(lambda table: batches_of(table)),
        ensembles=of_all_tables(lambda table: ensembles_of(PLAN.ensembles_wanted(table))),
    output:
        scores="results/scores.parquet",
    log:
        "results/logs/scores.log",
    conda:
        "../../envs/report.yaml"
    script:
        "../scripts/collect_scores.py"
