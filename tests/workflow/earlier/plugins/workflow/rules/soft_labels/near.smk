"""Reads the prepared dataset; writes the soft label `near`: numbers and hashes (computed where it is needed)."""


rule soften_near:
    """near: say in a line what it does."""
    input:
        data=DATASET,
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=keys_of("near"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="near",
        settings=settings_of,
        version=version_of(*SOFTENING, "soft_labels/near.py"),
    script:
        "../../scripts/soften.py"
