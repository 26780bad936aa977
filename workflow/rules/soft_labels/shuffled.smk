"""Reads the prepared dataset and its main split; writes the soft label `shuffled`: stored probabilities, numbers and hashes."""


rule soften_shuffled:
    """Control: the labels of the next case of the same part."""
    input:
        data="results/data/{dataset}/manifest.json",
        split=plan.data.main_split,
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=plan.soft_labels.keys("shuffled"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="shuffled",
        settings=plan.soft_labels.settings,
        version=plan.stages.soften("shuffled"),
        code=plan.stages.script("soften.py"),
    script:
        "../../scripts/soften.py"
