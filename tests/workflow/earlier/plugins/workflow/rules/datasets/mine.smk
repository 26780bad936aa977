"""Own data mine. Reads the folder that `folders` names; writes its manifest, then the prepared dataset."""


rule fetch_mine:
    """Check the folder that `folders` names; nothing is copied."""
    output:
        manifest="results/raw/mine/manifest.json",
    log:
        "results/logs/raw/mine.log",
    conda:
        "../../../envs/data.yaml"
    params:
        source="mine",
        content=content_of("mine"),
        version=version_of("datasets/mine.py", "datasets/nnunet.py", "datasets/fetch.py"),
    script:
        "../../scripts/fetch.py"


rule prepare_mine:
    """Check, orient, resample, crop and normalise each case."""
    input:
        raw="results/raw/mine/manifest.json",
    output:
        manifest=DATASET,
    log:
        "results/logs/data/{dataset}.log",
    wildcard_constraints:
        dataset=datasets_of("mine"),
    conda:
        "../../../envs/data.yaml"
    threads: 8
    params:
        source="mine",
        settings=dataset_settings_of,
        version=version_of("datasets/mine.py", "datasets/nnunet.py", *PUBLISHED),
    script:
        "../../scripts/prepare.py"
