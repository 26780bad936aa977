"""MSD Task01 brain tumours. Reads its public archive or a folder; writes checked files, then the prepared dataset."""


rule fetch_msd_brain:
    """Download and check the archive, or check the folder that `folders` names."""
    output:
        manifest="results/raw/msd_brain/manifest.json",
    log:
        "results/logs/raw/msd_brain.log",
    conda:
        "../../../envs/data.yaml"
    params:
        source="msd_brain",
        content=content_of("msd_brain"),
        version=version_of("datasets/msd_brain.py", "datasets/fetch.py"),
    script:
        "../../scripts/fetch.py"


rule prepare_msd_brain:
    """Check, orient, crop and normalise each case."""
    input:
        raw="results/raw/msd_brain/manifest.json",
    output:
        manifest=DATASET,
    log:
        "results/logs/data/{dataset}.log",
    wildcard_constraints:
        dataset=datasets_of("msd_brain"),
    conda:
        "../../../envs/data.yaml"
    threads: 8
    params:
        source="msd_brain",
        settings=dataset_settings_of,
        version=version_of("datasets/msd_brain.py", *PUBLISHED),
    script:
        "../../scripts/prepare.py"
