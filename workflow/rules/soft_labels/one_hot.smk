"""Reads the prepared dataset; writes the soft label `one_hot`: numbers and hashes (computed where it is needed)."""


rule soften_one_hot:
    """One-hot."""
    input:
        data=DATASET,
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=keys_of("one_hot"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="one_hot",
        settings=settings_of,
        version=version_of(*SOFTENING, "soft_labels/one_hot.py"),
    script:
        "../../scripts/soften.py"
