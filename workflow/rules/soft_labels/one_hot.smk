"""Reads the prepared dataset; writes the soft label `one_hot`: numbers and hashes (computed where it is needed)."""


rule soften_one_hot:
    """One-hot."""
    input:
        data="results/data/{dataset}/manifest.json",
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=plan.soft_labels.keys("one_hot"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="one_hot",
        settings=plan.soft_labels.settings,
        version=plan.stages.soften("one_hot"),
        code=plan.stages.script("soften.py"),
    script:
        "../../scripts/soften.py"
