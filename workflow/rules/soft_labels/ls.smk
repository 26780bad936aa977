"""Reads the prepared dataset; writes the soft label `ls`: numbers and hashes (computed where it is needed)."""


rule soften_ls:
    """Label smoothing; looks at the label map alone."""
    input:
        data=DATASET,
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=keys_of("ls"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="ls",
        settings=settings_of,
        version=version_of(*SOFTENING, "soft_labels/ls.py"),
    script:
        "../../scripts/soften.py"
