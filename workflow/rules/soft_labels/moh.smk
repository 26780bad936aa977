"""Reads the prepared dataset; writes the soft label `moh`: numbers and hashes (computed where it is needed)."""


rule soften_moh:
    """Mean one-hot of all raters."""
    input:
        data=DATASET,
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=keys_of("moh"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="moh",
        settings=settings_of,
        version=version_of(*SOFTENING, "soft_labels/moh.py"),
    script:
        "../../scripts/soften.py"
