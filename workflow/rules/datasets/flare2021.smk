"""FLARE 2021. Reads a folder (its publisher wants a login); writes checked files, then the prepared dataset."""


rule fetch_flare2021:
    """Check the folder that `folders` names; without one, stop with the steps to get the files."""
    output:
        manifest="results/raw/flare2021/manifest.json",
    log:
        "results/logs/raw/flare2021.log",
    conda:
        "../../../envs/data.yaml"
    params:
        source="flare2021",
        content=content_of("flare2021"),
        version=version_of("datasets/flare2021.py", "datasets/fetch.py"),
    script:
        "../../scripts/fetch.py"


rule prepare_flare2021:
    """Check, orient, resample, clip, crop and normalise each case."""
    input:
        raw="results/raw/flare2021/manifest.json",
    output:
        manifest=DATASET,
    log:
        "results/logs/data/{dataset}.log",
    wildcard_constraints:
        dataset=datasets_of("flare2021"),
    conda:
        "../../../envs/data.yaml"
    threads: 8
    params:
        source="flare2021",
        settings=dataset_settings_of,
        version=version_of("datasets/flare2021.py", *PUBLISHED),
    script:
        "../../scripts/prepare.py"
