"""Reads the prepared dataset; writes the soft label `boundary_uncertainty`: numbers and hashes (computed where it is needed)."""


rule soften_boundary_uncertainty:
    """Fixed probabilities in the rims on both sides of each edge; looks at the label map alone."""
    input:
        data="results/data/{dataset}/manifest.json",
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=plan.soft_labels.keys("boundary_uncertainty"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="boundary_uncertainty",
        settings=plan.soft_labels.settings,
        version=plan.stages.soften("boundary_uncertainty"),
        code=plan.stages.script("soften.py"),
    script:
        "../../scripts/soften.py"
