"""BraTS 2019. Reads a folder or a mirror (its publisher wants a login); writes checked files, then the dataset."""


rule fetch_brats2019:
    """Check the folder that `folders` names; without one, stop with the steps to get the files."""
    output:
        manifest="results/raw/brats2019/manifest.json",
    log:
        "results/logs/raw/brats2019.log",
    conda:
        "../../../envs/data.yaml"
    params:
        source="brats2019",
        content=content_of("brats2019"),
        version=version_of("datasets/brats2019.py", "datasets/fetch.py"),
    script:
        "../../scripts/fetch.py"


rule prepare_brats2019:
    """Check, orient, crop and normalise each case."""
    input:
        raw="results/raw/brats2019/manifest.json",
    output:
        manifest=DATASET,
    log:
        "results/logs/data/{dataset}.log",
    wildcard_constraints:
        dataset=datasets_of("brats2019"),
    conda:
        "../../../envs/data.yaml"
    threads: 8
    params:
        source="brats2019",
        settings=dataset_settings_of,
        version=version_of("datasets/brats2019.py", *PUBLISHED),
    script:
        "../../scripts/prepare.py"
