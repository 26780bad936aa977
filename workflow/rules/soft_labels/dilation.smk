"""Reads the prepared dataset; writes the soft label `dilation`: numbers and hashes (computed where it is needed)."""


rule soften_dilation:
    """A reduced probability of each structure in the rim around it; looks at the label map alone."""
    input:
        data="results/data/{dataset}/manifest.json",
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=plan.soft_labels.keys("dilation"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="dilation",
        settings=plan.soft_labels.settings,
        version=plan.stages.soften("dilation"),
        code=plan.stages.script("soften.py"),
    script:
        "../../scripts/soften.py"
