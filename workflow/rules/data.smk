"""Reads what publishers or `folders` hold, or a phantom's seed; writes checked files, prepared data sets, and splits."""


wildcard_constraints:
    dataset=plan.data.names,
    batch=r"\d+",
    shard=r"\d+",


rule fetch:
    """Fetch what `run:` needs; `--keep-going` goes on with the others where a person must act."""
    input:
        plan.data.wanted,
    localrule: True


rule fetch_source:
    """Download the files of a source, or check the folder that `folders` names; where Snakemake runs, for the nodes of a
    cluster rarely reach the internet."""
    output:
        manifest="results/raw/{source}/manifest.json",
    log:
        "results/logs/raw/{source}.log",
    wildcard_constraints:
        source=plan.data.sources,
    localrule: True
    conda:
        "../../envs/data.yaml"
    params:
        source="{source}",
        content=plan.data.content,
        version=plan.data.fetch_versions,
        code=plan.stages.script("fetch.py"),
    script:
        "../scripts/fetch.py"


rule prepare:
    """Check, orient, resample, crop and normalise each case of a source; or make those of a phantom."""
    input:
        raw=plan.data.raw,
    output:
        manifest="results/data/{dataset}/manifest.json",
    log:
        "results/logs/data/{dataset}.log",
    wildcard_constraints:
        dataset=plan.data.prepared,
    priority: plan.order.of
    conda:
        "../../envs/data.yaml"
    threads: plan.data.threads
    resources:
        cpus_per_task=plan.data.threads,
        mem_mb=plan.data.memory_mb,
        runtime=plan.data.minutes,
    params:
        source=plan.data.source,
        settings=plan.data.settings,
        version=plan.data.versions,
        code=plan.stages.script("prepare.py"),
    script:
        "../scripts/prepare.py"


rule derive_split:
    """Split the patients of a data set whose ids are known only after download; a committed split goes first."""
    input:
        data="results/data/{dataset}/manifest.json",
    output:
        split="results/splits/{dataset}/{split}.csv",
    log:
        "results/logs/splits/{dataset}/{split}.log",
    wildcard_constraints:
        split=r"[a-z0-9_]+",
    priority: plan.order.of
    conda:
        "../../envs/data.yaml"
    params:
        rule=plan.data.split_rule,
        version=plan.stages.versions("split"),
        code=plan.stages.script("derive_split.py"),
    script:
        "../scripts/derive_split.py"
