"""Reads the prepared dataset; writes the soft label `distance`: numbers and hashes (computed where it is needed)."""


rule soften_distance:
    """A sigmoid of the distance from each class's edge; looks at the label map alone."""
    input:
        data="results/data/{dataset}/manifest.json",
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=plan.soft_labels.keys("distance"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="distance",
        settings=plan.soft_labels.settings,
        version=plan.stages.soften("distance"),
        code=plan.stages.script("soften.py"),
    script:
        "../../scripts/soften.py"
