"""Reads the prepared dataset; writes the soft label `msvls`: numbers and hashes (computed where it is needed)."""


rule soften_msvls:
    """SVLS of each rater, averaged."""
    input:
        data=DATASET,
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=keys_of("msvls"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="msvls",
        settings=settings_of,
        version=version_of(*SOFTENING, "soft_labels/msvls.py", "soft_labels/svls.py"),
    script:
        "../../scripts/soften.py"
