"""The kidney phantom: CT of a bean with a tumour, made from a seed. Reads nothing; writes the dataset with its truth."""


rule prepare_phantom_kidney:
    """Make and normalise each case."""
    output:
        manifest=DATASET,
    log:
        "results/logs/data/{dataset}.log",
    wildcard_constraints:
        dataset=datasets_of("phantom_kidney"),
    conda:
        "../../../envs/data.yaml"
    threads: 8
    params:
        source="phantom_kidney",
        settings=dataset_settings_of,
        version=version_of(
            "datasets/phantoms/kidney.py",
            "datasets/phantoms/kidney_image.py",
            "datasets/phantoms/rater.py",
            "datasets/phantoms/shapes.py",
            "datasets/phantoms/ct.py",
            *MADE,
        ),
    script:
        "../../scripts/prepare.py"
