"""Reads the prepared dataset and its main split; writes the soft label `wrong_image`: stored probabilities, numbers and hashes."""


rule soften_wrong_image:
    """Control: GeoLS on the image of the next case of the same part."""
    input:
        data=DATASET,
        split=main_split_of,
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=keys_of("wrong_image"),
    priority: 10
    conda:
        "../../../envs/labels.yaml"
    threads: 8
    params:
        recipe="wrong_image",
        settings=settings_of,
        version=version_of(*SOFTENING, "soft_labels/wrong_image.py", "soft_labels/exchange.py", *GEODESIC),
    script:
        "../../scripts/soften.py"
