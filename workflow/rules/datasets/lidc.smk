"""LIDC-IDRI, four-reader nodules. Reads its series at TCIA or a folder; writes checked files, then the prepared dataset."""


rule fetch_lidc:
    """Download the annotations and the CT series, or check the folder that `folders` names."""
    output:
        manifest="results/raw/lidc/manifest.json",
    log:
        "results/logs/raw/lidc.log",
    conda:
        "../../../envs/data.yaml"
    params:
        source="lidc",
        content=content_of("lidc"),
        version=version_of("datasets/lidc.py", "datasets/lidc_annotations.py", "datasets/tcia.py", "datasets/fetch.py"),
    script:
        "../../scripts/fetch.py"


rule prepare_lidc:
    """Check, orient, resample, crop and normalise each case."""
    input:
        raw="results/raw/lidc/manifest.json",
    output:
        manifest=DATASET,
    log:
        "results/logs/data/{dataset}.log",
    wildcard_constraints:
        dataset=datasets_of("lidc"),
    conda:
        "../../../envs/data.yaml"
    threads: 8
    params:
        source="lidc",
        settings=dataset_settings_of,
        version=version_of(
            "datasets/lidc.py",
            "datasets/lidc_annotations.py",
            "datasets/lidc_scans.py",
            "datasets/contours.py",
            "datasets/dicom.py",
            *PUBLISHED,
        ),
    script:
        "../../scripts/prepare.py"
