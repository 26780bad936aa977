"""SAROS as a stand-in for EPD. Reads its masks and CT series from TCIA, or a folder; writes checked files, then the prepared dataset."""


rule fetch_saros:
    """Download masks and the series of the cases that are used, or check the folder that `folders` names."""
    output:
        manifest="results/raw/saros/manifest.json",
    log:
        "results/logs/raw/saros.log",
    conda:
        "../../../envs/data.yaml"
    params:
        source="saros",
        content=content_of("saros"),
        version=version_of("datasets/saros.py", "datasets/saros_slices.py", "datasets/tcia.py", "datasets/fetch.py"),
    script:
        "../../scripts/fetch.py"


rule prepare_saros:
    """Bring CT onto each labelled slice, derive tissues, window."""
    input:
        raw="results/raw/saros/manifest.json",
    output:
        manifest=DATASET,
    log:
        "results/logs/data/{dataset}.log",
    wildcard_constraints:
        dataset=datasets_of("saros"),
    conda:
        "../../../envs/data.yaml"
    threads: 8
    params:
        source="saros",
        settings=dataset_settings_of,
        version=version_of(
            "datasets/saros.py", "datasets/saros_slices.py", "datasets/dicom.py", "datasets/tissues.py", *PUBLISHED
        ),
    script:
        "../../scripts/prepare.py"
