"""OCT-DME, two graders. Reads its public archive or a folder; writes checked files, then the prepared dataset."""


rule fetch_oct_dme:
    """Download the archive, or check the folder that `folders` names."""
    output:
        manifest="results/raw/oct_dme/manifest.json",
    log:
        "results/logs/raw/oct_dme.log",
    conda:
        "../../../envs/data.yaml"
    params:
        source="oct_dme",
        content=content_of("oct_dme"),
        version=version_of("datasets/oct_dme.py", "datasets/fetch.py"),
    script:
        "../../scripts/fetch.py"


rule prepare_oct_dme:
    """Denoise, flatten and crop each graded B-scan; normalise."""
    input:
        raw="results/raw/oct_dme/manifest.json",
    output:
        manifest=DATASET,
    log:
        "results/logs/data/{dataset}.log",
    wildcard_constraints:
        dataset=datasets_of("oct_dme"),
    conda:
        "../../../envs/data.yaml"
    threads: 8
    params:
        source="oct_dme",
        settings=dataset_settings_of,
        version=version_of(
            "datasets/oct_dme.py",
            "datasets/flatten.py",
            "datasets/matlab.py",
            "datasets/retina_layers.py",
            "datasets/speckle.py",
            *PUBLISHED,
        ),
    script:
        "../../scripts/prepare.py"
