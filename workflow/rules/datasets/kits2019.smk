"""KiTS 2019. Reads its public files or a folder; writes checked files, then the prepared dataset."""


rule fetch_kits2019:
    """Download the masks and an image a case, or check the folder that `folders` names."""
    output:
        manifest="results/raw/kits2019/manifest.json",
    log:
        "results/logs/raw/kits2019.log",
    conda:
        "../../../envs/data.yaml"
    params:
        source="kits2019",
        content=content_of("kits2019"),
        version=version_of("datasets/kits2019.py", "datasets/kits.py", "datasets/fetch.py"),
    script:
        "../../scripts/fetch.py"


rule prepare_kits2019:
    """Check, orient, resample, crop and normalise each case."""
    input:
        raw="results/raw/kits2019/manifest.json",
    output:
        manifest=DATASET,
    log:
        "results/logs/data/{dataset}.log",
    wildcard_constraints:
        dataset=datasets_of("kits2019"),
    conda:
        "../../../envs/data.yaml"
    threads: 8
    params:
        source="kits2019",
        settings=dataset_settings_of,
        version=version_of("datasets/kits2019.py", "datasets/kits.py", *PUBLISHED),
    script:
        "../../scripts/prepare.py"
