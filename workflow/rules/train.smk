"""Reads a prepared data set, soft labels and a split; writes trained and scored seeds, a batch of them a job, and of an
experiment in one job each the rows that are not trained and, where asked for, the ensembles and the grids of
calibrations and decoders."""


wildcard_constraints:
    experiment=plan.train.experiments,
    network=plan.train.networks,


rule train:
    """Train and score the seeds of a batch; each seed is a piece, so that one more seed trains only that one."""
    input:
        data=plan.train.data,
        soft_label=plan.train.soft_label,
        split=plan.train.split,
    output:
        manifest="results/runs/{experiment}/{network}/{method}/batch-{batch}.json",
    log:
        "results/logs/runs/{experiment}/{network}/{method}/batch-{batch}.log",
    wildcard_constraints:
        method=plan.train.trained,
    priority: plan.order.of
    conda:
        "../../envs/training.yaml"
    threads: plan.train.threads
    resources:
        cpus_per_task=plan.train.threads,
        mem_mb=plan.train.memory_mb,
    params:
        run=plan.train.run,
        seeds=plan.train.seeds,
        code=plan.stages.script("train.py"),
    script:
        "../scripts/train.py"


rule score_sanity:
    """Score the reference itself and the class frequencies, the two ends of the scale; nothing is trained."""
    input:
        data=plan.train.data,
        split=plan.train.split,
    output:
        manifest="results/runs/{experiment}/{network}/sanity.json",
    log:
        "results/logs/runs/{experiment}/{network}/sanity.log",
    priority: plan.order.of
    conda:
        "../../envs/training.yaml"
    params:
        rows=plan.train.sanity,
        code=plan.stages.script("score_sanity.py"),
    script:
        "../scripts/score_sanity.py"


rule score_ensemble:
    """Score the mean of the seeds' probabilities of each method; nothing is trained. Each ensemble is a piece."""
    input:
        data=plan.train.data,
        soft_labels=plan.train.soft_labels,
        split=plan.train.split,
        batches=plan.train.batches,
    output:
        manifest="results/runs/{experiment}/{network}/ensembles.json",
    log:
        "results/logs/runs/{experiment}/{network}/ensembles.log",
    conda:
        "../../envs/training.yaml"
    threads: plan.train.threads
    resources:
        cpus_per_task=plan.train.threads,
    params:
        methods=plan.train.ensembles,
        version=plan.stages.versions("ensemble"),
        code=plan.stages.script("score_ensemble.py"),
    script:
        "../scripts/score_ensemble.py"


rule score_posthoc:
    """Fit and score calibrations and decoders of a method's seeds; nothing is trained. Each seed has a piece for each."""
    input:
        data=plan.train.data,
        soft_labels=plan.train.soft_labels_of_method,
        split=plan.train.split,
        batches=plan.train.batches_of_method,
    output:
        manifest="results/runs/{experiment}/{network}/{method}/posthoc.json",
    log:
        "results/logs/runs/{experiment}/{network}/{method}/posthoc.log",
    wildcard_constraints:
        method=plan.train.finished,
    conda:
        "../../envs/training.yaml"
    threads: plan.train.threads
    resources:
        cpus_per_task=plan.train.threads,
    params:
        given=plan.train.given,
        asked=plan.train.posthoc,
        versions=plan.train.posthoc_versions,
        code=plan.stages.script("score_posthoc.py"),
    script:
        "../scripts/score_posthoc.py"


rule collect_scores:
    """All scores of what `run:`, or a collection, names in one file, for your own analysis; no table reads it."""
    input:
        runs=plan.tables.all_batches,
        ensembles=plan.tables.all_ensembles_wanted,
    output:
        scores=update("results/scores{of}.parquet"),
    log:
        "results/logs/scores{of}.log",
    wildcard_constraints:
        of=plan.tables.wholes,
    conda:
        "../../envs/report.yaml"
    params:
        code=plan.stages.cheap("collect_scores.py"),
    script:
        "../scripts/collect_scores.py"
