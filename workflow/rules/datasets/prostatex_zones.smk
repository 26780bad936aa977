"""PROSTATEx-Seg-Zones. Reads its DICOM series from TCIA, or a folder; writes checked files, then the prepared dataset."""


rule fetch_prostatex_zones:
    """Download T2 and segmentation series, or check the folder that `folders` names."""
    output:
        manifest="results/raw/prostatex_zones/manifest.json",
    log:
        "results/logs/raw/prostatex_zones.log",
    conda:
        "../../../envs/data.yaml"
    params:
        source="prostatex_zones",
        content=content_of("prostatex_zones"),
        version=version_of("datasets/prostatex_zones.py", "datasets/tcia.py", "datasets/fetch.py"),
    script:
        "../../scripts/fetch.py"


rule prepare_prostatex_zones:
    """Lay the zones onto T2; orient, resample, crop and normalise each case."""
    input:
        raw="results/raw/prostatex_zones/manifest.json",
    output:
        manifest=DATASET,
    log:
        "results/logs/data/{dataset}.log",
    wildcard_constraints:
        dataset=datasets_of("prostatex_zones"),
    conda:
        "../../../envs/data.yaml"
    threads: 8
    params:
        source="prostatex_zones",
        settings=dataset_settings_of,
        version=version_of("datasets/prostatex_zones.py", "datasets/dicom.py", "datasets/dicom_seg.py", *PUBLISHED),
    script:
        "../../scripts/prepare.py"
