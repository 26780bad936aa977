"""The retina phantom: 2-D OCT, two raters, made from a seed. Reads nothing; writes the dataset with its truth."""


rule prepare_phantom_retina:
    """Make and normalise each case."""
    output:
        manifest=DATASET,
    log:
        "results/logs/data/{dataset}.log",
    wildcard_constraints:
        dataset=datasets_of("phantom_retina"),
    conda:
        "../../../envs/data.yaml"
    threads: 8
    params:
        source="phantom_retina",
        settings=dataset_settings_of,
        version=version_of(
            "datasets/phantoms/retina.py",
            "datasets/phantoms/retina_image.py",
            "datasets/phantoms/rater.py",
            "datasets/phantoms/shapes.py",
            *MADE,
        ),
    script:
        "../../scripts/prepare.py"
