"""The abdomen phantom: CT of four organs, made from a seed. Reads nothing; writes the dataset with its truth."""


rule prepare_phantom_abdomen:
    """Make and normalise each case."""
    output:
        manifest=DATASET,
    log:
        "results/logs/data/{dataset}.log",
    wildcard_constraints:
        dataset=datasets_of("phantom_abdomen"),
    conda:
        "../../../envs/data.yaml"
    threads: 8
    params:
        source="phantom_abdomen",
        settings=dataset_settings_of,
        version=version_of(
            "datasets/phantoms/abdomen.py",
            "datasets/phantoms/abdomen_image.py",
            "datasets/phantoms/rater.py",
            "datasets/phantoms/shapes.py",
            "datasets/phantoms/ct.py",
            *MADE,
        ),
    script:
        "../../scripts/prepare.py"
