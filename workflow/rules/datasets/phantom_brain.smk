"""The brain phantom: made from a seed, with the true probability of each class. Reads nothing; writes the dataset."""


rule prepare_phantom_brain:
    """Make and normalise each case."""
    output:
        manifest=DATASET,
    log:
        "results/logs/data/{dataset}.log",
    wildcard_constraints:
        dataset=datasets_of("phantom_brain"),
    conda:
        "../../../envs/data.yaml"
    threads: 8
    params:
        source="phantom_brain",
        settings=dataset_settings_of,
        version=version_of("datasets/phantoms/brain.py", "datasets/phantoms/brain_image.py", *MADE),
    script:
        "../../scripts/prepare.py"
