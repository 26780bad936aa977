"""Reads the prepared dataset; writes the soft label `geols`: stored probabilities, numbers and hashes."""


rule soften_geols:
    """Geodesic label smoothing; looks at the label map and the image."""
    input:
        data=DATASET,
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=keys_of("geols"),
    priority: 10  # slow and wide: before training, which keeps the cores busy one by one
    conda:
        "../../../envs/labels.yaml"
    threads: 8
    params:
        recipe="geols",
        settings=settings_of,
        version=version_of("soft_labels/geols.py", "soft_labels/geodesic.py", "soft_labels/seeds.py"),
    script:
        "../../scripts/soften.py"
