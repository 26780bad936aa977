"""MSD Task04 Hippocampus. Reads its public archive or a folder; writes checked files, then the prepared dataset."""


rule fetch_hippocampus:
    """Download and check the archive, or check the folder that `folders` names."""
    output:
        manifest="results/raw/hippocampus/manifest.json",
    log:
        "results/logs/raw/hippocampus.log",
    conda:
        "../../../envs/data.yaml"
    params:
        source="hippocampus",
        content=content_of("hippocampus"),
        version=version_of("datasets/hippocampus.py", "datasets/fetch.py"),
    script:
        "../../scripts/fetch.py"


rule prepare_hippocampus:
    """Check, orient and normalise each case."""
    input:
        raw="results/raw/hippocampus/manifest.json",
    output:
        manifest=DATASET,
    log:
        "results/logs/data/{dataset}.log",
    wildcard_constraints:
        dataset=datasets_of("hippocampus"),
    conda:
        "../../../envs/data.yaml"
    threads: 8
    params:
        source="hippocampus",
        settings=dataset_settings_of,
        version=version_of("datasets/hippocampus.py", *PUBLISHED),
    script:
        "../../scripts/prepare.py"
