"""Reads a prepared data set, soft labels and a split; writes networks that learn from all folds of the training part but
one, and their probabilities of the cases that they did not see, from which soft labels are made."""


wildcard_constraints:
    teacher=plan.teachers.names,


rule train_teacher:
    """Train the networks that do not see a fold; each seed is a piece."""
    input:
        data="results/data/{dataset}/manifest.json",
        soft_label=plan.teachers.soft_label,
        split=plan.teachers.split,
    output:
        manifest="results/teachers/{dataset}/{teacher}/fold-{fold}.json",
    log:
        "results/logs/teachers/{dataset}/{teacher}/fold-{fold}.log",
    wildcard_constraints:
        fold=r"\d+",
    priority: 10
    conda:
        "../../envs/training.yaml"
    threads: plan.teachers.threads
    resources:
        cpus_per_task=plan.teachers.threads,
        mem_mb=plan.teachers.memory_mb,
    params:
        run=plan.teachers.run,
        seeds=plan.teachers.seeds,
        folds=plan.teachers.folds,
        code=plan.stages.script("train_teacher.py"),
    script:
        "../scripts/train_teacher.py"


rule predict_teacher:
    """Predict each case by the networks that did not see it; each case is a piece."""
    input:
        data="results/data/{dataset}/manifest.json",
        split=plan.teachers.split,
        folds=plan.teachers.lists,
    output:
        manifest="results/teachers/{dataset}/{teacher}/manifest.json",
    log:
        "results/logs/teachers/{dataset}/{teacher}.log",
    priority: 10
    conda:
        "../../envs/training.yaml"
    threads: plan.teachers.threads
    resources:
        cpus_per_task=plan.teachers.threads,
    params:
        run=plan.teachers.run,
        version=plan.teachers.versions,
        code=plan.stages.script("predict_teacher.py"),
    script:
        "../scripts/predict_teacher.py"
