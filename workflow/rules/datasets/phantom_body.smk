"""The body phantom: a 2-D CT section, made from a seed. Reads nothing; writes the dataset with its truth."""


rule prepare_phantom_body:
    """Make and normalise each case."""
    output:
        manifest=DATASET,
    log:
        "results/logs/data/{dataset}.log",
    wildcard_constraints:
        dataset=datasets_of("phantom_body"),
    conda:
        "../../../envs/data.yaml"
    threads: 8
    params:
        source="phantom_body",
        settings=dataset_settings_of,
        version=version_of(
            "datasets/phantoms/body.py",
            "datasets/phantoms/body_image.py",
            "datasets/phantoms/rater.py",
            "datasets/phantoms/shapes.py",
            "datasets/phantoms/ct.py",
            *MADE,
        ),
    script:
        "../../scripts/prepare.py"
