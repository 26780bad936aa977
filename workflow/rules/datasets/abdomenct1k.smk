"""AbdomenCT-1K. Reads its public archives or a folder; writes checked files, then the prepared dataset."""


rule fetch_abdomenct1k:
    """Download and check the archives, or check the folder that `folders` names."""
    output:
        manifest="results/raw/abdomenct1k/manifest.json",
    log:
        "results/logs/raw/abdomenct1k.log",
    conda:
        "../../../envs/data.yaml"
    params:
        source="abdomenct1k",
        content=content_of("abdomenct1k"),
        version=version_of("datasets/abdomenct1k.py", "datasets/fetch.py"),
    script:
        "../../scripts/fetch.py"


rule prepare_abdomenct1k:
    """Check, orient, resample, clip, crop and normalise each case."""
    input:
        raw="results/raw/abdomenct1k/manifest.json",
    output:
        manifest=DATASET,
    log:
        "results/logs/data/{dataset}.log",
    wildcard_constraints:
        dataset=datasets_of("abdomenct1k"),
    conda:
        "../../../envs/data.yaml"
    threads: 8
    params:
        source="abdomenct1k",
        settings=dataset_settings_of,
        version=version_of("datasets/abdomenct1k.py", *PUBLISHED),
    script:
        "../../scripts/prepare.py"
