"""Reads the prepared dataset; writes the soft label `distance`: numbers and hashes (computed where it is needed)."""


rule soften_distance:
    """A sigmoid of the distance from each class's edge; looks at the label map alone."""
    input:
        data=DATASET,
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=keys_of("distance"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="distance",
        settings=settings_of,
        version=version_of(*SOFTENING, "soft_labels/distance.py", "soft_labels/signed_distance.py"),
    script:
        "../../scripts/soften.py"
