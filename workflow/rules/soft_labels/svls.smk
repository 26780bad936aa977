"""Reads the prepared dataset; writes the soft label `svls`: numbers and hashes (computed where it is needed)."""


rule soften_svls:
    """Spatially varying label smoothing; looks at the label map alone."""
    input:
        data=DATASET,
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=keys_of("svls"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="svls",
        settings=settings_of,
        version=version_of(*SOFTENING, "soft_labels/svls.py"),
    script:
        "../../scripts/soften.py"
