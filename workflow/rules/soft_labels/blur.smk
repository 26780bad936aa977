"""Reads the prepared dataset; writes the soft label `blur`: numbers and hashes (computed where it is needed)."""


rule soften_blur:
    """Gaussian blur of the one-hot label; looks at the label map alone."""
    input:
        data="results/data/{dataset}/manifest.json",
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=plan.soft_labels.keys("blur"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="blur",
        settings=plan.soft_labels.settings,
        version=plan.stages.soften("blur"),
        code=plan.stages.script("soften.py"),
    script:
        "../../scripts/soften.py"
