"""Reads the prepared dataset; writes the soft label `near_image`: stored probabilities, numbers and hashes."""


rule soften_near_image:
    """near_image: say in a line what it does."""
    input:
        data=DATASET,
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=keys_of("near_image"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="near_image",
        settings=settings_of,
        version=version_of(*SOFTENING, "soft_labels/near_image.py"),
    script:
        "../../scripts/soften.py"
