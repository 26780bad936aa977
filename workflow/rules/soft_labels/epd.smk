"""Reads the prepared dataset; writes the soft label `epd`: numbers and hashes (computed where it is needed)."""


rule soften_epd:
    """Window means on a coarser grid; looks at the label map alone."""
    input:
        data=DATASET,
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=keys_of("epd"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="epd",
        settings=settings_of,
        version=version_of(*SOFTENING, "soft_labels/epd.py", "resolution.py"),
    script:
        "../../scripts/soften.py"
