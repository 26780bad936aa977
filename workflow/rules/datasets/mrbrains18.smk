"""MRBrainS18. Reads its public archive or a folder; writes checked files, then the prepared dataset."""


rule fetch_mrbrains18:
    """Download and check the archive, or check the folder that `folders` names."""
    output:
        manifest="results/raw/mrbrains18/manifest.json",
    log:
        "results/logs/raw/mrbrains18.log",
    conda:
        "../../../envs/data.yaml"
    params:
        source="mrbrains18",
        content=content_of("mrbrains18"),
        version=version_of("datasets/mrbrains18.py", "datasets/fetch.py"),
    script:
        "../../scripts/fetch.py"


rule prepare_mrbrains18:
    """Check and orient each case, set what is no head to 0, crop to the head, normalise."""
    input:
        raw="results/raw/mrbrains18/manifest.json",
    output:
        manifest=DATASET,
    log:
        "results/logs/data/{dataset}.log",
    wildcard_constraints:
        dataset=datasets_of("mrbrains18"),
    conda:
        "../../../envs/data.yaml"
    threads: 8
    params:
        source="mrbrains18",
        settings=dataset_settings_of,
        version=version_of("datasets/mrbrains18.py", "datasets/head.py", *PUBLISHED),
    script:
        "../../scripts/prepare.py"
