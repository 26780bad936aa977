"""The nodule phantom: CT, four raters, made from a seed. Reads nothing; writes the dataset with its truth."""


rule prepare_phantom_nodule:
    """Make and normalise each case."""
    output:
        manifest=DATASET,
    log:
        "results/logs/data/{dataset}.log",
    wildcard_constraints:
        dataset=datasets_of("phantom_nodule"),
    conda:
        "../../../envs/data.yaml"
    threads: 8
    params:
        source="phantom_nodule",
        settings=dataset_settings_of,
        version=version_of(
            "datasets/phantoms/nodule.py",
            "datasets/phantoms/nodule_image.py",
            "datasets/phantoms/rater.py",
            "datasets/phantoms/shapes.py",
            "datasets/phantoms/ct.py",
            *MADE,
        ),
    script:
        "../../scripts/prepare.py"
