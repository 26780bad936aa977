"""Reads the prepared dataset; writes the soft label `blur`: numbers and hashes (computed where it is needed)."""


rule soften_blur:
    """Gaussian blur of the one-hot label; looks at the label map alone."""
    input:
        data=DATASET,
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=keys_of("blur"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="blur",
        settings=settings_of,
        version=version_of(*SOFTENING, "soft_labels/blur.py", "soft_labels/signed_distance.py"),
    script:
        "../../scripts/soften.py"
