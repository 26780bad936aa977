"""CHASE_DB1, two observers. Reads its public archive or a folder; writes checked files, then the prepared dataset."""


rule fetch_chase_db1:
    """Download and check the archive, or check the folder that `folders` names."""
    output:
        manifest="results/raw/chase_db1/manifest.json",
    log:
        "results/logs/raw/chase_db1.log",
    conda:
        "../../../envs/data.yaml"
    params:
        source="chase_db1",
        content=content_of("chase_db1"),
        version=version_of("datasets/chase_db1.py", "datasets/fetch.py"),
    script:
        "../../scripts/fetch.py"


rule prepare_chase_db1:
    """Check and normalise each photograph."""
    input:
        raw="results/raw/chase_db1/manifest.json",
    output:
        manifest=DATASET,
    log:
        "results/logs/data/{dataset}.log",
    wildcard_constraints:
        dataset=datasets_of("chase_db1"),
    conda:
        "../../../envs/data.yaml"
    threads: 8
    params:
        source="chase_db1",
        settings=dataset_settings_of,
        version=version_of("datasets/chase_db1.py", *PUBLISHED),
    script:
        "../../scripts/prepare.py"
