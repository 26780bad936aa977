"""Reads a prepared dataset, one soft label and a split; writes trained and scored seeds, a batch of them a job."""


def experiment_of(wildcards):
    return PLAN.experiments[wildcards.experiment]


def soft_label_of(wildcards):
    """Return the manifest of the soft label that a method learns from."""
    soft_label = PLAN.methods[wildcards.method]["soft_label"]
    return f"results/soft_labels/{experiment_of(wildcards)['dataset']}/{soft_label}/manifest.json"


def split_of(wildcards):
    """Return the split of an experiment; a bad one stops before any job starts."""
    experiment = experiment_of(wildcards)
    path = f"workflow/splits/{experiment['dataset']}/{experiment['split']}.csv"
    if workflow.is_main_process:
        read_split(path)
    return path


@functools.cache
def read_split(path):
    from softbench.datasets import splits

    return stop_on_bad_input(splits.read, path)


def run_of(wildcards):
    """Return what decides the runs of a method, seeds apart."""
    experiment, method = experiment_of(wildcards), PLAN.methods[wildcards.method]
    names = {name: experiment[name] for name in ("dataset", "split")} | dict(wildcards.items())
    return {
        "names": {name: names[name] for name in ("experiment", "dataset", "split", "network", "method")},
        "network": config["networks"][wildcards.network],
        "loss": method["loss"],
        "protocol": PLAN.protocol_of(wildcards.experiment),
        "scoring": experiment["scoring"],
        "versions": {
            "training": training_versions(wildcards),
            "scoring": version_of(*SCORING),
        },
    }


def training_versions(wildcards):
    """Return the VERSIONs of the modules that decide the weights of a run."""
    network = f"networks/{config['networks'][wildcards.network]['name']}.py"
    return version_of(*TRAINING, network, *losses.modules(PLAN.methods[wildcards.method]["loss"]))


TRAINING = [
    "training/draws.py",
    "training/loop.py",
    "training/resident.py",
    "training/validate.py",
]
SCORING = ["training/inference.py", "training/scoring.py", "images.py"]
SCORING += sorted(
    f"metrics/{path.name}" for path in (PACKAGE / "metrics").glob("*.py") if "VERSION" in path.read_text()
)


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
        method=settings.pattern(PLAN.methods),
    conda:
        "../../envs/training.yaml"
    threads: lambda wildcards: PLAN.protocol_of(wildcards.experiment).get("threads", 1)
    resources:
        cpus_per_task=lambda wildcards: PLAN.protocol_of(wildcards.experiment).get("threads", 1),
    params:
        run=run_of,
        seeds=lambda wildcards: PLAN.batches_of(wildcards.experiment)[int(wildcards.batch)],
    script:
        "../scripts/train.py"


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


def batches_of(table):
    """Return the manifests of all batches that a table shows."""
    return [
        f"results/runs/{experiment}/{network}/{method}/batch-{batch}.json"
        for experiment, network, method in PLAN.runs_of(table)
        for batch in range(len(PLAN.batches_of(experiment)))
    ]
