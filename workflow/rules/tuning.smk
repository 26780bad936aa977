"""Reads a prepared data set, soft labels and a split; trains the settings of methods with `tune` on seeds of their own,
chooses one of each on validation cases, and trains and scores the chosen one like any method."""


rule try_setting:
    """Train a setting and write what its networks say of validation and test cases; each seed is a piece."""
    input:
        data=plan.train.data,
        soft_label=plan.train.soft_label,
        split=plan.train.split,
    output:
        manifest="results/runs/{experiment}/{network}/{method}/tried.json",
    log:
        "results/logs/runs/{experiment}/{network}/{method}/tried.log",
    wildcard_constraints:
        method=plan.tuning.tried,
    priority: plan.order.of
    conda:
        "../../envs/training.yaml"
    threads: plan.train.threads
    resources:
        cpus_per_task=plan.train.threads,
        mem_mb=plan.train.memory_mb,
    params:
        run=plan.train.run,
        seeds=plan.tuning.seeds,
        version=plan.tuning.versions,
        code=plan.stages.script("try_setting.py"),
    script:
        "../scripts/try_setting.py"


rule choose_setting:
    """Choose the setting of a method by its validation cases; test cases are written down and decide nothing."""
    input:
        tried=plan.tuning.records,
    output:
        choice="results/runs/{experiment}/{network}/{method}/choice.json",
    log:
        "results/logs/runs/{experiment}/{network}/{method}/choice.log",
    wildcard_constraints:
        method=plan.tuning.tuned,
    priority: plan.order.of
    conda:
        "../../envs/labels.yaml"
    params:
        settings=plan.tuning.settings,
        version=plan.stages.versions("choose"),
        code=plan.stages.script("choose_setting.py"),
    script:
        "../scripts/choose_setting.py"


rule train_chosen:
    """Train and score the seeds of a batch with the setting that was chosen; each seed is a piece."""
    input:
        data=plan.train.data,
        soft_labels=plan.tuning.soft_labels,
        split=plan.train.split,
        choice=plan.tuning.choice,
    output:
        manifest="results/runs/{experiment}/{network}/{method}/batch-{batch}.json",
    log:
        "results/logs/runs/{experiment}/{network}/{method}/batch-{batch}.log",
    wildcard_constraints:
        method=plan.tuning.tuned,
    priority: plan.order.of
    conda:
        "../../envs/training.yaml"
    threads: plan.train.threads
    resources:
        cpus_per_task=plan.train.threads,
        mem_mb=plan.train.memory_mb,
    params:
        given=plan.tuning.given,
        seeds=plan.train.seeds,
        code=plan.stages.script("train_chosen.py"),
    script:
        "../scripts/train_chosen.py"
